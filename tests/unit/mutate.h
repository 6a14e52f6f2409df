/*
 * Deterministic mutation of a valid input: what a fuzzer does, in a unit test.
 * The parsers under test must survive every result; sanitizers watch.
 */
#ifndef UNIT_MUTATE_H
#define UNIT_MUTATE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mutate_state = 88172645463325252ULL;

static inline uint64_t
mutate_random(void)
{
	mutate_state ^= mutate_state << 13;
	mutate_state ^= mutate_state >> 7;
	mutate_state ^= mutate_state << 17;
	return mutate_state;
}

/* A changed copy of data, exactly as long as its allocation; free it. */
static inline char *
mutate(const char *data, size_t len, size_t *len_out)
{
	static const char spice[] = "<>&;\"'{}[]:,/=%\r\n\0\xff\xc3 0-9e.";
	size_t at, n = len, i, cut;
	char *out = malloc(len + 1);
	int changes = (int)(mutate_random() % 6);

	memcpy(out, data, len);
	while (changes-- > 0 && n > 0) {
		at = mutate_random() % n;
		switch (mutate_random() % 4) {
		case 0:
			out[at] = (char)mutate_random();
			break;
		case 1:
			out[at] = spice[mutate_random() %
			    (sizeof(spice) - 1)];
			break;
		case 2:
			n = at;
			break;
		default:
			cut = mutate_random() % (n - at + 1);
			for (i = at; i + cut < n; i++)
				out[i] = out[i + cut];
			n -= cut;
			break;
		}
	}
	*len_out = n;
	return realloc(out, n ? n : 1);
}

#endif
