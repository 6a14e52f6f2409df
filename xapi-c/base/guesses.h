/*
 * Slows those who guess passwords, and keeps them from filling the log.
 *
 * A source may be wrong GUESS_FREE times.  Then it waits after each wrong one,
 * twice as long each time; what it tries before that is refused unheard.  The
 * right password forgets its wrong ones, and so does GUESS_FORGET_MS.  While
 * many are wrong about one account, whoever is wrong about it waits the longest
 * at once.  A source that was not wrong is always heard, so nobody locks out
 * another; and only GUESS_AT_ONCE are heard at a time, as each costs a hash.
 *
 * Refusals become one line of the log per GUESS_REPORT_MS.
 *
 * Any thread; guess_begin may wait for the hashes of those before.
 */
#ifndef BASE_GUESSES_H
#define BASE_GUESSES_H

#include "base/source.h"

#define GUESS_FREE 5
#define GUESS_WAIT_MS 1000		/* then, doubled each time */
#define GUESS_WAIT_MAX_MS 60000
#define GUESS_FORGET_MS 3600000
#define GUESS_SIEGE 100			/* wrong ones about an account ... */
#define GUESS_SIEGE_MS 600000		/* ... within this */
#define GUESS_AT_ONCE 2
#define GUESS_SOURCES 4096		/* remembered; then the oldest goes */
#define GUESS_REPORT_MS 60000

struct guesses;

enum guess {
	GUESS_RIGHT, GUESS_WRONG,
	GUESS_VOID,			/* there is no password to guess */
};

/* what: of the log's lines, "a login"; now_ms: a clock that nobody sets. */
struct guesses *guesses_new(const char *what, int64_t (*now_ms)(void));
void guesses_free(struct guesses *g);	/* NULL is allowed */
/* May the source try?  If so guess_end must follow; else *wait_s_out tells
 * when it may. */
bool guess_begin(struct guesses *g, const struct source *from,
    const char *account, int *wait_s_out);
/* Was it wrong of late?  Whoever was not goes first where there is a queue, so
 * that those who guess from many places keep nobody out. */
bool guess_was_wrong(struct guesses *g, const struct source *from);
void guess_end(struct guesses *g, const struct source *from,
    const char *account, enum guess outcome);
/* Tells the log of what is due; for a housekeeper.  NULL is allowed. */
void guesses_report(struct guesses *g);

#endif
