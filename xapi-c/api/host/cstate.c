#include "api/host/cstate.h"

#include <string.h>

#include "api/ops_error.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* One or two digits; NULL: there are none. */
static const char *
parse_number(const char *text, int64_t *out)
{
	size_t n = strspn(text, "0123456789");

	if (n < 1 || n > 2)
		return NULL;
	*out = text[0] - '0';
	if (n == 2)
		*out = *out * 10 + text[1] - '0';
	return text + n;
}

/* "", N or N,M. */
static bool
parse(const char *text, struct xenops_host_set_max_cstate_args *out)
{
	*out = (struct xenops_host_set_max_cstate_args){
		.cstate = -1, .csubstate = -1,
	};
	if (!*text)
		return true;
	text = parse_number(text, &out->cstate);
	if (text && *text == ',')
		text = parse_number(text + 1, &out->csubstate);
	return text && !*text;
}

static int
tell(struct call *c, const struct xenops_host_set_max_cstate_args *a)
{
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_host_set_max_cstate(c->x->ops, &k, a))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "set_max_cstate" });
	return 0;
}

struct change {
	struct call *c;
	const struct host_set_max_cstate_args *a;
};

static int
change_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct host *host = call_txn_edit(ch->c, t, CLASS_HOST, &ch->a->self);

	if (!host)
		return -1;
	host->max_cstate = ch->a->value ? ch->a->value : "";
	return 0;
}

int
api_host_set_max_cstate(struct call *c,
    const struct host_set_max_cstate_args *a)
{
	const char *value = a->value ? a->value : "";
	struct change ch = { .c = c, .a = a };
	struct xenops_host_set_max_cstate_args args;

	if (!call_find(c, CLASS_HOST, &a->self))
		return -1;
	if (!parse(value, &args))
		return err_invalid_value(c, "value", value);
	return tell(c, &args) ? -1 : call_write(c, change_in, &ch);
}

int
cstate_again(struct call *c)
{
	const struct host *host = call_find(c, CLASS_HOST, &c->x->host);
	struct xenops_host_set_max_cstate_args args;

	if (!host)
		return -1;
	if (!host->max_cstate || !*host->max_cstate ||
	    !parse(host->max_cstate, &args))
		return 0;
	return tell(c, &args);
}
