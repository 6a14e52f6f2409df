#include "base/sysfs.h"

#include <stdio.h>
#include <string.h>

#define PATH_SIZE 512

void
sysfs_text(const char *folder, const char *name, const char *key, char *out,
    size_t size)
{
	char path[PATH_SIZE];
	size_t len = 0, blanks;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s/%s", folder, name, key);
	f = fopen(path, "re");
	if (f && fgets(out, (int)size, f))
		len = strlen(out);
	if (f)
		fclose(f);
	while (len > 0 && strchr(" \n", out[len - 1]))
		len--;
	out[len] = '\0';
	blanks = strspn(out, " ");
	memmove(out, out + blanks, len - blanks + 1);
}
