/*
 * The way from the simulator's workers to its machine (sim/machine.h), which is
 * in the main process: a socket with one message for each call and each
 * answer, both as they are in memory, for both ends are the same program.  A
 * worker that is killed leaves nothing but what its calls have done.
 */
#ifndef XENOPSD_SIM_CALLS_H
#define XENOPSD_SIM_CALLS_H

#include "xenopsd/sim/machine.h"

struct sim_calls;

/* Main process: serves calls on a socket in state_dir; 0 or -errno. */
int sim_calls_new(struct loop *l, struct sim_machine *m,
    const char *state_dir, struct sim_calls **s_out);
void sim_calls_free(struct sim_calls *s);

/* Worker: the descriptor of a connection, or -errno. */
int sim_calls_connect(const char *state_dir);
/* noticed_out is set if a notice came before the answer. */
void sim_calls_do(int fd, const struct sim_call *c, struct sim_answer *out,
    bool *noticed_out);
/* Waits for a notice; false: the time is over, or the main process gone. */
bool sim_calls_wait(int fd, int64_t deadline_mono);

#endif
