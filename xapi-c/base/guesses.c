#include "base/guesses.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define ACCOUNTS 16			/* by a hash of their names */
#define NAME_MAX_LOGGED 64

/* A source that was wrong, or is being heard. */
struct suspect {
	struct source from;
	int64_t used_ms;
	int64_t until_ms;		/* not heard before */
	uint32_t wrong;
	uint32_t trying;
};

struct account {
	int64_t since_ms;
	uint32_t wrong;			/* since then */
};

struct guesses {
	const char *what;
	int64_t (*now_ms)(void);
	pthread_mutex_t lock;		/* all below */
	pthread_cond_t turn;
	int heard;			/* GUESS_AT_ONCE at most */
	struct account accounts[ACCOUNTS];
	struct suspect suspects[GUESS_SOURCES];
	uint32_t n;
	/* refused and not yet told */
	uint64_t untold;
	int64_t told_ms;
	bool ever_told;
	struct source last_from;
	char last_account[NAME_MAX_LOGGED + 1];
};

struct guesses *
guesses_new(const char *what, int64_t (*now_ms)(void))
{
	struct guesses *g = mem_zalloc(sizeof(*g));

	g->what = what;
	g->now_ms = now_ms;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->turn, NULL);
	return g;
}

void
guesses_free(struct guesses *g)
{
	if (!g)
		return;
	pthread_cond_destroy(&g->turn);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

/* -- the log; with the lock held -- */

static void
report(struct guesses *g)
{
	char from[SOURCE_TEXT];

	if (!g->untold || (g->ever_told &&
	    g->now_ms() - g->told_ms < GUESS_REPORT_MS))
		return;
	source_text(&g->last_from, from);
	if (g->untold == 1)
		log_warn("refused %s as '%s' from %s", g->what,
		    g->last_account, from);
	else
		log_warn("refused %s %llu times, last as '%s' from %s",
		    g->what, (unsigned long long)g->untold, g->last_account,
		    from);
	g->untold = 0;
	g->ever_told = true;
	g->told_ms = g->now_ms();
}

static void
note(struct guesses *g, const struct source *from, const char *account)
{
	g->untold++;
	g->last_from = *from;
	strncpy(g->last_account, account, NAME_MAX_LOGGED);
	report(g);
}

void
guesses_report(struct guesses *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	report(g);
	pthread_mutex_unlock(&g->lock);
}

/* -- who waits; with the lock held -- */

static struct account *
account_of(struct guesses *g, const char *name)
{
	uint32_t h = 2166136261u;
	struct account *a;

	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	a = &g->accounts[h % ACCOUNTS];
	if (g->now_ms() - a->since_ms >= GUESS_SIEGE_MS)
		*a = (struct account){ .since_ms = g->now_ms() };
	return a;
}

static struct suspect *
suspect_find(struct guesses *g, const struct source *from)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (source_equal(&g->suspects[i].from, from))
			return &g->suspects[i];
	return NULL;
}

/* Few are heard at a time, so there is always one that is not. */
static struct suspect *
suspect_oldest(struct guesses *g)
{
	struct suspect *s, *old = NULL;

	for (uint32_t i = 0; i < g->n; i++) {
		s = &g->suspects[i];
		if (!s->trying && (!old || s->used_ms < old->used_ms))
			old = s;
	}
	return old;
}

static struct suspect *
suspect_get(struct guesses *g, const struct source *from)
{
	struct suspect *s = suspect_find(g, from);
	int64_t now = g->now_ms();

	if (!s) {
		s = g->n < GUESS_SOURCES ? &g->suspects[g->n++] :
		    suspect_oldest(g);
		if (!s)
			return NULL;
		*s = (struct suspect){ .from = *from };
	} else if (now - s->used_ms >= GUESS_FORGET_MS) {
		s->wrong = 0;
	}
	s->used_ms = now;
	return s;
}

static uint32_t
free_guesses(const struct account *a)
{
	return a->wrong >= GUESS_SIEGE ? 1 : GUESS_FREE;
}

/* Of a source that was wrong, so many may be heard at a time as are free; of
 * another any: its own that are right need not wait for each other. */
static bool
may_try(const struct suspect *s, uint32_t at_no_cost, int64_t now)
{
	if (!s->wrong)
		return true;
	if (now < s->until_ms)
		return false;
	return s->trying < (s->wrong < at_no_cost ? at_no_cost - s->wrong : 1);
}

static int64_t
wait_after(uint32_t wrong, const struct account *a)
{
	int64_t wait = GUESS_WAIT_MS;

	if (a->wrong >= GUESS_SIEGE)
		return GUESS_WAIT_MAX_MS;
	if (wrong < GUESS_FREE)
		return 0;
	for (uint32_t i = GUESS_FREE; i < wrong && wait < GUESS_WAIT_MAX_MS;
	    i++)
		wait *= 2;
	return wait < GUESS_WAIT_MAX_MS ? wait : GUESS_WAIT_MAX_MS;
}

bool
guess_begin(struct guesses *g, const struct source *from, const char *account,
    int *wait_s_out)
{
	struct suspect *s;
	int64_t wait_ms;
	bool ok;

	pthread_mutex_lock(&g->lock);
	s = suspect_get(g, from);
	ok = s && may_try(s, free_guesses(account_of(g, account)),
	    g->now_ms());
	if (ok) {
		s->trying++;
		while (g->heard >= GUESS_AT_ONCE)
			pthread_cond_wait(&g->turn, &g->lock);
		g->heard++;
	} else {
		wait_ms = s ? s->until_ms - g->now_ms() : 0;
		*wait_s_out = wait_ms > 1000 ? (int)((wait_ms + 999) / 1000) :
		    1;
		note(g, from, account);
	}
	pthread_mutex_unlock(&g->lock);
	return ok;
}

bool
guess_was_wrong(struct guesses *g, const struct source *from)
{
	const struct suspect *s;
	bool yes;

	pthread_mutex_lock(&g->lock);
	s = suspect_find(g, from);
	yes = s && s->wrong && g->now_ms() - s->used_ms < GUESS_FORGET_MS;
	pthread_mutex_unlock(&g->lock);
	return yes;
}

static void
was_wrong(struct guesses *g, struct suspect *s, const char *account)
{
	struct account *a = account_of(g, account);

	a->wrong++;
	s->wrong++;
	s->until_ms = g->now_ms() + wait_after(s->wrong, a);
}

void
guess_end(struct guesses *g, const struct source *from, const char *account,
    enum guess outcome)
{
	struct suspect *s;

	pthread_mutex_lock(&g->lock);
	g->heard--;
	pthread_cond_signal(&g->turn);
	s = suspect_find(g, from);
	s->trying--;
	if (outcome == GUESS_RIGHT)
		s->wrong = 0;
	else if (outcome == GUESS_WRONG)
		was_wrong(g, s, account);
	if (outcome != GUESS_RIGHT)
		note(g, from, account);
	if (!s->wrong && !s->trying)
		*s = g->suspects[--g->n];
	pthread_mutex_unlock(&g->lock);
}
