/* Condition variables that are waited for by the monotonic clock. */
#ifndef BASE_COND_H
#define BASE_COND_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

void cond_init(pthread_cond_t *cond);
/* In so long, for pthread_cond_timedwait. */
struct timespec cond_after_ms(int64_t ms);

#endif
