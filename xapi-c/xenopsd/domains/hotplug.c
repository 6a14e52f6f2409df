/*
 * bedplate-hotplug: what libxl runs for each block device and network
 * interface of a domain, in place of the stock shell scripts (`script=`).
 *
 *     bedplate-hotplug add|remove                         a block device
 *     bedplate-hotplug online|offline|add|remove type_if=vif|tap
 *
 * Environment: XENBUS_PATH, the device's back end in xenstore; vif, the name
 * of the interface; INTERFACE, that of an HVM guest's tap.  An exit status
 * other than 0 fails the creation of the domain; the reason is written to
 * hotplug-error.  Stands alone: no shell; of xenopsd only what interfaces need.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xenstore.h>

#include "xenopsd/machine/netdev.h"
#include "xenopsd/network/lock.h"

static const char *
base(void)
{
	const char *path = getenv("XENBUS_PATH");

	return path ? path : "";
}

static bool
put(struct xs_handle *xs, const char *key, const char *value)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", base(), key);
	return xs_write(xs, XBT_NULL, path, value,
	    (unsigned int)strlen(value));
}

/* Caller frees; NULL if there is none. */
static char *
get(struct xs_handle *xs, const char *key)
{
	char path[512];
	unsigned int len;

	snprintf(path, sizeof(path), "%s/%s", base(), key);
	return xs_read(xs, XBT_NULL, path, &len);
}

static int __attribute__((format(printf, 2, 3)))
fail(struct xs_handle *xs, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "bedplate-hotplug: %s: %s\n", base(), text);
	put(xs, "hotplug-error", text);
	put(xs, "hotplug-status", "error");
	return 1;
}

/* blkback opens the device by its number. */
static int
block_add(struct xs_handle *xs)
{
	char number[32];
	struct stat st;
	char *params = get(xs, "params");
	int rc = 0;

	if (!params || stat(params, &st) == -1 || !S_ISBLK(st.st_mode)) {
		rc = fail(xs, "'%s' is no block device",
		    params ? params : "");
		goto out;
	}
	snprintf(number, sizeof(number), "%x:%x", major(st.st_rdev),
	    minor(st.st_rdev));
	if (!put(xs, "physical-device", number) ||
	    !put(xs, "physical-device-path", params) ||
	    !put(xs, "hotplug-status", "connected"))
		rc = fail(xs, "cannot write to xenstore: %s", strerror(errno));
out:
	free(params);
	return rc;
}

/* Guests' interfaces all carry this address: they never answer to it, and the
 * bridge never takes it. */
static int
set_address(int fd, const char *dev)
{
	static const unsigned char mac[] = { 0xfe, 0xff, 0xff, 0xff, 0xff,
		0xff };
	struct ifreq ifr = { 0 };

	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, mac, sizeof(mac));
	return netdev_request(fd, SIOCSIFHWADDR, dev, &ifr);
}

static int
take_mtu(int fd, const char *dev, const char *bridge)
{
	struct ifreq ifr = { 0 };
	int rc = netdev_request(fd, SIOCGIFMTU, bridge, &ifr);

	return rc ? rc : netdev_set_mtu(fd, dev, ifr.ifr_mtu);
}

static int
port_change(int fd, unsigned long request, const char *bridge,
    const char *dev)
{
	struct ifreq ifr = { 0 };

	ifr.ifr_ifindex = (int)if_nametoindex(dev);
	if (ifr.ifr_ifindex == 0)
		return -ENODEV;
	return netdev_request(fd, request, bridge, &ifr);
}

static int
nic_add(struct xs_handle *xs, int fd, const char *dev, const char *bridge,
    bool tap)
{
	int rc = netdev_mute(dev);

	if (rc)
		return fail(xs, "cannot keep dom0 off '%s': %s", dev,
		    strerror(-rc));
	/* netback's interface has that address already; a tap has not */
	rc = tap ? set_address(fd, dev) : 0;
	if (rc)
		return fail(xs, "cannot set the address of '%s': %s", dev,
		    strerror(-rc));
	(void)take_mtu(fd, dev, bridge);
	/* xenopsd opens it, when it knows what its guest may send */
	rc = lock_close(dev);
	if (rc)
		return fail(xs, "cannot close '%s': %s", dev, strerror(-rc));
	/* the management network's is made without xenopsd */
	rc = netdev_limit_learned(bridge);
	if (rc)
		return fail(xs, "cannot limit what '%s' learns: %s", bridge,
		    strerror(-rc));
	/* libxl may call twice; a port already there is no error */
	rc = port_change(fd, SIOCBRADDIF, bridge, dev);
	if (rc && rc != -EBUSY)
		return fail(xs, "cannot add '%s' to '%s': %s", dev, bridge,
		    strerror(-rc));
	rc = netdev_up(fd, dev);
	if (rc)
		return fail(xs, "cannot set '%s' up: %s", dev, strerror(-rc));
	if (!tap && !put(xs, "hotplug-status", "connected"))
		return fail(xs, "cannot write to xenstore: %s",
		    strerror(errno));
	return 0;
}

static int
nic(struct xs_handle *xs, const char *action, bool tap)
{
	const char *dev = getenv(tap ? "INTERFACE" : "vif");
	bool add = !strcmp(action, "online") || !strcmp(action, "add");
	char *bridge = get(xs, "bridge");
	int rc = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (add && (!dev || !bridge || fd == -1))
		rc = fail(xs, "no interface or no bridge given");
	else if (add)
		rc = nic_add(xs, fd, dev, bridge, tap);
	else if (dev && bridge && fd != -1)
		(void)port_change(fd, SIOCBRDELIF, bridge, dev);
	if (fd != -1)
		close(fd);
	free(bridge);
	return rc;
}

int
main(int argc, char **argv)
{
	struct xs_handle *xs;
	int rc = 0;

	if (argc < 2 || !base()[0]) {
		fprintf(stderr, "usage: bedplate-hotplug add|remove|online|"
		    "offline [type_if=vif|tap], run by libxl\n");
		return 2;
	}
	xs = xs_open(0);
	if (!xs) {
		fprintf(stderr, "bedplate-hotplug: cannot open xenstore\n");
		return 1;
	}
	if (argc > 2)
		rc = nic(xs, argv[1], !strcmp(argv[2], "type_if=tap"));
	else if (!strcmp(argv[1], "add"))
		rc = block_add(xs);
	xs_close(xs);
	return rc;
}
