#include "xenopsd/machine/bridge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xenopsd/machine/netdev.h"

#define MAC_LEN 6

static bool
sys_exists(const char *dev, const char *what)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", dev, what);
	return access(path, F_OK) == 0;
}

bool
bridge_exists(const char *bridge)
{
	return sys_exists(bridge, "bridge");
}

static bool
has_ports(const char *bridge)
{
	char path[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/class/net/%s/brif", bridge);
	d = opendir(path);
	if (!d)
		return false;
	while (!found && (e = readdir(d)))
		found = e->d_name[0] != '.';
	closedir(d);
	return found;
}

static bool
is_port_of(const char *bridge, const char *port)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/net/%s/brif/%s", bridge, port);
	return access(path, F_OK) == 0;
}

/* The port's address, or a random one that is locally administered. */
static int
set_address(int fd, const char *bridge, const char *port)
{
	struct ifreq ifr = { 0 };
	uint8_t *mac = (uint8_t *)ifr.ifr_hwaddr.sa_data;
	int rc = 0;

	if (port) {
		rc = netdev_request(fd, SIOCGIFHWADDR, port, &ifr);
	} else {
		if (getrandom(mac, MAC_LEN, 0) != MAC_LEN)
			return -EIO;
		mac[0] = (uint8_t)((mac[0] | 2) & ~1);
	}
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	return rc ? rc : netdev_request(fd, SIOCSIFHWADDR, bridge, &ifr);
}

/* A NIC with an address would lose it, and with it somebody's connection. */
static bool
has_address(int fd, const char *dev)
{
	struct ifreq ifr = { 0 };

	return netdev_request(fd, SIOCGIFADDR, dev, &ifr) == 0;
}

static int
add_port(int fd, const char *bridge, const char *port, int mtu)
{
	struct ifreq ifr = { 0 };
	int rc;

	if (is_port_of(bridge, port))
		return 0;
	if (sys_exists(port, "brport") || sys_exists(port, "bridge") ||
	    has_address(fd, port))
		return -EBUSY;
	ifr.ifr_ifindex = (int)if_nametoindex(port);
	if (ifr.ifr_ifindex == 0)
		return -ENODEV;
	rc = netdev_mute(port);
	if (!rc && mtu)
		rc = netdev_set_mtu(fd, port, mtu);
	if (!rc)
		rc = netdev_request(fd, SIOCBRADDIF, bridge, &ifr);
	return rc ? rc : netdev_up(fd, port);
}

/* A bridge that snoops joins groups of its own and reports so on the wire, and
 * without a querier it soon keeps multicast, IPv6's neighbours among it, from
 * guests. */
static int
stop_snooping(const char *bridge)
{
	char path[PATH_MAX];
	int fd, rc = 0;

	snprintf(path, sizeof(path),
	    "/sys/class/net/%s/bridge/multicast_snooping", bridge);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : -errno;
	if (write(fd, "0", 1) == -1)
		rc = -errno;
	close(fd);
	return rc;
}

int
bridge_create(const char *bridge, int mtu, const char *port)
{
	bool made = false;
	int rc = 0;
	int fd;

	if (port && !port[0])
		port = NULL;
	if (if_nametoindex(bridge) && !bridge_exists(bridge))
		return -EEXIST;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	if (!bridge_exists(bridge)) {
		if (ioctl(fd, SIOCBRADDBR, bridge) == -1) {
			rc = -errno;
			goto out;
		}
		made = true;
		rc = netdev_mute(bridge);
		if (!rc)
			rc = stop_snooping(bridge);
		if (!rc)
			rc = set_address(fd, bridge, port);
	}
	if (!rc)
		rc = netdev_limit_learned(bridge);
	if (!rc && port)
		rc = add_port(fd, bridge, port, mtu);
	if (!rc && mtu)
		rc = netdev_set_mtu(fd, bridge, mtu);
	if (!rc)
		rc = netdev_up(fd, bridge);
	if (rc && made) {
		(void)netdev_down(fd, bridge);
		(void)ioctl(fd, SIOCBRDELBR, bridge);
	}
out:
	close(fd);
	return rc;
}

int
bridge_destroy(const char *bridge)
{
	int rc = 0;
	int fd;

	if (!bridge_exists(bridge))
		return -ENOENT;
	if (has_ports(bridge))
		return -EBUSY;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	rc = netdev_down(fd, bridge);
	if (!rc && ioctl(fd, SIOCBRDELBR, bridge) == -1)
		rc = -errno;
	close(fd);
	return rc;
}
