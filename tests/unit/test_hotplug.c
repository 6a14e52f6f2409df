/*
 * bedplate-hotplug over a xenstore and a network of the test's making: what it
 * does for each device, and what it leaves when something fails.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static int fake_stat(const char *path, struct stat *st);
static unsigned int fake_index(const char *name);
int hotplug_main(int argc, char **argv);

#define stat(path, st) fake_stat(path, st)
#define if_nametoindex(name) fake_index(name)
#define main hotplug_main
#include "../../xapi-c/xenopsd/domains/hotplug.c"
#undef main
#undef stat
#undef if_nametoindex

#include "unit.h"		/* it has a fail() of its own */

#define BASE "/local/domain/0/backend/vbd/3/51712"
#define ENTRIES 16

static struct {
	char path[128], value[256];
} store[ENTRIES];
static int entries;
static bool store_fails, store_gone;
static const char *failing;
static int failing_errno;
static char calls[256];

struct xs_handle *
xs_open(unsigned long flags)
{
	(void)flags;
	return store_gone ? NULL : (struct xs_handle *)store;
}

void
xs_close(struct xs_handle *h)
{
	(void)h;
}

static const char *
stored(const char *key)
{
	char path[768];

	snprintf(path, sizeof(path), BASE "/%s", key);
	for (int i = entries - 1; i >= 0; i--) {
		if (!strcmp(store[i].path, path))
			return store[i].value;
	}
	return NULL;
}

void *
xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
    unsigned int *len)
{
	const char *v = stored(path + strlen(BASE) + 1);

	(void)h;
	(void)t;
	*len = v ? (unsigned int)strlen(v) : 0;
	return v ? strdup(v) : NULL;
}

bool
xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
    const void *data, unsigned int len)
{
	(void)h;
	(void)t;
	if (store_fails) {
		errno = EACCES;
		return false;
	}
	ck_assert_int_lt(entries, ENTRIES);
	snprintf(store[entries].path, sizeof(store[0].path), "%s", path);
	snprintf(store[entries++].value, sizeof(store[0].value), "%.*s",
	    (int)len, (const char *)data);
	return true;
}

static int
fake_stat(const char *path, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = strncmp(path, "/dev/", 5) ? S_IFREG : S_IFBLK;
	st->st_rdev = makedev(253, 7);
	return strstr(path, "missing") ? -1 : 0;
}

static unsigned int
fake_index(const char *name)
{
	return strcmp(name, "vif3.0") && strcmp(name, "tap3.0") ? 0 : 5;
}

static int
called(const char *what, const char *dev)
{
	size_t n = strlen(calls);

	snprintf(calls + n, sizeof(calls) - n, "%s%s:%s", n ? " " : "", what,
	    dev);
	return failing && !strcmp(failing, what) ? -failing_errno : 0;
}

int
netdev_request(int fd, unsigned long request, const char *dev,
    struct ifreq *ifr)
{
	(void)fd;
	(void)ifr;
	switch (request) {
	case SIOCBRADDIF:
		return called("add", dev);
	case SIOCBRDELIF:
		return called("del", dev);
	case SIOCSIFHWADDR:
		return called("mac", dev);
	default:
		return 0;
	}
}

int
netdev_set_mtu(int fd, const char *dev, int mtu)
{
	(void)fd;
	(void)mtu;
	return called("mtu", dev);
}

int
netdev_up(int fd, const char *dev)
{
	(void)fd;
	return called("up", dev);
}

int
netdev_mute(const char *dev)
{
	return called("mute", dev);
}

int
netdev_limit_learned(const char *bridge)
{
	return called("limit", bridge);
}

int
lock_close(const char *device)
{
	return called("close", device);
}

static void
put_in(const char *key, const char *value)
{
	char path[768];

	snprintf(path, sizeof(path), BASE "/%s", key);
	xs_write(NULL, 0, path, value, (unsigned int)strlen(value));
}

static int
run(const char *action, const char *type)
{
	char *argv[] = { "bedplate-hotplug", (char *)action, (char *)type,
		NULL };

	calls[0] = '\0';
	setenv("XENBUS_PATH", BASE, 1);
	return hotplug_main(type ? 3 : 2, argv);
}

START_TEST(a_disk_is_known_by_its_number)
{
	put_in("params", "/dev/mapper/x");
	ck_assert_int_eq(run("add", NULL), 0);
	ck_assert_str_eq(stored("physical-device"), "fd:7");
	ck_assert_str_eq(stored("physical-device-path"), "/dev/mapper/x");
	ck_assert_str_eq(stored("hotplug-status"), "connected");
	ck_assert_int_eq(run("remove", NULL), 0);
}
END_TEST

