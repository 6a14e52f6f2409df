/*
 * Linux bridges, one per network.  A bridge has a fixed address (that of its
 * NIC, or a random one): by itself it would follow its ports' addresses, and
 * change with every guest.  dom0 has no address on it and answers nobody there
 * (netdev_mute); what gives the management bridge its address is the network
 * service.  0 or -errno; names are checked by the caller.
 */
#ifndef XENOPSD_MACHINE_BRIDGE_H
#define XENOPSD_MACHINE_BRIDGE_H

#include <stdbool.h>

/* mtu 0: leave it.  port NULL or "": none.  Creating twice is no error;
 * -EEXIST: the name is something else's, -EBUSY: the port is another
 * bridge's, or has an address of its own. */
int bridge_create(const char *bridge, int mtu, const char *port);
/* -EBUSY while it has ports, -ENOENT if it is no bridge. */
int bridge_destroy(const char *bridge);
bool bridge_exists(const char *bridge);

#endif
