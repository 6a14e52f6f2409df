/*
 * The messages every class has by its table: get_<field>, set_<field>,
 * add_to_, remove_from_, get_all, get_record ... .  Arguments are decoded
 * before the session is checked (accessor_decode), as clients can tell by the
 * errors, and the work is done after (accessor_run).  Any thread.
 */
#ifndef RPC_ACCESSORS_H
#define RPC_ACCESSORS_H

#include "api/call.h"
#include "gen/methods.h"
#include "rpc/answer.h"
#include "wire/value.h"

struct accessor_args {
	struct ref self;
	const char *bad_self;	/* not NULL: text that is no reference */
	const char *text;	/* uuid, label, query, key or set element */
	const void *value;	/* of the field's or its element's type */
};

/* Number of arguments it takes, without the session. */
int accessor_arity(const struct method *m);
/* -1 with d->err set; params holds accessor_arity values. */
int accessor_decode(struct decoder *d, const struct method *m,
    const struct value *params, struct accessor_args *out);
/* Like a handler: 0, or -1 with c->err set. */
int accessor_run(struct call *c, const struct method *m,
    const struct accessor_args *a, struct answer *out);

#endif
