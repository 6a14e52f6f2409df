/*
 * The management network as an operator gives it, and its file
 * /state/network.conf, which the network service reads (lines KEY=VALUE:
 * interface, vlan, mode, address, gateway, dns, ntp; see
 * dom0-rootfs/skel/usr/libexec/bedplate/network).
 */
#ifndef INSTALLER_NETCONF_H
#define INSTALLER_NETCONF_H

#include <stdbool.h>

#define NETCONF_TEXT 128
#define NETCONF_VLAN_MAX 4094

struct netconf {
	char interface[NETCONF_TEXT];	/* name or MAC; "": first with a cable */
	int vlan;			/* its tag, to NETCONF_VLAN_MAX; 0: none */
	bool dhcp;
	char address[NETCONF_TEXT];	/* 192.0.2.10/24; "" with dhcp */
	char gateway[NETCONF_TEXT];	/* may be "" */
	char dns[NETCONF_TEXT];		/* addresses, blanks between; may be "" */
	char ntp[NETCONF_TEXT];		/* names or addresses; may be "" */
};

/* NULL, or what is wrong with it, for a person. */
const char *netconf_problem(const struct netconf *n);
/* 192.0.2.10 and 255.255.255.0 (or 24) into address; false if they are no
 * address and netmask. */
bool netconf_set_address(struct netconf *n, const char *ip,
    const char *netmask);
/* "100"; false if it is no tag of a VLAN. */
bool netconf_set_vlan(struct netconf *n, const char *tag);
/* 0 or -errno; netconf_save: of the running host. */
int netconf_write(const struct netconf *n, const char *path);
int netconf_save(const struct netconf *n);

#endif
