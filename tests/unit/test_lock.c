/* Locks of VIFs by the kernel itself, in a name space: one guest's interface
 * and one of another in a bridge, frames as a hostile guest makes them. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"
#include "xenopsd/machine/netdev.h"
#include "xenopsd/machine/netlink.h"
#include "xenopsd/network/lock.h"

#define BRIDGE "lan0"
#define VIF "vif1.0"		/* of the guest whose end is "guest" */
#define OTHER "vif2.0"		/* of another one, whose end is "other" */
#define WITNESS "vif3.0"	/* without a lock, ever */
#define UUID "11111111-2222-3333-4444-555555555555"
#define FRAME_MAX 2048

#define OWN_MAC "\x02\0\0\0\0\1"
#define OTHER_MAC "\x02\0\0\0\0\2"
#define ALL_MAC "\xff\xff\xff\xff\xff\xff"
#define OWN_4 "\xc0\0\2\x0a"		/* 192.0.2.10 */
#define SECOND_4 "\xc0\0\2\x0b"
#define OTHER_4 "\xc0\0\2\x14"
#define NONE_4 "\0\0\0\0"
#define ALL_4 "\xff\xff\xff\xff"
#define P6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0"
#define OWN_6 P6 "\x0a"
#define OTHER_6 P6 "\x14"
#define NONE_6 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define LINK_6 "\xfe\x80\0\0\0\0\0\0\0\0\0\xff\xfe\0\0\1"
#define OTHER_LINK_6 "\xfe\x80\0\0\0\0\0\0\0\0\0\xff\xfe\0\0\2"
#define NODES_6 "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define REPORTS_6 "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\x16"

/* -- a network of the test's own -- */

struct veth_message {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct nlattr called;
	char name[IF_NAMESIZE];
	struct nlattr info, kind;
	char veth[8];
	struct nlattr data, peer;
	struct ifinfomsg peer_link;
	struct nlattr peer_called;
	char peer_name[IF_NAMESIZE];
};

#define FROM(field) (uint16_t)(sizeof(struct veth_message) - \
	offsetof(struct veth_message, field))

static void
make_pair(const char *name, const char *peer)
{
	struct veth_message m = {
		.head = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWLINK,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
		    NLM_F_EXCL },
		.called = { sizeof(m.called) + sizeof(m.name), IFLA_IFNAME },
		.info = { FROM(info), IFLA_LINKINFO },
		.kind = { sizeof(m.kind) + sizeof("veth"), IFLA_INFO_KIND },
		.veth = "veth",
		.data = { FROM(data), IFLA_INFO_DATA },
		.peer = { FROM(peer), VETH_INFO_PEER },
		.peer_called = { sizeof(m.peer_called) + sizeof(m.peer_name),
		    IFLA_IFNAME },
	};

	snprintf(m.name, sizeof(m.name), "%s", name);
	snprintf(m.peer_name, sizeof(m.peer_name), "%s", peer);
	ck_assert_int_eq(netlink_ask(&m, sizeof(m)), 0);
}

struct net {
	int fd;				/* for ioctls */
	int guest, other, witness;	/* packet sockets at the guests' ends */
};

