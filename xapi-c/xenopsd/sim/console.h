/*
 * The guest's end of a console, which prints and echoes; the other end is read
 * by console.h, as a real one is.  Main process of the simulator.
 */
#ifndef XENOPSD_SIM_CONSOLE_H
#define XENOPSD_SIM_CONSOLE_H

#include "xenopsd/core/loop.h"

struct sim_console;

/* NULL, logged; all others take NULL. */
struct sim_console *sim_console_new(struct loop *l);
void sim_console_free(struct sim_console *c);
/* Its terminal; lives as long as c. */
const char *sim_console_path(const struct sim_console *c);
/* From now on it takes no input. */
void sim_console_deafen(struct sim_console *c);
void sim_console_print(struct sim_console *c, const char *text);

#endif
