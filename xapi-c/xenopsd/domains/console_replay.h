/*
 * Old output of a console for somebody who comes now.  Pure functions.
 */
#ifndef XENOPSD_DOMAINS_CONSOLE_REPLAY_H
#define XENOPSD_DOMAINS_CONSOLE_REPLAY_H

#include <stddef.h>

/*
 * Copies n bytes of output to dst (room for n) without what asks a terminal for
 * an answer: it was answered when it was new, and a second answer would be
 * typed into the guest.  Returns how many.
 */
size_t console_replay(char *dst, const char *src, size_t n);

#endif