static int
listen_on(const char *device)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(device) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static int
attach(int fd, const char *vif, const char *end)
{
	make_pair(vif, end);
	ck_assert_int_eq(netdev_mute(end), 0);
	ck_assert_int_eq(netdev_up(fd, end), 0);
	ck_assert_int_eq(netdev_mute(vif), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(netdev_set_bridge(vif, BRIDGE), 0);
	ck_assert_int_eq(netdev_set_bridge(vif, "lan9"), -ENODEV);
	ck_assert_int_eq(netdev_up(fd, vif), 0);
	return listen_on(end);
}

/* -- frames -- */

struct frame {
	size_t len;
	uint8_t b[FRAME_MAX];
};

static void
add(struct frame *f, const void *bytes, size_t len)
{
	memcpy(f->b + f->len, bytes, len);
	f->len += len;
}

static struct frame
ethernet(const char *from, const char *type)
{
	struct frame f = { 0 };

	add(&f, ALL_MAC, 6);
	add(&f, from, 6);
	add(&f, type, 2);
	return f;
}

static struct frame
arp(const char *mac, const char *op, const char *sender, const char *ip,
    const char *target)
{
	struct frame f = ethernet(mac, "\x08\x06");

	add(&f, "\0\1\x08\0\6\4", 6);
	add(&f, op, 2);
	add(&f, sender, 6);
	add(&f, ip, 4);
	add(&f, ALL_MAC, 6);
	add(&f, target, 4);
	return f;
}

static void
put_16(uint8_t *at, size_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

/* A kernel with br_netfilter looks at this one. */
static void
put_sum(uint8_t head[static 20])
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)head[i] << 8 | head[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put_16(head + 10, ~sum & 0xffff);
}

static struct frame
ipv4(const char *mac, const char *from, const char *to, uint8_t protocol,
    const char *rest, size_t len)
{
	struct frame f = ethernet(mac, "\x08\0");
	uint8_t *head = f.b + f.len;

	add(&f, "\x45\0\0\0\0\1\0\0\x40\0\0\0", 12);
	put_16(head + 2, 20 + len);
	head[9] = protocol;
	add(&f, from, 4);
	add(&f, to, 4);
	put_sum(head);
	add(&f, rest, len);
	return f;
}

static struct frame
udp4(const char *from, const char *to, const char *ports)
{
	char rest[8 + 16] = { 0 };

	memcpy(rest, ports, 4);
	put_16((uint8_t *)rest + 4, sizeof(rest));
	return ipv4(OWN_MAC, from, to, 17, rest, sizeof(rest));
}

static struct frame
ipv6(const char *from, const char *to, uint8_t next, const void *rest,
    size_t len)
{
	struct frame f = ethernet(OWN_MAC, "\x86\xdd");
	uint8_t *head = f.b + f.len;

	add(&f, "\x60\0\0\0\0\0\0\xff", 8);
	put_16(head + 4, len);
	head[6] = next;
	add(&f, from, 16);
	add(&f, to, 16);
	add(&f, rest, len);
	return f;
}

/* Type, code, sum, four bytes, and a target. */
static struct frame
icmp6(const char *from, uint8_t type, const char *target)
{
	char rest[24] = { (char)type };

	memcpy(rest + 8, target, 16);
	return ipv6(from, NODES_6, 58, rest, sizeof(rest));
}

static struct frame
udp6(const char *from, const char *ports)
{
	char rest[8 + 16] = { 0 };

	memcpy(rest, ports, 4);
	put_16((uint8_t *)rest + 4, sizeof(rest));
	return ipv6(from, NODES_6, 17, rest, sizeof(rest));
}

/* -- what gets through -- */

/* The next frame that came in there; what the socket's own side sent is left
 * out.  0: none within that time. */
static size_t
next_frame(int fd, void *out, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct sockaddr_ll a;
	socklen_t len = sizeof(a);
	ssize_t r;

	do {
		if (poll(&p, 1, timeout_ms) != 1)
			return 0;
		r = recvfrom(fd, out, FRAME_MAX, 0, (struct sockaddr *)&a,
		    &len);
		ck_assert_int_gt(r, 0);
	} while (a.sll_pkttype == PACKET_OUTGOING);
	return (size_t)r;
}

#define MARK_MS 3000
#define PATIENCE_MS 60000
#define MARK "\x88\xb5"		/* a type that is nobody's */

static void
transmit(int fd, const struct frame *f)
{
	ck_assert_int_eq(send(fd, f->b, f->len, 0), (ssize_t)f->len);
}

/* Until mark comes out; whether f did before.  False: mark was lost. */
static bool
ends_with(int to, const struct frame *mark, const struct frame *f,
    bool *found_out)
{
	uint8_t got[FRAME_MAX];
	size_t len;

	*found_out = false;
	while ((len = next_frame(to, got, MARK_MS)) > 0) {
		if (len == mark->len && !memcmp(got, mark->b, len))
			return true;
		if (len == f->len && !memcmp(got, f->b, len))
			*found_out = true;
	}
	return false;
}

/* A frame comes out before the one that is sent after it, or never: on one CPU
 * they stand in one line.  A kernel may lose any; then both are sent again. */
static bool
passes(const struct net *n, int from, int to, const struct frame *f)
{
	static uint8_t count;
	struct frame mark = ethernet("\x02\0\0\0\0\x63", MARK);
	bool found;

	add(&mark, ALL_MAC, 6);
	add(&mark, &count, 1);
	do {
		mark.b[mark.len - 1] = ++count;
		transmit(from, f);
		transmit(n->witness, &mark);
	} while (!ends_with(to, &mark, f, &found));
	return found;
}

static bool
gets_out(const struct net *n, struct frame f)
{
	return passes(n, n->guest, n->other, &f);
}

static bool
gets_in(const struct net *n, struct frame f)
{
	return passes(n, n->other, n->guest, &f);
}

/* A port forwards once the kernel has seen its carrier, in its own time. */
static void
wait_for_port(int from, int to)
{
	struct frame f = ethernet("\x02\0\0\0\0\x62", MARK);
	uint8_t got[FRAME_MAX];

	do
		transmit(from, &f);
	while (next_frame(to, got, 50) == 0);
	while (next_frame(to, got, 0) != 0)
		;
}

static void
begin(struct net *n)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_int_eq(unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNET :
	    CLONE_NEWNET), 0);
	n->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(ioctl(n->fd, SIOCBRADDBR, BRIDGE), 0);
	ck_assert_int_eq(netdev_mute(BRIDGE), 0);
	ck_assert_int_eq(netdev_up(n->fd, BRIDGE), 0);
	n->guest = attach(n->fd, VIF, "guest");
	n->other = attach(n->fd, OTHER, "other");
	n->witness = attach(n->fd, WITNESS, "witness");
	wait_for_port(n->witness, n->other);
	wait_for_port(n->witness, n->guest);
	wait_for_port(n->guest, n->other);
	wait_for_port(n->other, n->guest);
}

