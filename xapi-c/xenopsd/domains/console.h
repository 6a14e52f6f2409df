/*
 * Consoles of guests: each terminal is read once, here, into a ring of its
 * last output, and handed to everybody who looks.  A viewer is one end of a
 * socket pair, whose other end went to xapi.  A new viewer first gets what the
 * ring still has; all viewers may type.  One that reads too slowly loses its
 * own bytes, the oldest first, and holds up nobody; one that never closes
 * costs a place among CONSOLE_VIEWERS.  A guest that takes no input stops its
 * viewers' typing only.  Output beyond CONSOLE_RATE waits in the terminal, so
 * that the guest waits, as it would for a serial line.
 *
 * Main process of xenopsd, and the simulator; one thread.
 */
#ifndef XENOPSD_DOMAINS_CONSOLE_H
#define XENOPSD_DOMAINS_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "xenopsd/core/loop.h"

#define CONSOLE_RING 16384		/* scroll-back of a guest, bytes */
#define CONSOLE_INPUT 4096		/* typed, not yet taken by the guest */
#define CONSOLE_RATE (512 << 10)	/* bytes a second of one guest */
#define CONSOLE_VIEWERS 16		/* of one guest */
#define CONSOLE_VIEWERS_ALL 128
#define CONSOLE_LINGER_MS 5000		/* for the last bytes of one that ended */

struct consoles;
struct console;			/* of one VM, from start to halt */

struct consoles *consoles_new(struct loop *l);
void consoles_free(struct consoles *cs);	/* and all of its consoles */

/* Until console_end. */
struct console *console_new(struct consoles *cs);
/* Whether the terminal of that domain is being read. */
bool console_reads(const struct console *c, int64_t domid);
/* The VM's domain has this terminal; takes over fd.  Viewers of its last
 * domain stay: a reboot is no reason to go. */
void console_attach(struct console *c, int64_t domid, int fd);
/* The VM has no domain any more; c is not to be used again.  Its viewers get
 * the rest, and the end. */
void console_end(struct console *c);
/* A new viewer, before or after console_attach: the caller's end, or -EMFILE:
 * too many, or another -errno. */
int console_view(struct console *c);
/* Opens the terminal at a path below /dev/pts, in raw mode; fd or -errno. */
int console_open_terminal(const char *path);

#endif
