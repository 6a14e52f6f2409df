#include "api/metrics/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "api/metrics/alarms.h"
#include "api/metrics/memory.h"
#include "api/metrics/sample.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define STEP_MS (RRD_STEP_S * 1000)
#define ANSWER_MS 4000		/* what xenopsd may take */
#define SWEEP_SLOTS (3600 / RRD_STEP_S)

struct sampler {
	struct xapi *x;
	struct alarms *alarms;
	pthread_t thread;
	bool failing;			/* the log knows */
	int64_t swept;			/* slot; 0: not yet */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;			/* under lock */
};

static bool
exists(void *arg, enum metrics_class class, const char *uuid)
{
	static const int classes_of[METRICS_CLASSES] = {
		[METRICS_HOST] = CLASS_HOST, [METRICS_VM] = CLASS_VM,
		[METRICS_SR] = CLASS_SR,
	};

	return db_find_uuid(arg, classes_of[class], uuid) != NULL;
}

static void
sweep(struct sampler *s, struct db_root *root, int64_t slot)
{
	if (s->swept && slot - s->swept < SWEEP_SLOTS && slot >= s->swept)
		return;
	s->swept = slot;
	metrics_sweep(s->x->metrics, exists, root);
}

static void
say(struct sampler *s, bool ok, const char *why)
{
	if (!ok && !s->failing)
		log_warn("no samples: %s", why);
	else if (ok && s->failing)
		log_info("samples come again");
	s->failing = !ok;
}

static void
sample(struct sampler *s, int64_t slot)
{
	struct xenops_samples_get_result r = { 0 };
	struct arena *a = arena_new();
	struct ops_call k = { .arena = a, .limit_ms = ANSWER_MS };
	struct db_root *root;

	if (ops_samples_get(s->x->ops, &k, &r) == 0) {
		root = db_root_get(s->x->db);
		sample_store(s->x, root, a, slot, &r);
		memory_store(s->x, root, &r);
		alarms_round(s->alarms, root, slot);
		sweep(s, root, slot);
		db_root_put(root);
		say(s, true, "");
	} else if (ops_is_connected(s->x->ops)) {
		say(s, false, k.err.text);
	}
	arena_free(a);
}

/* Locked; false: the end. */
static bool
wait_until(struct sampler *s, int64_t mono_ms)
{
	struct timespec until = cond_after_ms(mono_ms - clock_mono_ms());

	while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock,
	    &until) != ETIMEDOUT)
		;
	return !s->stop;
}

/* Waits for the next multiple of the step; its number, or 0 at the end. */
static int64_t
next_slot(struct sampler *s)
{
	int64_t wall_ms = clock_wall_ms();
	int64_t slot = wall_ms / STEP_MS + 1;
	bool on;

	pthread_mutex_lock(&s->lock);
	on = wait_until(s, clock_mono_ms() + slot * STEP_MS - wall_ms);
	pthread_mutex_unlock(&s->lock);
	/* the clock may have been set meanwhile */
	return on ? (clock_wall_ms() + STEP_MS / 2) / STEP_MS : 0;
}

/* host.backup_rrds */
static void
save_if_due(struct xapi *x)
{
	int64_t due = atomic_load(&x->archives_due_ms);
	int64_t now = clock_mono_ms();

	if (due && due <= now &&
	    atomic_compare_exchange_strong(&x->archives_due_ms, &due, 0))
		metrics_save(x->metrics, now + SAMPLER_SAVE_MS);
}

static void *
sampler_main(void *arg)
{
	struct sampler *s = arg;
	int64_t slot;

	while ((slot = next_slot(s))) {
		sample(s, slot);
		save_if_due(s->x);
	}
	metrics_save(s->x->metrics, clock_mono_ms() + SAMPLER_SAVE_MS);
	return NULL;
}

int
sampler_start(struct xapi *x, struct sampler **out)
{
	struct sampler *s = mem_zalloc(sizeof(*s));
	int rc;

	s->x = x;
	s->alarms = alarms_new(x);
	pthread_mutex_init(&s->lock, NULL);
	cond_init(&s->wake);
	rc = -pthread_create(&s->thread, NULL, sampler_main, s);
	if (rc) {
		alarms_free(s->alarms);
		free(s);
	} else {
		*out = s;
	}
	return rc;
}

void
sampler_stop(struct sampler *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	alarms_free(s->alarms);
	free(s);
}
