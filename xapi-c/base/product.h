/*
 * What the host calls itself to clients that look at brand and versions: keys of
 * host.software_version that an operator may replace.  API and installer ask here.
 * Any thread.
 */
#ifndef BASE_PRODUCT_H
#define BASE_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#define PRODUCT_TEXT_MAX 64	/* characters of a value */
#define PRODUCT_KEYS 9

extern const char *const product_keys[PRODUCT_KEYS];

/* NULL if the key may have that value, else what is wrong with it, for a
 * person. */
const char *product_problem(const char *key, const char *value);

#endif
