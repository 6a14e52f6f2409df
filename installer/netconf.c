#include "netconf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* What a shell script reads line by line: nothing that ends or splits one. */
static bool
is_plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == '\'' || *s == '"' ||
		    *s == '\\' || *s == '`' || *s == '$')
			return false;
	return true;
}

static bool
is_ipv4(const char *s)
{
	struct in_addr a;

	return inet_pton(AF_INET, s, &a) == 1;
}

static bool
is_ipv4_list(const char *s)
{
	char copy[NETCONF_TEXT];
	char *save = NULL;

	snprintf(copy, sizeof copy, "%s", s);
	for (char *p = strtok_r(copy, " ", &save); p;
	    p = strtok_r(NULL, " ", &save))
		if (!is_ipv4(p))
			return false;
	return true;
}

/* 24 or 255.255.255.0; -1 if it is neither. */
static int
prefix_length(const char *s)
{
	struct in_addr a;
	uint32_t mask;
	char *end;
	long n = strtol(s, &end, 10);

	if (*s && !*end)
		return n >= 1 && n <= 32 ? (int)n : -1;
	if (inet_pton(AF_INET, s, &a) != 1)
		return -1;
	mask = ntohl(a.s_addr);
	if (mask == 0 || (~mask & (~mask + 1)))
		return -1;
	return __builtin_popcount(mask);
}

bool
netconf_set_address(struct netconf *n, const char *ip, const char *netmask)
{
	int prefix = prefix_length(netmask);

	if (!is_ipv4(ip) || prefix == -1)
		return false;
	snprintf(n->address, sizeof n->address, "%s/%d", ip, prefix);
	n->dhcp = false;
	return true;
}

bool
netconf_set_vlan(struct netconf *n, const char *tag)
{
	int id = 0;

	for (const char *p = tag; *p && id <= NETCONF_VLAN_MAX; p++)
		id = isdigit((unsigned char)*p) ? id * 10 + *p - '0' :
		    NETCONF_VLAN_MAX + 1;
	if (id < 1 || id > NETCONF_VLAN_MAX)
		return false;
	n->vlan = id;
	return true;
}

static bool
is_address(const char *s)
{
	char ip[NETCONF_TEXT];
	const char *slash = strchr(s, '/');

	if (!slash)
		return false;
	snprintf(ip, sizeof ip, "%.*s", (int)(slash - s), s);
	return is_ipv4(ip) && prefix_length(slash + 1) != -1;
}

const char *
netconf_problem(const struct netconf *n)
{
	if (!is_plain(n->interface) || strchr(n->interface, ' ') ||
	    strchr(n->interface, '/'))
		return "the interface is no name or MAC address";
	if (n->vlan < 0 || n->vlan > NETCONF_VLAN_MAX)
		return "the VLAN is not from 1 to 4094";
	if (!n->dhcp && !is_address(n->address))
		return "the address is none, like 192.0.2.10/24";
	if (*n->gateway && !is_ipv4(n->gateway))
		return "the gateway is no address";
	if (!is_ipv4_list(n->dns))
		return "a name server is no address";
	if (!is_plain(n->ntp))
		return "a time server is no name or address";
	return NULL;
}

int
netconf_write(const struct netconf *n, const char *path)
{
	char text[8 * NETCONF_TEXT], vlan[16] = "";

	if (netconf_problem(n))
		return -EINVAL;
	if (n->vlan)
		snprintf(vlan, sizeof vlan, "%d", n->vlan);
	snprintf(text, sizeof text, "interface=%s\nvlan=%s\n"
	    "mode=%s\naddress=%s\ngateway=%s\ndns=%s\nntp=%s\n",
	    n->interface, vlan, n->dhcp ? "dhcp" : "static", n->address, n->gateway,
	    n->dns, n->ntp);
	return state_write(path, text, 0644, 0);
}

int
netconf_save(const struct netconf *n)
{
	return netconf_write(n, STATE_NETWORK);
}
