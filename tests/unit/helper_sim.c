/* The simulator's program, built with the sanitizers. */
#include "xenopsd/sim/sim.h"

#include "../../xapi-c/xenopsd/sim/main.c"
