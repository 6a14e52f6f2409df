/*
 * Two planted faults, one for each sanitizer: a run of the others that finds
 * nothing says something only where these are found.  run.py gives the inputs.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	volatile int n = INT_MAX;
	char *copy = malloc(len + 1);
	volatile char c;

	memcpy(copy, data, len);
	if (len == 1 && data[0] == 'a')
		c = copy[len + 1];	/* beyond its end */
	else if (len == 1 && data[0] == 'u')
		n = n + 1;		/* signed overflow */
	(void)c;
	free(copy);
	return 0;
}
