/* VLANs by netlink: the message byte for byte, and by the kernel itself in a
 * name space.  One that knows no VLANs makes a MACVLAN of the same message:
 * what differs are the kind's name and its number. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"
#include "xenopsd/machine/netlink.h"
#include "xenopsd/machine/vlan.h"
#include "xenopsd/machine/vlan_message.h"

#define DEVICE "lan0"

/* -- the message, read as the kernel reads it -- */

struct piece {
	const char *at;
	size_t len;
};

/* The attribute of that type in a piece, without its head; all are whole. */
static struct piece
attribute(struct piece p, int type)
{
	struct piece found = { NULL, 0 };

	while (p.len >= sizeof(struct nlattr)) {
		struct nlattr a;
		size_t step;

		memcpy(&a, p.at, sizeof(a));
		ck_assert_uint_ge(a.nla_len, sizeof(a));
		ck_assert_uint_le(a.nla_len, p.len);
		if (a.nla_type == type) {
			ck_assert_ptr_null(found.at);
			found = (struct piece){ p.at + sizeof(a),
			    a.nla_len - sizeof(a) };
		}
		step = (a.nla_len + 3u) & ~3u;
		if (step > p.len)
			step = p.len;
		p.at += step;
		p.len -= step;
	}
	ck_assert_uint_eq(p.len, 0);
	ck_assert_ptr_nonnull(found.at);
	return found;
}

static void
holds(struct piece p, const void *value, size_t len)
{
	ck_assert_uint_eq(p.len, len);
	ck_assert_mem_eq(p.at, value, len);
}

START_TEST(the_message_is_what_the_kernel_reads)
{
	const char name[IF_NAMESIZE] = "eth0.4094";
	const uint32_t below = 0x01020304;
	const uint16_t tag = 4094;
	const size_t heads = sizeof(struct nlmsghdr) +
	    sizeof(struct ifinfomsg);
	struct vlan_message m;
	struct piece all, info;

	vlan_message_fill(&m, name, below, tag);
	ck_assert_uint_eq(m.head.nlmsg_len, sizeof(m));
	ck_assert_uint_eq(m.head.nlmsg_type, 16);	/* RTM_NEWLINK */
	ck_assert_uint_eq(m.head.nlmsg_flags, 0x605);
	ck_assert_uint_eq(m.link.ifi_flags | m.link.ifi_change, 0);
	all = (struct piece){ (const char *)&m + heads, sizeof(m) - heads };
	holds(attribute(all, 5), &below, sizeof(below));
	holds(attribute(all, 3), name, sizeof(name));
	info = attribute(all, 18);
	holds(attribute(info, 1), "vlan", 5);
	holds(attribute(attribute(info, 2), 1), &tag, sizeof(tag));
}
END_TEST

START_TEST(the_longest_name_ends)
{
	struct vlan_message m;

	vlan_message_fill(&m, "enp129s0f1.4094x", 1, 1);
	ck_assert_str_eq(m.name, "enp129s0f1.4094");
}
END_TEST

/* -- the kernel -- */

static int
change_bridge(unsigned long request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = ioctl(fd, (int)request, DEVICE);

	close(fd);
	return rc;
}

static void
add_bridge(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(ioctl(fd, SIOCBRADDBR, name), 0);
	close(fd);
}

/* A kernel's network of the test's own, with one interface. */
static void
begin(void)
{
	ck_assert_int_eq(unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNET :
	    CLONE_NEWNET), 0);
	ck_assert_int_eq(change_bridge(SIOCBRADDBR), 0);
}

static void
as_macvlan(struct vlan_message *m)
{
	memcpy(m->vlan, "macvlan", sizeof("macvlan"));
	m->kind.nla_len = sizeof(m->kind) + sizeof("macvlan");
	m->which.nla_type = IFLA_MACVLAN_MODE;
	m->which.nla_len = sizeof(m->which) + sizeof(uint32_t);
	m->tag = MACVLAN_MODE_BRIDGE;	/* with pad, 32 bits */
}

