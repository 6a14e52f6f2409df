#include "base/vm_limits.h"

#include <string.h>

bool
bridge_name_ok(const char *name)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = name ? strlen(name) : 0;

	return n > 0 && n < 16 && name[0] != '.' && strspn(name, set) == n;
}

bool
vm_data_goes(const char *key)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/@";
	size_t n = key ? strlen(key) : 0;

	if (n < 7 || strncmp(key, "vm-data", 7) || (n > 7 && key[7] != '/'))
		return false;
	return n <= 128 && strspn(key, set) == n && !strstr(key, "//") &&
	    key[n - 1] != '/';
}
