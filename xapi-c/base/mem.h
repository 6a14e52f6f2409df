/*
 * Heap memory that is there or the process is not: out of memory aborts (the
 * supervisor restarts, state comes back from SQLite).  Freed with free() by
 * whoever the calling module's header names.  Any thread.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mem_alloc(size_t size);			/* not cleared */
void *mem_zalloc(size_t size);			/* all zero */
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);
bool mem_is_zero(const void *p, size_t n);

#endif
