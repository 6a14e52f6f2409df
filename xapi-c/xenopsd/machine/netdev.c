#include "xenopsd/machine/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xenopsd/machine/netlink.h"

/* IFLA_BR_FDB_MAX_LEARNED, which older headers lack */
#define BRIDGE_MAX_LEARNED 49

int
netdev_request(int fd, unsigned long request, const char *dev,
    struct ifreq *ifr)
{
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", dev);
	/* musl takes an int here, whose sign does not matter */
	return ioctl(fd, (int)request, ifr) == -1 ? -errno : 0;
}

int
netdev_up(int fd, const char *dev)
{
	struct ifreq ifr = { 0 };
	int rc = netdev_request(fd, SIOCGIFFLAGS, dev, &ifr);

	if (rc || ifr.ifr_flags & IFF_UP)
		return rc;
	ifr.ifr_flags |= IFF_UP;
	return netdev_request(fd, SIOCSIFFLAGS, dev, &ifr);
}

int
netdev_down(int fd, const char *dev)
{
	struct ifreq ifr = { 0 };
	int rc = netdev_request(fd, SIOCGIFFLAGS, dev, &ifr);

	if (rc)
		return rc;
	ifr.ifr_flags &= (short)~IFF_UP;
	return netdev_request(fd, SIOCSIFFLAGS, dev, &ifr);
}

int
netdev_set_mtu(int fd, const char *dev, int mtu)
{
	struct ifreq ifr = { 0 };

	ifr.ifr_mtu = mtu;
	return netdev_request(fd, SIOCSIFMTU, dev, &ifr);
}

static int
set(const char *family, const char *dev, const char *what, const char *value)
{
	char path[PATH_MAX];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family,
	    dev, what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	if (write(fd, value, strlen(value)) == -1)
		rc = -errno;
	close(fd);
	return rc;
}

int
netdev_mute(const char *dev)
{
	int rc = 0;

	/* the one thing that may be missing: a kernel without IPv6 */
	if (access("/proc/sys/net/ipv6", F_OK) == 0)
		rc = set("ipv6", dev, "disable_ipv6", "1");
	if (!rc)
		rc = set("ipv4", dev, "arp_ignore", "1");
	if (!rc)
		rc = set("ipv4", dev, "arp_announce", "2");
	if (!rc)
		rc = set("ipv4", dev, "rp_filter", "1");
	return rc;
}

/* Changes one number of a bridge, as its driver's part of the link. */
struct bridge_change {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct nlattr info;		/* holds all that follow */
	struct nlattr kind;
	char name[8];
	struct nlattr data;		/* holds the last two */
	struct nlattr which;
	uint32_t value;
};

int
netdev_limit_learned(const char *bridge)
{
	struct bridge_change m = {
		.head = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWLINK,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link.ifi_index = (int)if_nametoindex(bridge),
		.info = { sizeof(m) - offsetof(struct bridge_change, info),
		    IFLA_LINKINFO },
		.kind = { sizeof(m.kind) + sizeof("bridge"), IFLA_INFO_KIND },
		.name = "bridge",
		.data = { sizeof(m) - offsetof(struct bridge_change, data),
		    IFLA_INFO_DATA },
		.which = { sizeof(m.which) + sizeof(m.value),
		    BRIDGE_MAX_LEARNED },
		.value = NETDEV_MAX_LEARNED,
	};

	return m.link.ifi_index ? netlink_ask(&m, sizeof(m)) : -ENODEV;
}

int
netdev_set_bridge(const char *dev, const char *bridge)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
		struct nlattr master;
		uint32_t index;
	} m = {
		.head = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWLINK,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link.ifi_index = (int)if_nametoindex(dev),
		.master = { sizeof(m.master) + sizeof(m.index), IFLA_MASTER },
		.index = if_nametoindex(bridge),
	};

	return m.link.ifi_index && m.index ? netlink_ask(&m, sizeof(m)) :
	    -ENODEV;
}