START_TEST(what_is_no_disk_is_refused)
{
	ck_assert_int_eq(run("add", NULL), 1);		/* no params */
	ck_assert_str_eq(stored("hotplug-status"), "error");
	put_in("params", "/etc/passwd");
	ck_assert_int_eq(run("add", NULL), 1);
	ck_assert_ptr_nonnull(strstr(stored("hotplug-error"), "/etc/passwd"));
	put_in("params", "/dev/missing");
	ck_assert_int_eq(run("add", NULL), 1);
	ck_assert_ptr_null(stored("physical-device"));
}
END_TEST

START_TEST(a_store_that_fails_is_a_failure)
{
	put_in("params", "/dev/mapper/x");
	store_fails = true;
	ck_assert_int_eq(run("add", NULL), 1);
	store_gone = true;
	ck_assert_int_eq(run("add", NULL), 1);
}
END_TEST

START_TEST(a_nic_becomes_a_port)
{
	put_in("bridge", "xenbr0");
	setenv("vif", "vif3.0", 1);
	ck_assert_int_eq(run("online", "type_if=vif"), 0);
	ck_assert_str_eq(calls, "mute:vif3.0 mtu:vif3.0 close:vif3.0 "
	    "limit:xenbr0 add:xenbr0 up:vif3.0");
	ck_assert_str_eq(stored("hotplug-status"), "connected");
	ck_assert_int_eq(run("offline", "type_if=vif"), 0);
	ck_assert_str_eq(calls, "del:xenbr0");
}
END_TEST

START_TEST(a_tap_gets_an_address_and_no_status)
{
	put_in("bridge", "xenbr0");
	setenv("INTERFACE", "tap3.0", 1);
	ck_assert_int_eq(run("add", "type_if=tap"), 0);
	ck_assert_str_eq(calls,
	    "mute:tap3.0 mac:tap3.0 mtu:tap3.0 close:tap3.0 "
	    "limit:xenbr0 add:xenbr0 up:tap3.0");
	ck_assert_ptr_null(stored("hotplug-status"));
}
END_TEST

START_TEST(a_port_that_is_there_is_no_error)
{
	put_in("bridge", "xenbr0");
	setenv("vif", "vif3.0", 1);
	failing = "add";
	failing_errno = EBUSY;
	ck_assert_int_eq(run("online", "type_if=vif"), 0);
	failing_errno = ENODEV;
	ck_assert_int_eq(run("online", "type_if=vif"), 1);
	ck_assert_str_eq(stored("hotplug-status"), "error");
	failing = "up";
	ck_assert_int_eq(run("online", "type_if=vif"), 1);
}
END_TEST

/* That step fails: what was done until then is all, and it is said. */
static void
check_no_port(const char *step, int with, const char *done)
{
	put_in("bridge", "xenbr0");
	setenv("vif", "vif3.0", 1);
	failing = step;
	failing_errno = with;
	ck_assert_int_eq(run("online", "type_if=vif"), 1);
	ck_assert_str_eq(calls, done);
	ck_assert_str_eq(stored("hotplug-status"), "error");
}

START_TEST(a_nic_on_which_dom0_would_be_met_is_no_port)
{
	check_no_port("mute", EACCES, "mute:vif3.0");
}
END_TEST

START_TEST(a_nic_that_cannot_be_closed_is_no_port)
{
	check_no_port("close", EPERM, "mute:vif3.0 mtu:vif3.0 close:vif3.0");
}
END_TEST

START_TEST(a_bridge_that_learns_without_end_gets_no_nic)
{
	check_no_port("limit", EPERM,
	    "mute:vif3.0 mtu:vif3.0 close:vif3.0 limit:xenbr0");
}
END_TEST

START_TEST(what_is_missing_is_said)
{
	setenv("vif", "vif3.0", 1);
	ck_assert_int_eq(run("online", "type_if=vif"), 1);	/* no bridge */
	ck_assert_str_eq(stored("hotplug-status"), "error");
	put_in("bridge", "xenbr0");
	unsetenv("vif");
	ck_assert_int_eq(run("online", "type_if=vif"), 1);
	ck_assert_str_eq(calls, "");
	setenv("vif", "vif9.9", 1);			/* no such interface */
	ck_assert_int_eq(run("online", "type_if=vif"), 1);
	/* an end has nobody to complain to */
	ck_assert_int_eq(run("offline", "type_if=vif"), 0);
}
END_TEST

START_TEST(only_libxl_runs_it)
{
	char *argv[] = { "bedplate-hotplug", "add", NULL };

	unsetenv("XENBUS_PATH");
	ck_assert_int_eq(hotplug_main(2, argv), 2);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("hotplug", a_disk_is_known_by_its_number,
	    what_is_no_disk_is_refused, a_store_that_fails_is_a_failure,
	    a_nic_becomes_a_port, a_tap_gets_an_address_and_no_status,
	    a_port_that_is_there_is_no_error,
	    a_nic_on_which_dom0_would_be_met_is_no_port,
	    a_nic_that_cannot_be_closed_is_no_port,
	    a_bridge_that_learns_without_end_gets_no_nic, what_is_missing_is_said,
	    only_libxl_runs_it);
}
