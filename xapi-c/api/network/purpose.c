/* What a network is for, besides what is connected to it. */
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct change {
	struct call *c;
	struct ref network;
	int value;
};

static struct vec
without(struct arena *a, struct vec set, int value)
{
	const int *v = set.v;
	int *left = arena_alloc(a, (set.n + 1) * sizeof(*left));
	uint32_t n = 0;

	for (uint32_t i = 0; i < set.n; i++)
		if (v[i] != value)
			left[n++] = v[i];
	return (struct vec){ left, n };
}

/* Disks by NBD are for those with a certificate, or for all. */
static int
add_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct network *n = call_txn_edit(ch->c, t, CLASS_NETWORK,
	    &ch->network);
	const char *const *names = enum_network_purpose.names;
	struct vec set;
	int *v;

	if (!n)
		return -1;
	set = without(ch->c->arena, n->purpose, ch->value);
	if (set.n)
		return err_network_incompatible_purposes(ch->c,
		    names[ch->value], names[*(const int *)set.v]);
	v = arena_alloc(ch->c->arena, sizeof(*v));
	*v = ch->value;
	n->purpose = (struct vec){ v, 1 };
	return 0;
}

static int
remove_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct network *n = call_txn_edit(ch->c, t, CLASS_NETWORK,
	    &ch->network);

	if (!n)
		return -1;
	n->purpose = without(ch->c->arena, n->purpose, ch->value);
	return 0;
}

int
api_network_add_purpose(struct call *c,
    const struct network_add_purpose_args *a)
{
	struct change ch = { .c = c, .network = a->self, .value = a->value };

	return call_write(c, add_in, &ch);
}

int
api_network_remove_purpose(struct call *c,
    const struct network_remove_purpose_args *a)
{
	struct change ch = { .c = c, .network = a->self, .value = a->value };

	return call_write(c, remove_in, &ch);
}
