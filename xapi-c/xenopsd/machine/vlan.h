/*
 * VLANs of a NIC as interfaces of their own, ports for bridges: eth0.100 is
 * what eth0 carries with the tag 100.  Their names are those that the network
 * service gives them too, and v7.100 on the seventh interface if its own name is
 * so long that another's VLAN has that.  0 or -errno; devices' names are checked
 * by the caller.
 */
#ifndef XENOPSD_MACHINE_VLAN_H
#define XENOPSD_MACHINE_VLAN_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define VLAN_MIN_TAG 1
#define VLAN_MAX_TAG 4094
/* the kernel's list of all of them */
#define VLAN_LIST "/proc/net/vlan/config"

struct vlan_line {
	char name[IF_NAMESIZE];
	char device[IF_NAMESIZE];	/* that it is on */
	int tag;
};

bool vlan_tag_ok(int64_t tag);
/* A line of the kernel's list, "eth0.100 | 100 | eth0"; false if it names
 * none. */
bool vlan_parse(const char *line, struct vlan_line *v);
/* The interface, which is down if it is new, and its name; the device is up
 * then.  Creating twice is no error, whoever did it first; -EEXIST: the name is
 * something else's. */
int vlan_create(const char *device, int tag, char name[static IF_NAMESIZE],
    bool *made_out);
/* No error if there is none; takes it out of its bridge. */
int vlan_destroy(const char *device, int tag);

#endif
