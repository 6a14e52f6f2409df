/* Clocks.  Time-outs use the monotonic one; only timestamps shown to people
 * and clients use the wall clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);
int64_t clock_wall_ms(void);
int64_t clock_wall_s(void);

#endif
