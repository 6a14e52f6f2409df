#include "xenopsd/network/lock.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "xenopsd/network/nft.h"

#define RULES "rules"		/* the chain that all interfaces share */
#define SET_4 "ipv4"
#define SET_6 "ipv6"

/* -- what a locked VIF lets out -- */

enum part_kind { END, IS, AT_LEAST, IS_OWN_MAC, IS_NOT_OWN_MAC, IS_OWN_IPV4, IS_OWN_IPV6,
	PROTOCOL, WHOLE };

struct part {
	enum part_kind kind;
	uint8_t base, offset, len;
	const char *bytes;
};

enum family { ANY, IPV4, IPV6 };

/* family: it is there if the VIF has such an address. */
struct rule {
	enum family family;
	int verdict;
	struct part parts[6];
};

#define DROP NFT_VERDICT_DROP
#define ACCEPT NFT_VERDICT_ACCEPT
#define LINK(kind, offset, len, bytes) \
	{ kind, NFT_PAYLOAD_LL_HEADER, offset, len, bytes }
#define NET(kind, offset, len, bytes) \
	{ kind, NFT_PAYLOAD_NETWORK_HEADER, offset, len, bytes }
#define INNER(kind, offset, len, bytes) \
	{ kind, NFT_PAYLOAD_TRANSPORT_HEADER, offset, len, bytes }
/* a tag of a VLAN stands where the type is */
#define IS_ARP LINK(IS, 12, 2, "\x08\x06")
#define IS_IP4 LINK(IS, 12, 2, "\x08\x00")
#define IS_IP6 LINK(IS, 12, 2, "\x86\xdd")
/* an Ethernet address for an IPv4 one, with the operation */
#define ASKS NET(IS, 0, 8, "\0\1\x08\0\6\4\0\1")
#define ANSWERS NET(IS, 0, 8, "\0\1\x08\0\6\4\0\2")
#define OWN_SENDER NET(IS_OWN_MAC, 8, 6, NULL)
#define FROM_OWN_4 NET(IS_OWN_IPV4, 12, 4, NULL)
#define FROM_OWN_6 NET(IS_OWN_IPV6, 8, 16, NULL)
#define NONE_4 "\0\0\0\0"
#define NONE_6 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define IS_UDP { PROTOCOL, 0, 0, 0, "\x11" }
#define IS_ICMP6 { PROTOCOL, 0, 0, 0, "\x3a" }
#define ICMP6_TYPE(type) INNER(IS, 0, 1, type)
#define ICMP6_TARGET INNER(IS_OWN_IPV6, 8, 16, NULL)