static bool
knows_vlans(void)
{
	struct vlan_message m;
	int rc;

	vlan_message_fill(&m, "try.1", 1 << 30, 1);
	rc = netlink_ask(&m, sizeof(m));
	ck_assert(rc == -ENODEV || rc == -EOPNOTSUPP);
	return rc == -ENODEV;
}

static int
make(const char *name, unsigned below)
{
	struct vlan_message m;

	vlan_message_fill(&m, name, below, 100);
	if (!knows_vlans())
		as_macvlan(&m);
	return netlink_ask(&m, sizeof(m));
}

START_TEST(the_kernel_makes_one_of_the_message)
{
	unsigned below, made;

	begin();
	below = if_nametoindex(DEVICE);
	ck_assert_int_eq(make(DEVICE ".100", below), 0);
	made = if_nametoindex(DEVICE ".100");
	ck_assert_uint_ne(made, 0);
	ck_assert_uint_ne(made, below);
	ck_assert_int_eq(make(DEVICE ".100", below), -EEXIST);
	ck_assert_int_eq(make(DEVICE ".200", 1 << 30), -ENODEV);
	ck_assert_uint_eq(if_nametoindex(DEVICE ".200"), 0);
	/* it is on that device, and goes with it */
	ck_assert_int_eq(change_bridge(SIOCBRDELBR), 0);
	ck_assert_uint_eq(if_nametoindex(DEVICE ".100"), 0);
}
END_TEST

START_TEST(what_the_kernel_refuses_is_told_as_it_says)
{
	struct vlan_message m;

	begin();
	vlan_message_fill(&m, "none.1", if_nametoindex(DEVICE), 1);
	memcpy(m.vlan, "nosuch", sizeof("nosuch"));
	m.kind.nla_len = sizeof(m.kind) + sizeof("nosuch");
	ck_assert_int_eq(netlink_ask(&m, sizeof(m)), -EOPNOTSUPP);
	m.head.nlmsg_type = 0x7000;
	ck_assert_int_eq(netlink_ask(&m, sizeof(m)), -EOPNOTSUPP);
}
END_TEST

/* With an error the kernel sends back what was asked, here more than what is
 * kept of it. */
START_TEST(an_answer_may_be_longer_than_what_is_read)
{
	struct {
		struct vlan_message m;
		struct nlattr rest;
		char bytes[4096];
	} all = { .rest = { sizeof(all.rest) + sizeof(all.bytes), 0 } };

	begin();
	vlan_message_fill(&all.m, "none.1", if_nametoindex(DEVICE), 1);
	memcpy(all.m.vlan, "nosuch", sizeof("nosuch"));
	all.m.kind.nla_len = sizeof(all.m.kind) + sizeof("nosuch");
	all.m.head.nlmsg_len = sizeof(all);
	ck_assert_int_eq(netlink_ask(&all, sizeof(all)), -EOPNOTSUPP);
}
END_TEST

START_TEST(a_device_that_is_not_there_has_none)
{
	char name[IF_NAMESIZE];
	bool made;

	begin();
	ck_assert_int_eq(vlan_create("nic9", 100, name, &made), -ENODEV);
	ck_assert(!made);
	ck_assert_int_eq(vlan_destroy("nic9", 100), 0);
}
END_TEST

