/*
 * Arena: memory that dies together.  A request, a task and a transaction each
 * have one.  Nothing taken from an arena is freed by itself.  An arena belongs
 * to one thread at a time.  Out of memory aborts the process (the supervisor
 * restarts it and state comes back from SQLite), so every size that a peer can
 * influence is checked against a named limit before it gets here.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);		/* NULL is allowed */
void *arena_alloc(struct arena *a, size_t size);	/* zeroed, aligned to 16 */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);
/* Bytes handed out so far. */
size_t arena_used(const struct arena *a);

#endif
