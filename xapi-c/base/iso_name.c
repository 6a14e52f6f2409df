#include "base/iso_name.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static bool
has_ending(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && (!strcasecmp(name + n - 4, ".iso") ||
	    !strcasecmp(name + n - 4, ".img"));
}

static bool
is_text(const char *name, size_t n)
{
	size_t step;

	for (size_t i = 0; i < n; i += step) {
		unsigned char c = (unsigned char)name[i];

		step = utf8_len(name + i, n - i);
		if (step == 0 || c < ' ' || c == 0x7f || c == '/')
			return false;
	}
	return true;
}

bool
iso_name_ok(const char *name)
{
	size_t n = strnlen(name, ISO_NAME_MAX + 1);

	return n <= ISO_NAME_MAX && name[0] != '.' && has_ending(name) &&
	    is_text(name, n);
}

const char *
iso_name_of(struct arena *a, const char *label)
{
	const char *name = label;

	if (strnlen(label, ISO_NAME_MAX + 1) > ISO_NAME_MAX || !*label)
		return NULL;
	if (!has_ending(label))
		name = arena_printf(a, "%s.iso", label);
	return iso_name_ok(name) ? name : NULL;
}
