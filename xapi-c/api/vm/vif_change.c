/* What may change of a VIF while its guest runs: its lock, and its network. */
#include <arpa/inet.h>
#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/vm/spec.h"
#include "api/vm/vif_change.h"
#include "api/xapi.h"
#include "base/log.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define IPV4 "ipv4_allowed"
#define IPV6 "ipv6_allowed"

/* -- addresses -- */

static bool
is_address(const char *field, const char *text)
{
	uint8_t bytes[16];

	return text && inet_pton(strcmp(field, IPV4) ? AF_INET6 : AF_INET, text,
	    bytes) == 1;
}

static int
check_addresses(struct call *c, const char *field, struct vec set)
{
	const char *const *v = set.v;

	for (uint32_t i = 0; i < set.n; i++)
		if (!is_address(field, v[i]))
			return err_invalid_ip_address_specified(c, field);
	return set.n <= VM_MAX_ALLOWED ? 0 : err_invalid_value(c, field,
	    arena_printf(c->arena, "%u addresses", set.n));
}

int
vif_check_allowed(struct call *c, const struct vif *vif)
{
	return check_addresses(c, IPV4, vif->ipv4_allowed) ||
	    check_addresses(c, IPV6, vif->ipv6_allowed) ? -1 : 0;
}

static struct vec
copy(struct arena *a, struct vec set)
{
	struct vec own;

	type_copy(&type_string_set, &own, &set, a);
	return own;
}

static bool
same_set(struct vec a, struct vec b)
{
	return type_equal(&type_string_set, &a, &b);
}

/* -- the record -- */

/* What a change may change, in the call's arena. */
struct state {
	int mode;
	struct vec ipv4, ipv6;
	struct ref network;
};

struct change;
/* Makes of what is what is to be, by ch->arg. */
typedef int make_fn(struct change *ch, struct db_txn *t, struct state *s);

struct change {
	struct call *c;
	struct ref vif;
	make_fn *make;
	const void *arg;
	const char *field;
	struct state before, after;
};

static struct state
state_of(struct arena *a, const struct vif *v)
{
	return (struct state){ .mode = v->locking_mode,
		.ipv4 = copy(a, v->ipv4_allowed),
		.ipv6 = copy(a, v->ipv6_allowed), .network = v->network };
}

static void
apply(struct vif *v, const struct state *s)
{
	v->locking_mode = s->mode;
	v->ipv4_allowed = s->ipv4;
	v->ipv6_allowed = s->ipv6;
	v->network = s->network;
}

static bool
same_state(const struct state *a, const struct state *b)
{
	return a->mode == b->mode && same_set(a->ipv4, b->ipv4) &&
	    same_set(a->ipv6, b->ipv6) && ref_equal(&a->network, &b->network);
}

/* While it is plugged, or its VM starts, xenopsd has been told already what was
 * before. */
static int
change_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct vif *v = call_txn_edit(ch->c, t, CLASS_VIF, &ch->vif);
	const struct vm *vm;

	if (!v)
		return -1;
	ch->before = ch->after = state_of(ch->c->arena, v);
	if (ch->make(ch, t, &ch->after))
		return -1;
	vm = vm_txn_get(t, &v->VM);
	if (vm && vm_check_settled(ch->c, vm))
		return -1;
	if (v->current_operations.n)
		return op_in_progress(&vif_op_class, v, ch->c);
	apply(v, &ch->after);
	return 0;
}

/* If nobody has changed it since, or destroyed the network that it left. */
static int
undo_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vif *v = vif_txn_edit(t, &ch->vif);
	struct state now;

	if (!v || !network_txn_get(t, &ch->before.network))
		return 0;
	now = state_of(ch->c->arena, v);
	if (same_state(&now, &ch->after))
		apply(v, &ch->before);
	return 0;
}

/* -- the running guest -- */

static bool
same_nic(const struct xenops_nic_spec *a, const struct xenops_nic_spec *b)
{
	return a->lock == b->lock && same_set(a->ipv4_allowed, b->ipv4_allowed) &&
	    same_set(a->ipv6_allowed, b->ipv6_allowed) &&
	    strcmp(a->bridge, b->bridge) == 0;
}

/* It ended meanwhile: its next start reads the record. */
static bool
is_gone(const struct ops_call *k)
{
	return k->err.code == XENOPS_CODE_NO_SUCH_DEVICE ||
	    k->err.code == XENOPS_CODE_NO_SUCH_DOMAIN;
}

/* 0: told is what is; 1: it was told; -1: it could not be. */
static int
tell_once(struct call *c, const struct ref *ref, struct xenops_nic_spec *told)
{
	struct xenops_vif_change_args args = { 0 };
	const struct vif *v;
	const struct vm *vm;
	struct ops_call k;

	call_refresh(c);
	v = vif_find(c->root, ref);
	vm = v ? vm_find(c->root, &v->VM) : NULL;
	if (!vm || !v->currently_attached || vm->domid < 0)
		return 0;
	if (vif_spec(c, v, &args.nic))
		return -1;
	if (told->vif && same_nic(told, &args.nic))
		return 0;
	*told = args.nic;
	told->bridge = arena_strdup(c->arena, args.nic.bridge);
	told->ipv4_allowed = copy(c->arena, args.nic.ipv4_allowed);
	told->ipv6_allowed = copy(c->arena, args.nic.ipv6_allowed);
	args.vm = vm->uuid;
	ops_prepare(c, &k);
	if (ops_vif_change(c->x->ops, &k, &args) == 0)
		return 1;
	return is_gone(&k) ? 0 : ops_failed(c, &k, &(struct ops_subject){
	    .vm = v->VM, .device = v->obj.ref, .device_class = "VIF" });
}