static struct lock
lock_of(enum xenops_vif_lock mode)
{
	struct lock l = { .vif = UUID, .mode = mode, .n_ipv4 = 2,
		.n_ipv6 = 1 };

	memcpy(l.mac, OWN_MAC, 6);
	memcpy(l.ipv4[0], OWN_4, 4);
	memcpy(l.ipv4[1], SECOND_4, 4);
	memcpy(l.ipv6[0], OWN_6, 16);
	return l;
}

static void
set(const struct lock *l)
{
	const char *const devices[] = { VIF };

	ck_assert_int_eq(lock_set(l, devices, 1), 0);
}

static void
begin_locked(struct net *n)
{
	struct lock l = lock_of(XENOPS_VIF_LOCK_LOCKED);

	begin(n);
	set(&l);
}

#define ASK "\0\1"
#define ANSWER "\0\2"
#define DATA "\x30\x39\0\x50"	/* from port 12345 to 80 */
#define DHCP_CLIENT "\0\x44\0\x43"
#define DHCP_SERVER "\0\x43\0\x44"

START_TEST(a_locked_guest_sends_from_its_own_addresses)
{
	struct net n;

	begin_locked(&n);
	ck_assert(gets_out(&n, arp(OWN_MAC, ASK, OWN_MAC, OWN_4, OTHER_4)));
	ck_assert(gets_out(&n, arp(OWN_MAC, ANSWER, OWN_MAC, SECOND_4,
	    OTHER_4)));
	ck_assert(gets_out(&n, arp(OWN_MAC, ASK, OWN_MAC, NONE_4, OWN_4)));
	ck_assert(gets_out(&n, udp4(OWN_4, OTHER_4, DATA)));
	ck_assert(gets_out(&n, udp4(SECOND_4, OTHER_4, DATA)));
	ck_assert(gets_out(&n, ipv4(OWN_MAC, OWN_4, OTHER_4, 1,
	    "\x08\0\0\0\0\0\0\0", 8)));
	ck_assert(gets_out(&n, udp4(NONE_4, ALL_4, DHCP_CLIENT)));
	ck_assert(gets_out(&n, udp6(OWN_6, DATA)));
	ck_assert(gets_out(&n, udp6(LINK_6, "\2\x22\2\x23")));
	ck_assert(gets_out(&n, icmp6(OWN_6, 135, OTHER_6)));
	ck_assert(gets_out(&n, icmp6(NONE_6, 135, LINK_6)));
	ck_assert(gets_out(&n, icmp6(LINK_6, 136, OWN_6)));
	ck_assert(gets_out(&n, icmp6(LINK_6, 133, NONE_6)));
	ck_assert(gets_out(&n, ipv6(NONE_6, REPORTS_6, 0,
	    "\x3a\0\5\2\0\0\1\0\x8f\0\0\0\0\0\0\0", 16)));
}
END_TEST