/* The first that fits decides; what none fits is dropped. */
static const struct rule rules[] = {
	{ ANY, DROP, { LINK(IS_NOT_OWN_MAC, 6, 6, NULL) } },
	{ IPV4, ACCEPT, { IS_ARP, ASKS, OWN_SENDER,
	    NET(IS_OWN_IPV4, 14, 4, NULL) } },
	{ IPV4, ACCEPT, { IS_ARP, ANSWERS, OWN_SENDER,
	    NET(IS_OWN_IPV4, 14, 4, NULL) } },
	{ IPV4, ACCEPT, { IS_ARP, ASKS, OWN_SENDER, NET(IS, 14, 4, NONE_4),
	    NET(IS_OWN_IPV4, 24, 4, NULL) } },
	/* what a DHCP server says, from its port or to that of a client */
	{ IPV4, DROP, { IS_IP4, IS_UDP, INNER(IS, 0, 2, "\0\x43") } },
	{ IPV4, ACCEPT, { IS_IP4, NET(IS, 12, 4, NONE_4),
	    NET(IS, 16, 4, "\xff\xff\xff\xff"), IS_UDP,
	    INNER(IS, 0, 4, "\0\x44\0\x43") } },
	{ IPV4, DROP, { IS_IP4, IS_UDP, INNER(IS, 2, 2, "\0\x44") } },
	{ IPV4, ACCEPT, { IS_IP4, { .kind = WHOLE }, FROM_OWN_4 } },
	{ IPV6, DROP, { IS_IP6, IS_UDP, INNER(IS, 0, 2, "\2\x23") } },
	{ IPV6, DROP, { IS_IP6, IS_UDP, INNER(IS, 2, 2, "\2\x22") } },
	/* router advertisement, redirect */
	{ IPV6, DROP, { IS_IP6, IS_ICMP6, ICMP6_TYPE("\x86") } },
	{ IPV6, DROP, { IS_IP6, IS_ICMP6, ICMP6_TYPE("\x89") } },
	/* neighbour advertisement */
	{ IPV6, ACCEPT, { IS_IP6, IS_ICMP6, ICMP6_TYPE("\x88"),
	    ICMP6_TARGET, FROM_OWN_6 } },
	{ IPV6, DROP, { IS_IP6, IS_ICMP6, ICMP6_TYPE("\x88") } },
	/* is an address in use, and who listens to the answer */
	{ IPV6, ACCEPT, { IS_IP6, IS_ICMP6, NET(IS, 8, 16, NONE_6),
	    ICMP6_TYPE("\x87"), ICMP6_TARGET } },
	{ IPV6, ACCEPT, { IS_IP6, IS_ICMP6, NET(IS, 8, 16, NONE_6),
	    ICMP6_TYPE("\x8f"),
	    NET(IS, 24, 16, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\x16") } },
	/* all else: its ports or type are here to be seen, or it is a later
	 * piece of what was */
	{ IPV6, ACCEPT, { IS_IP6, INNER(AT_LEAST, 0, 4, NONE_4), FROM_OWN_6 } },
	{ IPV6, ACCEPT, { IS_IP6, NET(IS, 6, 1, "\x2c"),
	    NET(AT_LEAST, 42, 2, "\0\x08"), FROM_OWN_6 } },
};

static void
add_part(struct nft *b, const struct lock *l, const struct part *p)
{
	switch (p->kind) {
	case IS:
		nft_match(b, p->base, p->offset, NFT_CMP_EQ, p->bytes, p->len);
		break;
	case AT_LEAST:
		nft_match(b, p->base, p->offset, NFT_CMP_GTE, p->bytes, p->len);
		break;
	case IS_OWN_MAC:
		nft_match(b, p->base, p->offset, NFT_CMP_EQ, l->mac, p->len);
		break;
	case IS_NOT_OWN_MAC:
		nft_match(b, p->base, p->offset, NFT_CMP_NEQ, l->mac, p->len);
		break;
	case IS_OWN_IPV4:
		nft_match_set(b, p->base, p->offset, p->len, SET_4);
		break;
	case IS_OWN_IPV6:
		nft_match_set(b, p->base, p->offset, p->len, SET_6);
		break;
	case PROTOCOL:
		nft_match_protocol(b, NFT_CMP_EQ, (uint8_t)p->bytes[0]);
		break;
	case WHOLE:
		nft_match_protocol(b, NFT_CMP_GTE, 0);
		break;
	case END:
		break;
	}
}

static void
add_rule(struct nft *b, const struct lock *l, const struct rule *rule)
{
	struct nft_rule r;

	nft_rule_begin(b, &r, RULES);
	for (size_t i = 0; i < sizeof(rule->parts) / sizeof(rule->parts[0]); i++)
		add_part(b, l, &rule->parts[i]);
	nft_verdict(b, rule->verdict, NULL);
	nft_rule_end(b, &r);
}

static bool
is_wanted(const struct lock *l, enum family family)
{
	return family == ANY || (family == IPV4 ? l->n_ipv4 : l->n_ipv6) > 0;
}

/* The address that a host gives itself: fe80::, and its MAC address, one bit of
 * it changed, with ff:fe in the middle. */
static void
own_address(const uint8_t mac[static 6], uint8_t out[static 16])
{
	static const uint8_t head[16] = { 0xfe, 0x80, [11] = 0xff, 0xfe };

	memcpy(out, head, sizeof(head));
	memcpy(out + 8, mac, 3);
	memcpy(out + 13, mac + 3, 3);
	out[8] ^= 2;
}

static void
add_addresses(struct nft *b, const struct lock *l)
{
	uint8_t ipv6[VM_MAX_ALLOWED + 1][16];

	memcpy(ipv6, l->ipv6, sizeof(l->ipv6));
	own_address(l->mac, ipv6[l->n_ipv6]);
	if (l->n_ipv4)
		nft_set(b, SET_4, sizeof(l->ipv4[0]), l->ipv4, l->n_ipv4);
	if (l->n_ipv6)
		nft_set(b, SET_6, sizeof(ipv6[0]), ipv6, l->n_ipv6 + 1);
}

static void
add_rules(struct nft *b, const struct lock *l)
{
	add_addresses(b, l);
	nft_chain(b, RULES);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (is_wanted(l, rules[i].family))
			add_rule(b, l, &rules[i]);
}

/* -- interfaces -- */

static void
jump_to_rules(struct nft *b, const char *chain)
{
	struct nft_rule r;

	nft_rule_begin(b, &r, chain);
	nft_verdict(b, NFT_JUMP, RULES);
	nft_rule_end(b, &r);
}

/* Chains have the names of their interfaces, with "to-" before it for what
 * leaves by them. */
static void
close_device(struct nft *b, const char *device)
{
	char out[32] = "to-";

	strncat(out, device, sizeof(out) - 4);
	nft_hook(b, device, NFT_WAY_IN, device);
	nft_hook(b, out, NFT_WAY_OUT, device);
}

static void
add_device(struct nft *b, const struct lock *l, const char *device)
{
	if (l->mode == XENOPS_VIF_LOCK_DISABLED) {
		close_device(b, device);
		return;
	}
	nft_hook(b, device, NFT_WAY_IN, device);
	jump_to_rules(b, device);
}

static void
add_lock(struct nft *b, const struct lock *l, const char *const *devices,
    size_t n)
{
	nft_table(b, l->vif);
	if (l->mode == XENOPS_VIF_LOCK_LOCKED)
		add_rules(b, l);
	for (size_t i = 0; i < n; i++)
		add_device(b, l, devices[i]);
}

/* A table that closes an interface alone has its name.  Not every kernel minds
 * an interface that is not there. */
int
lock_set(const struct lock *l, const char *const *devices, size_t n)
{
	struct nft b;

	for (size_t i = 0; i < n; i++)
		if (!if_nametoindex(devices[i]))
			return -ENODEV;
	nft_begin(&b);
	nft_delete_table(&b, l->vif);
	if (l->mode != XENOPS_VIF_LOCK_UNLOCKED)
		add_lock(&b, l, devices, n);
	for (size_t i = 0; i < n; i++)
		nft_delete_table(&b, devices[i]);
	return nft_send(&b);
}

int
lock_remove(const char *vif)
{
	struct nft b;

	nft_begin(&b);
	nft_delete_table(&b, vif);
	return nft_send(&b);
}

int
lock_close(const char *device)
{
	struct nft b;

	if (!if_nametoindex(device))
		return -ENODEV;
	nft_begin(&b);
	nft_delete_table(&b, device);
	nft_table(&b, device);
	close_device(&b, device);
	return nft_send(&b);
}
