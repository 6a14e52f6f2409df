/*
 * Questions to dom0's kernel by netlink, one message at a time, each on a
 * socket of its own: what nobody else sends can be taken for the answer.
 * 0 or -errno, as the kernel says it.  Any thread.
 */
#ifndef XENOPSD_MACHINE_NETLINK_H
#define XENOPSD_MACHINE_NETLINK_H

#include <stddef.h>

/* message: whole, with its head, whose flags have NLM_F_ACK.  -EPROTO: the
 * answer is none. */
int netlink_ask(const void *message, size_t len);
/* The same for a batch of netfilter's messages, one of which has NLM_F_ACK: what
 * the kernel says of it, or of the first one before it that is wrong. */
int netlink_ask_netfilter(const void *batch, size_t len);

#endif