START_TEST(a_locked_guest_has_one_mac_address)
{
	struct net n;

	begin_locked(&n);
	ck_assert(!gets_out(&n, arp(OTHER_MAC, ASK, OTHER_MAC, OWN_4,
	    OTHER_4)));
	ck_assert(!gets_out(&n, ipv4(OTHER_MAC, OWN_4, OTHER_4, 17, DATA
	    "\0\x8\0\0", 8)));
	ck_assert(!gets_out(&n, ethernet(OWN_MAC, MARK)));
}
END_TEST

START_TEST(a_locked_guest_does_not_lie_by_arp)
{
	struct net n;

	begin_locked(&n);
	/* another's address; its own, of another's MAC; another's in use */
	ck_assert(!gets_out(&n, arp(OWN_MAC, ANSWER, OWN_MAC, OTHER_4,
	    OWN_4)));
	ck_assert(!gets_out(&n, arp(OWN_MAC, ASK, OWN_MAC, OTHER_4, OTHER_4)));
	ck_assert(!gets_out(&n, arp(OWN_MAC, ANSWER, OTHER_MAC, OWN_4,
	    OTHER_4)));
	ck_assert(!gets_out(&n, arp(OWN_MAC, ASK, OWN_MAC, NONE_4, OTHER_4)));
	ck_assert(!gets_out(&n, arp(OWN_MAC, "\0\3", OWN_MAC, OWN_4, OWN_4)));
}
END_TEST

START_TEST(a_locked_guest_does_not_lie_by_neighbour_discovery)
{
	struct net n;

	begin_locked(&n);
	ck_assert(!gets_out(&n, icmp6(OWN_6, 136, OTHER_6)));
	ck_assert(!gets_out(&n, icmp6(LINK_6, 136, OTHER_LINK_6)));
	ck_assert(!gets_out(&n, icmp6(OTHER_6, 136, OTHER_6)));
	ck_assert(!gets_out(&n, icmp6(NONE_6, 135, OTHER_6)));
	ck_assert(!gets_out(&n, icmp6(OTHER_LINK_6, 135, OWN_6)));
	ck_assert(!gets_out(&n, icmp6(LINK_6, 134, NONE_6)));
	ck_assert(!gets_out(&n, icmp6(LINK_6, 137, OTHER_6)));
}
END_TEST

