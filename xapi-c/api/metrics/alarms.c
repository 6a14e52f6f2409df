#include "api/metrics/alarms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/metrics/alarm.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/methods.h"
#include "gen/store.h"

#define KEY "perfmon"
#define BUCKETS 256

/* An owner whose other_config has the key. */
struct watch {
	struct watch *next;
	struct arena *arena;		/* holds it */
	enum metrics_class class;
	const char *uuid;
	const char *text;		/* what was parsed */
	const struct perfmon_variable *variables;
	struct alarm *alarms;
	int n;
	int64_t slot;			/* when it was there last */
};

struct alarms {
	struct xapi *x;
	struct watch *buckets[BUCKETS];
	int n;
};

struct round {
	struct alarms *al;
	struct db_root *root;
	struct arena *arena;
	int64_t slot;
	int told;
};

/* -- who is watched -- */

static struct watch **
bucket(struct alarms *al, const char *uuid)
{
	unsigned int h = 0;

	for (const char *p = uuid; *p; p++)
		h = h * 31 + (unsigned char)*p;
	return &al->buckets[h % BUCKETS];
}

static struct watch *
watch_new(struct alarms *al, enum metrics_class class, const char *uuid,
    const char *text)
{
	struct arena *a = arena_new();
	struct watch *w = arena_alloc(a, sizeof(*w)), **at = bucket(al, uuid);
	struct perfmon_variable *variables = NULL;
	int n = perfmon_xml_parse(a, text, &variables);

	if (n < 0)
		log_warn("other_config:%s of %s is no list of variables", KEY,
		    uuid);
	*w = (struct watch){ .next = *at, .arena = a, .class = class,
		.uuid = arena_strdup(a, uuid), .text = arena_strdup(a, text),
		.variables = variables, .n = n < 0 ? 0 : n };
	w->alarms = arena_alloc(a, ((size_t)w->n + 1) * sizeof(*w->alarms));
	*at = w;
	al->n++;
	return w;
}

static void
watch_free(struct alarms *al, struct watch **at)
{
	struct watch *w = *at;

	*at = w->next;
	al->n--;
	arena_free(w->arena);
}

/* NULL: there are too many. */
static struct watch *
watch_of(struct alarms *al, enum metrics_class class, const char *uuid,
    const char *text)
{
	struct watch **at = bucket(al, uuid);

	while (*at && ((*at)->class != class || strcmp((*at)->uuid, uuid)))
		at = &(*at)->next;
	if (*at && strcmp((*at)->text, text) == 0)
		return *at;
	if (*at)
		watch_free(al, at);
	return al->n < ALARMS_OWNERS_MAX ?
	    watch_new(al, class, uuid, text) : NULL;
}

/* -- values -- */

/* How full an SR is, 0 to 1. */
static double
sr_fullness(const struct round *r, const char *uuid)
{
	const struct sr *sr = db_find_uuid(r->root, CLASS_SR, uuid);

	return sr && sr->physical_size > 0 ? (double)sr->physical_utilisation /
	    (double)sr->physical_size : NAN;
}

static void
tell(struct round *r, const struct watch *w,
    const struct perfmon_variable *v, double value)
{
	static const int subjects[METRICS_CLASSES] = {
		[METRICS_HOST] = CLS_HOST, [METRICS_VM] = CLS_VM,
		[METRICS_SR] = CLS_SR,
	};
	struct call c = { .x = r->al->x, .arena = r->arena, .superuser = true,
		.root = db_root_get(r->al->x->db) };
	struct ref ref;

	if (api_message_create(&c, &(struct message_create_args){
	    .name = "ALARM", .priority = v->priority,
	    .cls = subjects[w->class], .obj_uuid = w->uuid,
	    .body = arena_printf(r->arena, "value: %f\nconfig:\n%s", value,
	    v->text) }, &ref))
		log_warn("an alarm of %s is lost: %s", w->uuid,
		    c.err.code ? c.err.code : "?");
	call_close(&c);
	r->told++;
}

static void
look(struct round *r, struct watch *w)
{
	int64_t slots = w->slot ? r->slot - w->slot : 1;
	struct image now = { 0 };

	w->slot = r->slot;
	metrics_now(r->al->x->metrics, r->arena, w->class, w->uuid, &now);
	for (int i = 0; i < w->n && r->told < ALARMS_ROUND; i++) {
		const struct perfmon_variable *v = &w->variables[i];
		double value = w->class == METRICS_SR &&
		    strcmp(v->name, "physical_utilisation") == 0 ?
		    sr_fullness(r, w->uuid) :
		    alarm_value(w->class, v->name, &now);

		if (alarm_step(&w->alarms[i], v, value, slots > 0 ?
		    slots * RRD_STEP_S : 0))
			tell(r, w, v, value);
	}
}

static void
consider(struct round *r, enum metrics_class class, const char *uuid,
    struct vec other_config)
{
	const char *text = map_get(other_config, KEY);
	struct watch *w = text ? watch_of(r->al, class, uuid, text) : NULL;

	if (w)
		look(r, w);
}

static int
consider_vm(const void *obj, void *arg)
{
	const struct vm *vm = obj;

	if (!vm->is_a_template && !vm->is_a_snapshot)
		consider(arg, METRICS_VM, vm->uuid, vm->other_config);
	return 0;
}

static int
consider_sr(const void *obj, void *arg)
{
	const struct sr *sr = obj;

	consider(arg, METRICS_SR, sr->uuid, sr->other_config);
	return 0;
}

/* -- rounds -- */

struct alarms *
alarms_new(struct xapi *x)
{
	struct alarms *al = mem_zalloc(sizeof(*al));

	al->x = x;
	return al;
}

/* Those that were not there in this round; slot -1: all. */
static void
drop(struct alarms *al, int64_t slot)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct watch **at = &al->buckets[i];

		while (*at) {
			if ((*at)->slot != slot)
				watch_free(al, at);
			else
				at = &(*at)->next;
		}
	}
}

void
alarms_free(struct alarms *al)
{
	if (!al)
		return;
	drop(al, -1);
	free(al);
}

void
alarms_round(struct alarms *al, struct db_root *root, int64_t slot)
{
	struct round r = { .al = al, .root = root, .arena = arena_new(),
		.slot = slot };
	const struct host *host = host_find(root, &al->x->host);

	if (host)
		consider(&r, METRICS_HOST, host->uuid, host->other_config);
	db_each(root, CLASS_VM, consider_vm, &r);
	db_each(root, CLASS_SR, consider_sr, &r);
	drop(al, slot);
	arena_free(r.arena);
}