START_TEST(one_is_made_found_again_and_taken_away)
{
	char name[IF_NAMESIZE];
	bool made;
	int rc;

	begin();
	rc = vlan_create(DEVICE, 100, name, &made);
	ck_assert_str_eq(name, DEVICE ".100");
	if (!knows_vlans()) {
		ck_assert_int_eq(rc, -EOPNOTSUPP);
		ck_assert(!made);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert(made);
	ck_assert_int_eq(vlan_create(DEVICE, 100, name, &made), 0);
	ck_assert(!made);
	ck_assert_int_eq(vlan_create(DEVICE, 4094, name, &made), 0);
	ck_assert(made);
	ck_assert_int_eq(vlan_destroy(DEVICE, 100), 0);
	ck_assert_uint_eq(if_nametoindex(DEVICE ".100"), 0);
	ck_assert_uint_ne(if_nametoindex(DEVICE ".4094"), 0);
	ck_assert_int_eq(vlan_destroy(DEVICE, 100), 0);
}
END_TEST

/* A name that is something else's is left alone. */
START_TEST(only_a_vlan_of_the_list_is_taken)
{
	char name[IF_NAMESIZE];
	bool made;

	begin();
	ck_assert_int_eq(make(DEVICE ".7", if_nametoindex(DEVICE)), 0);
	ck_assert_int_eq(vlan_create(DEVICE, 7, name, &made), -EEXIST);
	ck_assert(!made);
	ck_assert_int_eq(vlan_destroy(DEVICE, 7), 0);
	ck_assert_uint_ne(if_nametoindex(DEVICE ".7"), 0);
}
END_TEST

/* Both begin with what a VLAN's name keeps of them. */
START_TEST(nics_with_long_names_have_vlans_of_one_tag)
{
	static const char *const nics[] = { "enp129s0f1np0", "enp129s0f1np1" };
	char name[IF_NAMESIZE], other[IF_NAMESIZE];
	bool made;

	begin();
	add_bridge(nics[0]);
	add_bridge(nics[1]);
	(void)vlan_create(nics[0], 4094, name, &made);
	ck_assert_str_eq(name, "enp129s0f1.4094");
	if (!made)
		ck_assert_int_eq(make(name, if_nametoindex(nics[0])), 0);
	(void)vlan_create(nics[1], 4094, name, &made);
	snprintf(other, sizeof(other), "v%u.4094", if_nametoindex(nics[1]));
	ck_assert_str_eq(name, other);
	ck_assert_int_eq(made, knows_vlans());
	(void)vlan_create(nics[1], 4094, name, &made);
	ck_assert_str_eq(name, other);
	ck_assert(!made);
	ck_assert_int_eq(vlan_destroy(nics[1], 4094), 0);
	ck_assert_uint_eq(if_nametoindex(other), 0);
	ck_assert_uint_ne(if_nametoindex("enp129s0f1.4094"), 0);
}
END_TEST

/* -- the kernel's list -- */

START_TEST(lines_of_the_list)
{
	struct vlan_line v;

	ck_assert(vlan_parse("eth0.100       | 100  | eth0\n", &v));
	ck_assert_str_eq(v.name, "eth0.100");
	ck_assert_int_eq(v.tag, 100);
	ck_assert_str_eq(v.device, "eth0");
	ck_assert(vlan_parse("enp129s0f1.4094| 4094  | enp129s0f1np1xx\n", &v));
	ck_assert_str_eq(v.name, "enp129s0f1.4094");
	ck_assert_str_eq(v.device, "enp129s0f1np1xx");
	ck_assert(!vlan_parse("VLAN Dev name    | VLAN ID\n", &v));
	ck_assert(!vlan_parse("Name-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\n",
	    &v));
	ck_assert(!vlan_parse("", &v));
}
END_TEST

START_TEST(tags_end_at_4094)
{
	ck_assert(vlan_tag_ok(1) && vlan_tag_ok(4094));
	ck_assert(!vlan_tag_ok(0) && !vlan_tag_ok(4095) && !vlan_tag_ok(-1));
	ck_assert(!vlan_tag_ok(0x100000001));
}
END_TEST

int
main(void)
{
	return UNIT_RUN("vlan", the_message_is_what_the_kernel_reads,
	    the_longest_name_ends, the_kernel_makes_one_of_the_message,
	    what_the_kernel_refuses_is_told_as_it_says,
	    an_answer_may_be_longer_than_what_is_read,
	    a_device_that_is_not_there_has_none,
	    one_is_made_found_again_and_taken_away,
	    only_a_vlan_of_the_list_is_taken,
	    nics_with_long_names_have_vlans_of_one_tag, lines_of_the_list,
	    tags_end_at_4094);
}