START_TEST(a_locked_guest_has_its_own_addresses_alone)
{
	struct net n;

	begin_locked(&n);
	ck_assert(!gets_out(&n, udp4(OTHER_4, ALL_4, DATA)));
	ck_assert(!gets_out(&n, udp4(NONE_4, ALL_4, DATA)));
	ck_assert(!gets_out(&n, udp4(NONE_4, OTHER_4, DHCP_CLIENT)));
	ck_assert(!gets_out(&n, udp6(OTHER_6, DATA)));
	ck_assert(!gets_out(&n, udp6(OTHER_LINK_6, DATA)));
	ck_assert(!gets_out(&n, udp6(NONE_6, DATA)));
}
END_TEST

START_TEST(a_locked_guest_is_no_dhcp_server)
{
	struct net n;

	begin_locked(&n);
	ck_assert(!gets_out(&n, udp4(OWN_4, ALL_4, DHCP_SERVER)));
	ck_assert(!gets_out(&n, udp4(OWN_4, ALL_4, "\x30\x39\0\x44")));
	ck_assert(!gets_out(&n, udp4(OWN_4, OTHER_4, "\0\x43\0\x43")));
	ck_assert(!gets_out(&n, udp6(LINK_6, "\2\x23\2\x22")));
	ck_assert(!gets_out(&n, udp6(OWN_6, "\x30\x39\2\x22")));
}
END_TEST

/* IPv6: what comes first says that the next header is another, or that this is
 * a piece of something. */
START_TEST(headers_hide_nothing)
{
	static const char advert[] = "\x86\0\0\0\0\0\0\0";
	char rest[8 + 8 + 8] = { 0 };
	struct frame tagged, f;
	struct net n;

	begin_locked(&n);
	rest[0] = 58;				/* destination options */
	memcpy(rest + 8, advert, 8);
	ck_assert(!gets_out(&n, ipv6(LINK_6, NODES_6, 60, rest, 16)));
	rest[3] = 1;				/* a fragment, the first */
	ck_assert(!gets_out(&n, ipv6(LINK_6, NODES_6, 44, rest, 16)));
	/* the first, and what it is comes with the next one */
	rest[0] = 60;
	memcpy(rest + 8, "\x3a\x08\0\0\0\0\0\0", 8);
	ck_assert(!gets_out(&n, ipv6(LINK_6, NODES_6, 44, rest, 16)));
	rest[8] = 17;
	ck_assert(!gets_out(&n, ipv6(LINK_6, NODES_6, 44, rest, 16)));
	/* an honest one of each passes */
	memcpy(rest, "\x11\0\0\x01\0\0\0\1\x30\x39\0\x50\0\x08\0\0", 16);
	ck_assert(gets_out(&n, ipv6(OWN_6, OTHER_6, 44, rest, 16)));
	memcpy(rest, "\x11\0\5\xa8\0\0\0\1", 8);
	ck_assert(gets_out(&n, ipv6(OWN_6, OTHER_6, 44, rest, 16)));
	rest[0] = 58;
	ck_assert(gets_out(&n, ipv6(OWN_6, OTHER_6, 44, rest, 16)));
	ck_assert(!gets_out(&n, ipv6(OTHER_6, OWN_6, 44, rest, 16)));
	tagged = ethernet(OWN_MAC, "\x81\0");
	f = udp4(OWN_4, OTHER_4, DATA);
	add(&tagged, "\0\x64", 2);
	add(&tagged, f.b + 12, f.len - 12);
	ck_assert(!gets_out(&n, tagged));
	/* RARP, and a frame whose length stands for a type */
	ck_assert(!gets_out(&n, ethernet(OWN_MAC, "\x80\x35")));
	ck_assert(!gets_out(&n, ethernet(OWN_MAC, "\0\x40")));
}
END_TEST

/* What a bridge never forwards teaches it all the same, but for a chain on the
 * interface. */
