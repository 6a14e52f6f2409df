#include "xenopsd/network/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "xenopsd/machine/netlink.h"

/* before whatever else is on the device's way in */
#define PRIORITY (-300)
#define FAMILY_NETDEV 5

/* -- pieces -- */

static void *
add(struct nft *b, size_t len)
{
	size_t whole = NLMSG_ALIGN(len);
	void *at = b->bytes + b->len;

	if (b->full || whole > sizeof(b->bytes) - b->len) {
		b->full = true;
		return NULL;
	}
	memset(at, 0, whole);
	b->len += whole;
	return at;
}

static void
put(struct nft *b, uint16_t type, const void *value, size_t len)
{
	struct nlattr *a = add(b, sizeof(*a) + len);

	if (!a)
		return;
	a->nla_len = (uint16_t)(sizeof(*a) + len);
	a->nla_type = type;
	if (len)
		memcpy(a + 1, value, len);
}

static void
put_text(struct nft *b, uint16_t type, const char *text)
{
	put(b, type, text, strlen(text) + 1);
}

static void
put_number(struct nft *b, uint16_t type, uint32_t n)
{
	n = htonl(n);
	put(b, type, &n, sizeof(n));
}

/* Where an attribute that holds others begins. */
static size_t
open_piece(struct nft *b, uint16_t type)
{
	size_t at = b->len;

	put(b, type | NLA_F_NESTED, NULL, 0);
	return at;
}

static void
close_piece(struct nft *b, size_t at)
{
	struct nlattr *a = (struct nlattr *)(b->bytes + at);

	if (!b->full)
		a->nla_len = (uint16_t)(b->len - at);
}

/* -- messages -- */

static void
end_message(struct nft *b)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(b->bytes + b->message);

	if (!b->full && b->len > b->message)
		h->nlmsg_len = (uint32_t)(b->len - b->message);
	b->message = b->len;
}

/* resource: of the whole batch, or 0 */
static void
message(struct nft *b, uint16_t type, uint16_t flags, uint16_t resource)
{
	struct {
		struct nlmsghdr head;
		struct nfgenmsg gen;
	} *m;

	end_message(b);
	m = add(b, sizeof(*m));
	if (!m)
		return;
	m->head.nlmsg_type = type;
	m->head.nlmsg_flags = NLM_F_REQUEST | flags;
	m->gen.nfgen_family = resource ? 0 : FAMILY_NETDEV;
	m->gen.version = NFNETLINK_V0;
	m->gen.res_id = htons(resource);
}

static void
change(struct nft *b, uint16_t type, uint16_t flags)
{
	message(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, 0);
}

void
nft_begin(struct nft *b)
{
	b->len = b->message = 0;
	b->full = false;
	b->table = NULL;
	message(b, NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES);
}

