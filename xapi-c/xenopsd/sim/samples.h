/*
 * The counters of the simulated host: all grow evenly with the monotonic clock,
 * so that a rate is the same whenever it is looked at.
 *
 * Of the host: CPU n is busy 5 % * (n % 4 + 1) of the time; NIC n receives
 * 1000000 * (n + 1) bytes a second and sends half of that; load 0.5.
 * Of a domain: vCPU n runs 10 % * (n % 4 + 1) of the time; disk n reads 100
 * times and 409600 bytes, writes 50 times and 204800 bytes a second, each
 * request taking 1 ms; NIC n is sent 10000 * (n + 1) bytes a second and sends
 * half.
 */
#ifndef XENOPSD_SIM_SAMPLES_H
#define XENOPSD_SIM_SAMPLES_H

#include "xenopsd/core/request.h"

request_handler sim_samples_get;

#endif