START_TEST(the_bridge_learns_no_false_address)
{
	struct frame lldp = ethernet(OTHER_MAC, "\x88\xcc");
	struct frame to_other = ethernet("\x02\0\0\0\0\x61", MARK "x");
	struct frame hello = ethernet(OTHER_MAC, MARK "y");
	uint8_t got[FRAME_MAX];
	struct net n;
	size_t len;

	begin_locked(&n);
	memcpy(lldp.b, "\x01\x80\xc2\0\0\x0e", 6);
	memcpy(to_other.b, OTHER_MAC, 6);
	add(&to_other, "x", 1);
	ck_assert(gets_in(&n, hello));		/* from where it is */
	transmit(n.guest, &lldp);
	transmit(n.witness, &to_other);
	do {
		len = next_frame(n.other, got, PATIENCE_MS);
		ck_assert_uint_gt(len, 0);
	} while (len != to_other.len || memcmp(got, to_other.b, len));
}
END_TEST

START_TEST(without_addresses_nothing_gets_out)
{
	struct lock l = lock_of(XENOPS_VIF_LOCK_LOCKED);
	struct net n;

	begin(&n);
	l.n_ipv4 = l.n_ipv6 = 0;
	set(&l);
	ck_assert(!gets_out(&n, udp4(NONE_4, ALL_4, DHCP_CLIENT)));
	ck_assert(!gets_out(&n, arp(OWN_MAC, ASK, OWN_MAC, NONE_4, OWN_4)));
	ck_assert(!gets_out(&n, udp6(LINK_6, DATA)));
	ck_assert(gets_in(&n, udp4(OTHER_4, OWN_4, DATA)));
	/* of one family alone */
	l.n_ipv4 = 1;
	set(&l);
	ck_assert(gets_out(&n, udp4(OWN_4, OTHER_4, DATA)));
	ck_assert(!gets_out(&n, udp4(SECOND_4, OTHER_4, DATA)));
	ck_assert(!gets_out(&n, udp6(LINK_6, DATA)));
}
END_TEST

START_TEST(a_disabled_one_passes_nothing)
{
	struct lock l = lock_of(XENOPS_VIF_LOCK_DISABLED);
	struct frame own = udp4(OWN_4, OTHER_4, DATA);
	struct frame back = udp4(OTHER_4, OWN_4, DATA);
	struct frame end = ethernet(OTHER_MAC, MARK);
	struct net n;
	bool found;

	begin(&n);
	set(&l);
	ck_assert(!gets_out(&n, own));
	/* towards it, seen by the first frame after it is open again */
	transmit(n.other, &back);
	l.mode = XENOPS_VIF_LOCK_UNLOCKED;
	set(&l);
	transmit(n.other, &end);
	ck_assert(ends_with(n.guest, &end, &back, &found));
	ck_assert(!found);
	ck_assert(gets_out(&n, own));
}
END_TEST

START_TEST(it_changes_while_it_is_used)
{
	struct lock l = lock_of(XENOPS_VIF_LOCK_LOCKED);
	struct frame foreign = udp4(OTHER_4, ALL_4, DATA);
	struct net n;

	begin(&n);
	ck_assert(gets_out(&n, foreign));
	set(&l);
	ck_assert(!gets_out(&n, foreign));
	memcpy(l.ipv4[l.n_ipv4++], OTHER_4, 4);
	set(&l);
	set(&l);
	ck_assert(gets_out(&n, foreign));
	ck_assert(gets_out(&n, udp4(OWN_4, ALL_4, DATA)));
	ck_assert_int_eq(lock_remove(UUID), 0);
	ck_assert_int_eq(lock_remove(UUID), 0);
	ck_assert(gets_out(&n, udp6(OTHER_6, DATA)));
}
END_TEST