void
nft_table(struct nft *b, const char *table)
{
	b->table = table;
	change(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_text(b, NFTA_TABLE_NAME, table);
}

void
nft_delete_table(struct nft *b, const char *table)
{
	nft_table(b, table);		/* so that there is one */
	change(b, NFT_MSG_DELTABLE, 0);
	put_text(b, NFTA_TABLE_NAME, table);
}

void
nft_chain(struct nft *b, const char *chain)
{
	change(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	put_text(b, NFTA_CHAIN_TABLE, b->table);
	put_text(b, NFTA_CHAIN_NAME, chain);
}

void
nft_hook(struct nft *b, const char *chain, enum nft_way way,
    const char *device)
{
	size_t at;

	nft_chain(b, chain);
	put_text(b, NFTA_CHAIN_TYPE, "filter");
	put_number(b, NFTA_CHAIN_POLICY, NFT_VERDICT_DROP);
	at = open_piece(b, NFTA_CHAIN_HOOK);
	put_number(b, NFTA_HOOK_HOOKNUM, (uint32_t)way);
	put_number(b, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
	put_text(b, NFTA_HOOK_DEV, device);
	close_piece(b, at);
}

static void
put_value(struct nft *b, uint16_t type, const void *bytes, size_t len)
{
	size_t at = open_piece(b, type);

	put(b, NFTA_DATA_VALUE, bytes, len);
	close_piece(b, at);
}

void
nft_set(struct nft *b, const char *set, size_t key_len, const void *keys,
    size_t n)
{
	size_t list, element;

	change(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	put_text(b, NFTA_SET_TABLE, b->table);
	put_text(b, NFTA_SET_NAME, set);
	put_number(b, NFTA_SET_KEY_LEN, (uint32_t)key_len);
	put_number(b, NFTA_SET_ID, (uint32_t)b->message);
	change(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	put_text(b, NFTA_SET_ELEM_LIST_TABLE, b->table);
	put_text(b, NFTA_SET_ELEM_LIST_SET, set);
	list = open_piece(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < n; i++) {
		element = open_piece(b, NFTA_LIST_ELEM);
		put_value(b, NFTA_SET_ELEM_KEY,
		    (const char *)keys + i * key_len, key_len);
		close_piece(b, element);
	}
	close_piece(b, list);
}

/* -- rules -- */

void
nft_rule_begin(struct nft *b, struct nft_rule *r, const char *chain)
{
	change(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	put_text(b, NFTA_RULE_TABLE, b->table);
	put_text(b, NFTA_RULE_CHAIN, chain);
	r->list = open_piece(b, NFTA_RULE_EXPRESSIONS);
}

void
nft_rule_end(struct nft *b, struct nft_rule *r)
{
	close_piece(b, r->list);
}

static void
expression(struct nft *b, struct nft_rule *r, const char *name)
{
	r->expression = open_piece(b, NFTA_LIST_ELEM);
	put_text(b, NFTA_EXPR_NAME, name);
	r->data = open_piece(b, NFTA_EXPR_DATA);
}

static void
end_expression(struct nft *b, struct nft_rule *r)
{
	close_piece(b, r->data);
	close_piece(b, r->expression);
}

static void
load(struct nft *b, uint32_t base, uint32_t offset, size_t len)
{
	struct nft_rule r;

	expression(b, &r, "payload");
	put_number(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_number(b, NFTA_PAYLOAD_BASE, base);
	put_number(b, NFTA_PAYLOAD_OFFSET, offset);
	put_number(b, NFTA_PAYLOAD_LEN, (uint32_t)len);
	end_expression(b, &r);
}

static void
compare(struct nft *b, uint32_t op, const void *bytes, size_t len)
{
	struct nft_rule r;

	expression(b, &r, "cmp");
	put_number(b, NFTA_CMP_SREG, NFT_REG_1);
	put_number(b, NFTA_CMP_OP, op);
	put_value(b, NFTA_CMP_DATA, bytes, len);
	end_expression(b, &r);
}

void
nft_match(struct nft *b, uint32_t base, uint32_t offset, uint32_t op,
    const void *bytes, size_t len)
{
	load(b, base, offset, len);
	compare(b, op, bytes, len);
}

void
nft_match_set(struct nft *b, uint32_t base, uint32_t offset, size_t len,
    const char *set)
{
	struct nft_rule r;

	load(b, base, offset, len);
	expression(b, &r, "lookup");
	put_text(b, NFTA_LOOKUP_SET, set);
	put_number(b, NFTA_LOOKUP_SREG, NFT_REG_1);
	end_expression(b, &r);
}

void
nft_match_protocol(struct nft *b, uint32_t op, uint8_t protocol)
{
	struct nft_rule r;

	expression(b, &r, "meta");
	put_number(b, NFTA_META_DREG, NFT_REG_1);
	put_number(b, NFTA_META_KEY, NFT_META_L4PROTO);
	end_expression(b, &r);
	compare(b, op, &protocol, sizeof(protocol));
}

void
nft_verdict(struct nft *b, int verdict, const char *chain)
{
	struct nft_rule r;
	size_t data, at;

	expression(b, &r, "immediate");
	put_number(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = open_piece(b, NFTA_IMMEDIATE_DATA);
	at = open_piece(b, NFTA_DATA_VERDICT);
	put_number(b, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		put_text(b, NFTA_VERDICT_CHAIN, chain);
	close_piece(b, at);
	close_piece(b, data);
	end_expression(b, &r);
}

/* -- the whole -- */

/* The kernel answers what went wrong, in order, and what asks for an answer:
 * the first one tells of all. */
int
nft_send(struct nft *b)
{
	struct nlmsghdr *last = (struct nlmsghdr *)(b->bytes + b->message);

	if (!b->full)
		last->nlmsg_flags |= NLM_F_ACK;
	message(b, NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES);
	end_message(b);
	return b->full ? -EMSGSIZE : netlink_ask_netfilter(b->bytes, b->len);
}
