/*
 * What a VIF's guest may send, as tables of the kernel's nf_tables: one for
 * each VIF, named by its uuid, on each of its interfaces (netback's, and the
 * tap of an emulated NIC).  The chains are on the interfaces themselves, not in
 * the bridge: a bridge learns the sender of what it never forwards.
 *
 * A locked VIF lets out frames of its own MAC address that are
 *	ARP for its own addresses, and what asks whether one is in use
 *	IPv4 from its own addresses, and what asks a DHCP server for one
 *	IPv6 from its own addresses, with the one that follows from its MAC
 *	    address, and what asks whether one is in use
 * but nothing that DHCP servers and routers say, no neighbour advertisement of
 * another's address, no tags of VLANs, and no fragment that hides what it is.
 * IPsec's packets pass, by their addresses: nobody without its key takes them.
 * Without an address it lets out nothing.  What comes to the guest is not
 * looked at; a disabled VIF passes nothing either way.
 *
 * 0 or -errno, -ENODEV: there is no such interface.  Any process of dom0; the
 * last one to set a VIF wins.
 */
#ifndef XENOPSD_NETWORK_LOCK_H
#define XENOPSD_NETWORK_LOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/vm_limits.h"
#include "gen/xenops.h"

struct lock {
	const char *vif;		/* uuid */
	enum xenops_vif_lock mode;
	uint8_t mac[6];
	uint8_t ipv4[VM_MAX_ALLOWED][4], ipv6[VM_MAX_ALLOWED][16];
	size_t n_ipv4, n_ipv6;
};

/* In place of what it was, in one step, on interfaces that are there; opens
 * those that lock_close() closed. */
int lock_set(const struct lock *l, const char *const *devices, size_t n);
/* No error if there was none. */
int lock_remove(const char *vif);
/* An interface that passes nothing until lock_set() has it.  bedplate-hotplug:
 * before it is in a bridge. */
int lock_close(const char *device);

#endif