START_TEST(a_new_interface_is_closed_until_it_has_its_lock)
{
	struct lock l = lock_of(XENOPS_VIF_LOCK_UNLOCKED);
	struct net n;

	begin(&n);
	ck_assert_int_eq(lock_close("nic9"), -ENODEV);
	ck_assert_int_eq(lock_close(VIF), 0);
	ck_assert_int_eq(lock_close(VIF), 0);
	ck_assert(!gets_out(&n, udp4(OWN_4, ALL_4, DATA)));
	set(&l);
	ck_assert(gets_out(&n, udp4(OTHER_4, ALL_4, DATA)));
	ck_assert_int_eq(lock_close(VIF), 0);
	l.mode = XENOPS_VIF_LOCK_LOCKED;
	set(&l);
	ck_assert(gets_out(&n, udp4(OWN_4, ALL_4, DATA)));
	ck_assert(!gets_out(&n, udp4(OTHER_4, ALL_4, DATA)));
}
END_TEST

/* The tap of an emulated NIC beside it; and one that is not there fails the
 * whole, so that what was stays. */
START_TEST(all_interfaces_or_none)
{
	const char *const both[] = { VIF, OTHER };
	const char *const one_missing[] = { VIF, "vif1.0-emu" };
	struct lock l = lock_of(XENOPS_VIF_LOCK_DISABLED);
	struct net n;

	begin(&n);
	ck_assert_int_eq(lock_set(&l, one_missing, 2), -ENODEV);
	ck_assert(gets_out(&n, udp4(OWN_4, ALL_4, DATA)));
	ck_assert_int_eq(lock_set(&l, both, 2), 0);
	ck_assert_int_eq(lock_remove(UUID), 0);
	ck_assert(gets_out(&n, udp4(OWN_4, ALL_4, DATA)));
}
END_TEST

/* A guest that is moved to another network is heard there alone. */
START_TEST(an_interface_changes_its_bridge)
{
	struct frame f = udp4(OWN_4, ALL_4, DATA);
	struct net n;

	begin(&n);
	ck_assert_int_eq(ioctl(n.fd, SIOCBRADDBR, "lan1"), 0);
	ck_assert_int_eq(netdev_set_bridge(VIF, "lan1"), 0);
	ck_assert(!gets_out(&n, f));
	ck_assert_int_eq(netdev_set_bridge(VIF, BRIDGE), 0);
	wait_for_port(n.guest, n.other);
	ck_assert(gets_out(&n, f));
}
END_TEST

/* With as many addresses as it may have, and after its interface is gone. */
START_TEST(the_most_addresses_fit)
{
	struct lock l = lock_of(XENOPS_VIF_LOCK_LOCKED);
	struct net n;

	begin(&n);
	l.n_ipv4 = l.n_ipv6 = VM_MAX_ALLOWED;
	for (int i = 1; i < VM_MAX_ALLOWED; i++) {
		memcpy(l.ipv4[i], "\xc6\x33\x64", 3);
		memcpy(l.ipv6[i], P6, 15);
		l.ipv4[i][3] = l.ipv6[i][15] = (uint8_t)(i + 100);
	}
	set(&l);
	ck_assert(gets_out(&n, udp4("\xc6\x33\x64\xa3", ALL_4, DATA)));
	ck_assert(gets_out(&n, udp6(P6 "\xa3", DATA)));
	ck_assert(gets_out(&n, udp6(LINK_6, DATA)));
	ck_assert(!gets_out(&n, udp4(OTHER_4, ALL_4, DATA)));
}
END_TEST

int
main(void)
{
	return UNIT_RUN("lock", a_locked_guest_sends_from_its_own_addresses,
	    a_locked_guest_has_one_mac_address,
	    a_locked_guest_does_not_lie_by_arp,
	    a_locked_guest_does_not_lie_by_neighbour_discovery,
	    a_locked_guest_has_its_own_addresses_alone,
	    a_locked_guest_is_no_dhcp_server, headers_hide_nothing,
	    the_bridge_learns_no_false_address,
	    without_addresses_nothing_gets_out, a_disabled_one_passes_nothing,
	    it_changes_while_it_is_used,
	    a_new_interface_is_closed_until_it_has_its_lock,
	    all_interfaces_or_none, an_interface_changes_its_bridge,
	    the_most_addresses_fit);
}
