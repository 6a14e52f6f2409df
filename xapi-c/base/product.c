#include "base/product.h"

#include <string.h>

#define NUMBER_DIGITS 9		/* of each part of a version */
#define DIGITS "0123456789"

const char *const product_keys[PRODUCT_KEYS] = {
	"product_brand", "product_version", "product_version_text",
	"product_version_text_short", "platform_name", "platform_version",
	"build_number", "xencenter_min", "xencenter_max",
};

/* Digits up to one of ends; where they end, or NULL. */
static const char *
number(const char *p, char end)
{
	size_t n = strspn(p, DIGITS);

	return n >= 1 && n <= NUMBER_DIGITS && p[n] == end ? p + n : NULL;
}

/* Clients parse versions as three numbers, and end when they cannot. */
static const char *
version_problem(const char *value)
{
	const char *p = number(value, '.');

	p = p ? number(p + 1, '.') : NULL;
	p = p ? number(p + 1, '\0') : NULL;
	return p ? NULL : "not three numbers with dots between";
}

static bool
is_known(const char *key)
{
	for (size_t i = 0; i < PRODUCT_KEYS; i++)
		if (strcmp(key, product_keys[i]) == 0)
			return true;
	return false;
}

const char *
product_problem(const char *key, const char *value)
{
	size_t n = strlen(value);

	if (!is_known(key))
		return "not a key that can be set";
	if (n < 1 || n > PRODUCT_TEXT_MAX)
		return "not 1 to 64 characters";
	for (size_t i = 0; i < n; i++)
		if (value[i] < ' ' || value[i] > '~')
			return "not printable ASCII";
	if (strcmp(key, "product_version") == 0 ||
	    strcmp(key, "platform_version") == 0)
		return version_problem(value);
	if (strncmp(key, "xencenter_", 10) == 0 && !number(value, '\0'))
		return "not a number";
	return NULL;
}