/* Of two that change it at once, whoever hears last looks whether that is what
 * it is now. */
int
vif_tell(struct call *c, const struct ref *ref)
{
	struct xenops_nic_spec told = { 0 };
	int rc;

	do
		rc = tell_once(c, ref, &told);
	while (rc == 1);
	return rc;
}

static void
agree(struct call *c, const struct xenops_device_state *d)
{
	const struct vif *v = vif_find_uuid(c->root, d->uuid);
	struct xenops_nic_spec nic;
	struct ref ref;

	if (!v || !v->currently_attached || !d->nic.bridge ||
	    vif_spec(c, v, &nic) || same_nic(&nic, &d->nic))
		return;
	ref = v->obj.ref;
	if (vif_tell(c, &ref))
		log_warn("the VIF '%s' is not as it should be", d->uuid);
}

void
vifs_agree(struct call *c, struct vec domains)
{
	const struct xenops_domain_info *d = domains.v;

	for (uint32_t i = 0; i < domains.n; i++) {
		const struct xenops_device_state *nics = d[i].nics.v;

		for (uint32_t j = 0; j < d[i].nics.n; j++)
			if (nics[j].attached)
				agree(c, &nics[j]);
	}
}

static int
change(struct change *ch)
{
	struct call_undo undo;

	if (call_write(ch->c, change_in, ch))
		return -1;
	if (vif_tell(ch->c, &ch->vif) == 0)
		return 0;
	call_undo_begin(ch->c, &undo);
	call_write(ch->c, undo_in, ch);
	call_undo_end(ch->c, &undo);
	return -1;
}

/* -- messages -- */

static int
make_mode(struct change *ch, struct db_txn *t, struct state *s)
{
	(void)t;
	s->mode = *(const int *)ch->arg;
	return 0;
}

int
api_vif_set_locking_mode(struct call *c,
    const struct vif_set_locking_mode_args *a)
{
	struct change ch = { .c = c, .vif = a->self, .make = make_mode,
		.arg = &a->value };

	return change(&ch);
}

static int
make_network(struct change *ch, struct db_txn *t, struct state *s)
{
	const struct ref *to = ch->arg;

	if (!call_txn_get(ch->c, t, CLASS_NETWORK, to))
		return -1;
	s->network = *to;
	return 0;
}

int
api_vif_move(struct call *c, const struct vif_move_args *a)
{
	struct change ch = { .c = c, .vif = a->self, .make = make_network,
		.arg = &a->network };

	return change(&ch);
}

static struct vec *
set_of(const struct change *ch, struct state *s)
{
	return strcmp(ch->field, IPV4) ? &s->ipv6 : &s->ipv4;
}

static int
make_set(struct change *ch, struct db_txn *t, struct state *s)
{
	const struct vec *set = ch->arg;
	const char *const *v = set->v;
	struct vec *out = set_of(ch, s);

	(void)t;
	if (check_addresses(ch->c, ch->field, *set))
		return -1;
	*out = (struct vec){ 0 };
	for (uint32_t i = 0; i < set->n; i++)
		*out = vec_add_string(ch->c->arena,
		    vec_remove_string(ch->c->arena, *out, v[i]), v[i]);
	return 0;
}

static int
make_more(struct change *ch, struct db_txn *t, struct state *s)
{
	struct vec *set = set_of(ch, s);
	struct arena *a = ch->c->arena;

	(void)t;
	if (!is_address(ch->field, ch->arg))
		return err_invalid_ip_address_specified(ch->c, ch->field);
	*set = vec_add_string(a, vec_remove_string(a, *set, ch->arg), ch->arg);
	return check_addresses(ch->c, ch->field, *set);
}

static int
make_less(struct change *ch, struct db_txn *t, struct state *s)
{
	struct vec *set = set_of(ch, s);

	(void)t;
	*set = vec_remove_string(ch->c->arena, *set, ch->arg);
	return 0;
}

static int
change_allowed(struct call *c, const struct ref *vif, make_fn *make,
    const char *field, const void *arg)
{
	struct change ch = { .c = c, .vif = *vif, .make = make, .arg = arg,
		.field = field };

	return change(&ch);
}

int
api_vif_set_ipv4_allowed(struct call *c,
    const struct vif_set_ipv4_allowed_args *a)
{
	return change_allowed(c, &a->self, make_set, IPV4, &a->value);
}

int
api_vif_set_ipv6_allowed(struct call *c,
    const struct vif_set_ipv6_allowed_args *a)
{
	return change_allowed(c, &a->self, make_set, IPV6, &a->value);
}

int
api_vif_add_ipv4_allowed(struct call *c,
    const struct vif_add_ipv4_allowed_args *a)
{
	return change_allowed(c, &a->self, make_more, IPV4, a->value);
}

int
api_vif_add_ipv6_allowed(struct call *c,
    const struct vif_add_ipv6_allowed_args *a)
{
	return change_allowed(c, &a->self, make_more, IPV6, a->value);
}

int
api_vif_remove_ipv4_allowed(struct call *c,
    const struct vif_remove_ipv4_allowed_args *a)
{
	return change_allowed(c, &a->self, make_less, IPV4, a->value);
}

int
api_vif_remove_ipv6_allowed(struct call *c,
    const struct vif_remove_ipv6_allowed_args *a)
{
	return change_allowed(c, &a->self, make_less, IPV6, a->value);
}
