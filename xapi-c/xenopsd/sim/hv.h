/*
 * The back end of hv.h for the simulated host.  In the main process it calls
 * the machine (sim/machine.h), in a worker by way of sim/calls.h; list, events
 * and consoles are for the main process alone.
 */
#ifndef XENOPSD_SIM_HV_H
#define XENOPSD_SIM_HV_H

#include "xenopsd/domains/hv.h"

struct sim_machine;

struct sim_hv {
	struct hv hv;			/* first */
	struct sim_machine *machine;	/* NULL in a worker */
	int fd;				/* of a worker's calls, or -1 */
	bool noticed;			/* since wait_begin or the last wait */
	int failure;			/* the first since forget_errors */
};

void sim_hv_init(struct sim_hv *h, struct sim_machine *m);
/* A worker's; 0 or -errno. */
int sim_hv_connect(struct sim_hv *h, const char *state_dir);
void sim_hv_release(struct sim_hv *h);

#endif
