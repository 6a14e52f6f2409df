#include "keymap.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_SIZE 128

bool
keymap_is_plain(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

int
keymaps_list(const char *file, struct keymap out[static KEYMAPS_MAX])
{
	FILE *f = fopen(file, "re");
	char line[LINE_MAX_SIZE];
	int n = 0;

	while (f && n < KEYMAPS_MAX && fgets(line, sizeof line, f))
		n += sscanf(line, "%31s %31[^\n]", out[n].name,
		    out[n].text) == 2;
	if (f)
		fclose(f);
	return n;
}

bool
keymap_is_known(const char *name, const char *file)
{
	struct keymap all[KEYMAPS_MAX];
	int n = keymaps_list(file, all);

	while (n > 0 && strcmp(all[n - 1].name, name) != 0)
		n--;
	return n > 0;
}
