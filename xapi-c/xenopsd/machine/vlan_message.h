/*
 * What makes a VLAN, as netlink has it: RTM_NEWLINK with the interface that it
 * is on, its name, and in IFLA_LINKINFO the kind and that kind's own data.
 * Attributes begin at multiples of four bytes; their lengths are without what
 * pads them, but for those that hold others.  Numbers are the machine's, not
 * the network's.
 */
#ifndef XENOPSD_MACHINE_VLAN_MESSAGE_H
#define XENOPSD_MACHINE_VLAN_MESSAGE_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>

struct vlan_message {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct nlattr on;
	uint32_t below;
	struct nlattr called;
	char name[IF_NAMESIZE];
	struct nlattr info;		/* holds all that follow */
	struct nlattr kind;
	char vlan[8];
	struct nlattr data;		/* holds the last two */
	struct nlattr which;
	uint16_t tag, pad;
};

/* below: the index of an interface.  The new one is down; -EEXIST comes back if
 * its name is taken, or its tag there. */
void vlan_message_fill(struct vlan_message *m, const char *name,
    unsigned below, int tag);

#endif
