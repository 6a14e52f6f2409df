/*
 * VMSS: the records of schedules by which snapshots are taken.  When is a map
 * of texts, whose keys depend on how often.
 */
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

#define MIN_RETAINED 1
#define MAX_RETAINED 10

/* -- what a schedule may say -- */

static const char *const minutes[] = { "0", "15", "30", "45", NULL };
static const char *const week[] = { "Monday", "Tuesday", "Wednesday",
	"Thursday", "Friday", "Saturday", "Sunday", NULL };

static bool
is_one_of(const char *const *words, const char *text, size_t len)
{
	for (; *words; words++)
		if (strlen(*words) == len && memcmp(*words, text, len) == 0)
			return true;
	return false;
}

static bool
is_minute(const char *text)
{
	return is_one_of(minutes, text, strlen(text));
}

static bool
is_hour(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && !*end && strlen(text) < 3 &&
	    n < 24;
}

/* Names, with commas between them. */
static bool
are_days(const char *text)
{
	for (;; text++) {
		size_t len = strcspn(text, ",");

		if (!is_one_of(week, text, len))
			return false;
		text += len;
		if (!*text)
			return true;
	}
}

/* Keys, from which frequency on they count, and what they are if not given. */
static const struct key {
	const char *name;
	int from;			/* enum vmss_frequency */
	bool (*is_good)(const char *text);
	const char *otherwise;
} keys[] = {
	{ "min", VMSS_FREQUENCY_HOURLY, is_minute, "0" },
	{ "hour", VMSS_FREQUENCY_DAILY, is_hour, "0" },
	{ "days", VMSS_FREQUENCY_WEEKLY, are_days, "Monday" },
};

#define KEYS_N (sizeof(keys) / sizeof(keys[0]))

static int
check_pair(struct call *c, const char *name, const char *value)
{
	for (size_t i = 0; i < KEYS_N; i++)
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].is_good(value) ? 0 :
			    err_invalid_value(c, arena_printf(c->arena,
			    "schedule:%s", name), value);
	return err_invalid_value(c, "schedule", name);
}

static int
check_map(struct call *c, struct vec map)
{
	const struct string_pair *p = map.v;

	for (uint32_t i = 0; i < map.n; i++)
		if (check_pair(c, p[i].key, p[i].value))
			return -1;
	return 0;
}

static int
check_retained(struct call *c, int64_t n)
{
	return n >= MIN_RETAINED && n <= MAX_RETAINED ? 0 :
	    err_invalid_value(c, "retained_snapshots",
	    arena_printf(c->arena, "%lld", (long long)n));
}

/* The keys that the frequency has, all of them. */
static struct vec
complete(struct arena *a, struct vec map, int frequency)
{
	struct vec out = { 0 };

	for (size_t i = 0; i < KEYS_N; i++) {
		const char *value = map_get(map, keys[i].name);

		if (frequency >= keys[i].from)
			out = map_set(a, out, keys[i].name,
			    value ? value : keys[i].otherwise);
	}
	return out;
}

/* -- making and destroying -- */

struct create {
	const struct vmss *in;
	struct ref ref;
};

static int
create_in(struct db_txn *t, void *arg)
{
	struct create *cr = arg;
	struct vmss *s = vmss_txn_new(t);

	s->name_label = cr->in->name_label;
	s->name_description = cr->in->name_description;
	s->enabled = cr->in->enabled;
	s->type = cr->in->type;
	s->retained_snapshots = cr->in->retained_snapshots;
	s->frequency = cr->in->frequency;
	s->schedule = complete(txn_arena(t), cr->in->schedule,
	    cr->in->frequency);
	cr->ref = s->obj.ref;
	return 0;
}

int
api_vmss_create(struct call *c, const struct vmss_create_args *a,
    struct ref *result)
{
	struct create cr = { .in = &a->args };

	if (check_map(c, a->args.schedule) ||
	    check_retained(c, a->args.retained_snapshots) ||
	    call_write(c, create_in, &cr))
		return -1;
	*result = cr.ref;
	return 0;
}

struct change {
	struct call *c;
	const struct ref *ref, *schedule;
	int64_t number;
	const char *key, *value;
	const struct vec *map;
};

static int
destroy_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	const struct vmss *s = call_txn_get(ch->c, t, CLASS_VMSS, ch->ref);

	if (!s)
		return -1;
	if (s->VMs.n)
		return err_vmss_has_vm(ch->c);
	txn_delete(t, CLASS_VMSS, ch->ref);
	return 0;
}

