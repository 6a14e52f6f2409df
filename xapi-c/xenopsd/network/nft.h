/*
 * A batch of messages to the kernel's nf_tables, which takes all of them or
 * none: tables, chains on one interface's way in or out, sets of addresses,
 * rules.  All are of the family netdev, whose chains see what comes in before
 * any bridge has learned of it.  Memory is the caller's; what no longer fits
 * makes nft_send() fail.  Names are the caller's own, never a guest's.
 */
#ifndef XENOPSD_NETWORK_NFT_H
#define XENOPSD_NETWORK_NFT_H

#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFT_BATCH_BYTES 32768

/* <linux/netfilter.h> has these, and meets <netinet/in.h> badly. */
enum nft_verdict_code { NFT_VERDICT_DROP, NFT_VERDICT_ACCEPT };
enum nft_way { NFT_WAY_IN, NFT_WAY_OUT };	/* of the interface */

struct nft {
	size_t len;
	size_t message;			/* where the present one begins */
	bool full;
	const char *table;		/* of all that follows */
	_Alignas(4) char bytes[NFT_BATCH_BYTES];
};

void nft_begin(struct nft *b);
/* Makes it if need be, and names it for what follows. */
void nft_table(struct nft *b, const char *table);
/* With all that is in it; no error if there is none. */
void nft_delete_table(struct nft *b, const char *table);
/* What comes to its end without a verdict is dropped. */
void nft_hook(struct nft *b, const char *chain, enum nft_way way,
    const char *device);
/* One that others jump to. */
void nft_chain(struct nft *b, const char *chain);
/* Keys of key_len bytes, n of them in one piece. */
void nft_set(struct nft *b, const char *set, size_t key_len, const void *keys,
    size_t n);

/* A rule is what holds between these two, in order, and then its verdict. */
struct nft_rule {
	size_t list, expression, data;
};
void nft_rule_begin(struct nft *b, struct nft_rule *r, const char *chain);
/* That part of the packet is (NFT_CMP_EQ), is not (NFT_CMP_NEQ) these bytes; a
 * packet without such a part never matches.  base: NFT_PAYLOAD_... */
void nft_match(struct nft *b, uint32_t base, uint32_t offset, uint32_t op,
    const void *bytes, size_t len);
/* It is one of the set. */
void nft_match_set(struct nft *b, uint32_t base, uint32_t offset, size_t len,
    const char *set);
/* op: NFT_CMP_EQ, or NFT_CMP_GTE 0: any, but the headers up to it are whole. */
void nft_match_protocol(struct nft *b, uint32_t op, uint8_t protocol);
/* enum nft_verdict_code, or NFT_JUMP to a chain. */
void nft_verdict(struct nft *b, int verdict, const char *chain);
void nft_rule_end(struct nft *b, struct nft_rule *r);

/* Ends the batch.  0 or -errno, that of the first message that is wrong;
 * -EMSGSIZE: it did not fit. */
int nft_send(struct nft *b);

#endif
