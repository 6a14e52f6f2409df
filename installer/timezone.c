#include "timezone.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_SIZE 256

bool
timezone_is_plain(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_+-/") == strlen(name);
}

bool
timezone_is_known(const char *name, const char *file)
{
	FILE *f = fopen(file, "re");
	size_t len = strlen(name);
	char line[LINE_MAX_SIZE];
	bool found = false;

	while (f && !found && fgets(line, sizeof line, f))
		found = len && strncmp(line, name, len) == 0 &&
		    line[len] == ' ';
	if (f)
		fclose(f);
	return found;
}