int
api_vmss_destroy(struct call *c, const struct vmss_destroy_args *a)
{
	return call_write(c, destroy_in,
	    &(struct change){ .c = c, .ref = &a->self });
}

/* -- setters -- */

static int
retained_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vmss *s = call_txn_edit(ch->c, t, CLASS_VMSS, ch->ref);

	if (!s || check_retained(ch->c, ch->number))
		return -1;
	s->retained_snapshots = ch->number;
	return 0;
}

int
api_vmss_set_retained_snapshots(struct call *c,
    const struct vmss_set_retained_snapshots_args *a)
{
	return call_write(c, retained_in, &(struct change){ .c = c,
	    .ref = &a->self, .number = a->value });
}

static int
frequency_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vmss *s = call_txn_edit(ch->c, t, CLASS_VMSS, ch->ref);

	if (!s)
		return -1;
	s->frequency = (int)ch->number;
	s->schedule = complete(txn_arena(t), s->schedule, s->frequency);
	return 0;
}

int
api_vmss_set_frequency(struct call *c,
    const struct vmss_set_frequency_args *a)
{
	return call_write(c, frequency_in, &(struct change){ .c = c,
	    .ref = &a->self, .number = a->value });
}

static int
type_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vmss *s = call_txn_edit(ch->c, t, CLASS_VMSS, ch->ref);

	if (!s)
		return -1;
	s->type = (int)ch->number;
	return 0;
}

int
api_vmss_set_type(struct call *c, const struct vmss_set_type_args *a)
{
	return call_write(c, type_in, &(struct change){ .c = c,
	    .ref = &a->self, .number = a->value });
}

static int
last_run_time_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vmss *s = call_txn_edit(ch->c, t, CLASS_VMSS, ch->ref);

	if (!s)
		return -1;
	s->last_run_time = ch->number;
	return 0;
}

int
api_vmss_set_last_run_time(struct call *c,
    const struct vmss_set_last_run_time_args *a)
{
	return call_write(c, last_run_time_in, &(struct change){ .c = c,
	    .ref = &a->self, .number = a->value });
}

static int
schedule_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vmss *s = call_txn_edit(ch->c, t, CLASS_VMSS, ch->ref);

	if (!s || check_map(ch->c, *ch->map))
		return -1;
	s->schedule = complete(txn_arena(t), *ch->map, s->frequency);
	return 0;
}

int
api_vmss_set_schedule(struct call *c, const struct vmss_set_schedule_args *a)
{
	return call_write(c, schedule_in, &(struct change){ .c = c,
	    .ref = &a->self, .map = &a->value });
}

static int
add_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vmss *s = call_txn_edit(ch->c, t, CLASS_VMSS, ch->ref);

	if (!s || check_pair(ch->c, ch->key, ch->value))
		return -1;
	if (map_get(s->schedule, ch->key))
		return err_map_duplicate_key(ch->c, "VMSS", "schedule",
		    call_ref_text(ch->c, ch->ref), ch->key);
	s->schedule = map_set(txn_arena(t), s->schedule, ch->key, ch->value);
	return 0;
}

int
api_vmss_add_to_schedule(struct call *c,
    const struct vmss_add_to_schedule_args *a)
{
	return call_write(c, add_in, &(struct change){ .c = c,
	    .ref = &a->self, .key = a->key ? a->key : "",
	    .value = a->value ? a->value : "" });
}

static int
vm_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vm *vm = call_txn_edit(ch->c, t, CLASS_VM, ch->ref);

	if (!vm || (!ref_is_null(ch->schedule) && !call_txn_get(ch->c, t,
	    CLASS_VMSS, ch->schedule)))
		return -1;
	if (vm->is_control_domain || vm->is_a_template)
		return err_operation_not_allowed(ch->c,
		    "control domains and templates are on no schedule");
	vm->snapshot_schedule = *ch->schedule;
	return 0;
}

int
api_vm_set_snapshot_schedule(struct call *c,
    const struct vm_set_snapshot_schedule_args *a)
{
	return call_write(c, vm_in, &(struct change){ .c = c,
	    .ref = &a->self, .schedule = &a->value });
}

/* Clients replace a key by removing and adding it. */
static int
remove_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct vmss *s = call_txn_edit(ch->c, t, CLASS_VMSS, ch->ref);

	if (!s)
		return -1;
	s->schedule = map_remove(txn_arena(t), s->schedule, ch->key);
	return 0;
}

int
api_vmss_remove_from_schedule(struct call *c,
    const struct vmss_remove_from_schedule_args *a)
{
	return call_write(c, remove_in, &(struct change){ .c = c,
	    .ref = &a->self, .key = a->key ? a->key : "" });
}
