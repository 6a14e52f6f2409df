/*
 * One network interface of dom0 by its name: up, down, MTU, and silence.
 * Used by xenopsd for bridges and by bedplate-hotplug for guests' interfaces;
 * includes nothing of either.  fd: any datagram socket of AF_INET.  0 or
 * -errno.
 */
#ifndef XENOPSD_MACHINE_NETDEV_H
#define XENOPSD_MACHINE_NETDEV_H

#include <net/if.h>

/* An ioctl on an interface; fills in its name. */
int netdev_request(int fd, unsigned long request, const char *dev,
    struct ifreq *ifr);
int netdev_up(int fd, const char *dev);
int netdev_down(int fd, const char *dev);
int netdev_set_mtu(int fd, const char *dev, int mtu);
/* A port of that bridge, and of no other; one that is already is left so. */
int netdev_set_bridge(const char *dev, const char *bridge);
/*
 * Takes dom0's IP presence off an interface, before it is set up for the
 * first time: no IPv6 address by itself, no answer to ARP for an address of
 * another interface, nothing taken from it that its own addresses do not
 * explain.  Whoever gives it an IPv6 address on purpose switches IPv6 on.
 */
int netdev_mute(const char *dev);
/*
 * The most senders' addresses that a bridge keeps at a time; what comes from
 * others still goes to all ports.  A guest makes up as many as it likes, and
 * each takes memory of dom0's kernel for five minutes.
 */
#define NETDEV_MAX_LEARNED 4096
int netdev_limit_learned(const char *bridge);

#endif
