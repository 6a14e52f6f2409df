/* The simulator's program, built with the sanitizers. */
#include "xenopsd/sim.h"

#include "../../xapi-c/xenopsd/sim_main.c"
