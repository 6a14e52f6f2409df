#include "xenopsd/storage/own.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPTION "bedplate.disk="
#define ID_LEN 16		/* hexadecimal digits */
#define TEXT_MAX ((size_t)16 << 10)
#define SLOT "/run/slot"	/* where the initramfs mounts the system */

/* A file of /proc or /sys up to TEXT_MAX, "" if there is none. */
static char *
text_of(struct arena *a, const char *path)
{
	char *text = arena_alloc(a, TEXT_MAX + 1);
	FILE *f = fopen(path, "re");

	text[f ? fread(text, 1, TEXT_MAX, f) : 0] = '\0';
	if (f)
		fclose(f);
	return text;
}

/* The name of the installation that was started, or NULL. */
static const char *
installation(struct arena *a, const char *root)
{
	const char *line = text_of(a, arena_printf(a, "%s/proc/cmdline", root));
	const char *at;

	for (at = line; (at = strstr(at, OPTION)); at++) {
		const char *id = at + strlen(OPTION);

		if ((at == line || at[-1] == ' ') &&
		    strspn(id, "0123456789abcdef") == ID_LEN &&
		    strchr(" \n", id[ID_LEN]))
			return arena_strndup(a, id, ID_LEN);
	}
	return NULL;
}

/* What is mounted at SLOT, by the kernel's name ("sda3"), or NULL. */
static const char *
slot_name(struct arena *a, const char *root)
{
	char *rest = text_of(a, arena_printf(a, "%s/proc/mounts", root));
	const char *name = NULL;
	char *line;

	while (!name && (line = strsep(&rest, "\n"))) {
		const char *device = strsep(&line, " ");
		const char *where = strsep(&line, " ");

		if (where && !strcmp(where, SLOT) &&
		    !strncmp(device, "/dev/", 5))
			name = device + 5;
	}
	return name;
}

/* The partition of that name on the disk whose folder in /sys is at. */
static const char *
named_partition(struct arena *a, const char *at, const char *name)
{
	const char *want = arena_printf(a, "\nPARTNAME=%s\n", name);
	const char *found = NULL;
	struct dirent *e;
	DIR *d = opendir(at);

	while (d && !found && (e = readdir(d))) {
		const char *text;

		if (access(arena_printf(a, "%s/%s/partition", at, e->d_name),
		    F_OK))
			continue;
		text = text_of(a, arena_printf(a, "%s/%s/uevent", at,
		    e->d_name));
		if (strstr(text, want))
			found = arena_printf(a, "/dev/%s", e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

const char *
own_partition(struct arena *a, const char *root)
{
	const char *id = installation(a, root);
	const char *slot = id ? slot_name(a, root) : NULL;
	const char *blocks = arena_printf(a, "%s/sys/block", root);
	const char *found = NULL;
	struct dirent *e;
	DIR *d = slot ? opendir(blocks) : NULL;

	while (d && !found && (e = readdir(d))) {
		const char *at = arena_printf(a, "%s/%s", blocks, e->d_name);

		if (e->d_name[0] != '.' &&
		    access(arena_printf(a, "%s/%s/partition", at, slot),
		    F_OK) == 0)
			found = named_partition(a, at,
			    arena_printf(a, "bedplate-sr-%s", id));
	}
	if (d)
		closedir(d);
	return found;
}
