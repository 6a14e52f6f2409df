/*
 * The terminal of the console screen: keys, lines and secrets typed on it.
 * One terminal, standard input and output.
 */
#ifndef INSTALLER_TERM_H
#define INSTALLER_TERM_H

#include <stdbool.h>
#include <stddef.h>

/* One key at a time, not echoed; term_restore undoes it (also before a shell
 * is started). */
void term_raw(void);
void term_restore(void);
/* The next key, or -1 when none came within timeout_ms or input ended. */
int term_key(int timeout_ms);
/* Did input end (the line was hung up)? */
bool term_is_gone(void);
void term_clear(void);
/* Asks and reads a line; a secret is not shown.  False: interrupted (Ctrl-C,
 * Esc, end of input). */
bool term_ask(const char *prompt, char *buf, size_t size, bool secret);

#endif
