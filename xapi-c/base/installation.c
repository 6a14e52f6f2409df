#include "base/installation.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLOT "/run/slot"	/* where the initramfs mounts the system */
#define NAME_SIZE 64
#define PATH_SIZE 1024

void
installation_cmdline(const char *root, char out[static INSTALLATION_CMDLINE])
{
	char path[PATH_SIZE];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/proc/cmdline", root);
	f = fopen(path, "re");
	if (f) {
		n = fread(out, 1, INSTALLATION_CMDLINE - 1, f);
		fclose(f);
	}
	out[n] = '\0';
}

const char *
installation_option(const char *cmdline, const char *name, size_t *len_out)
{
	size_t n = strlen(name);

	for (const char *p = cmdline; *p; p += strcspn(p, " \n")) {
		p += strspn(p, " \n");
		if (strncmp(p, name, n) == 0 && p[n] == '=') {
			*len_out = strcspn(p + n + 1, " \n");
			return p + n + 1;
		}
	}
	return NULL;
}

bool
installation_id(const char *cmdline, char out[static INSTALLATION_ID_SIZE])
{
	size_t len = 0;
	const char *id = installation_option(cmdline, "bedplate.disk", &len);

	if (!id || len != INSTALLATION_ID_SIZE - 1 ||
	    strspn(id, "0123456789abcdef") < len)
		return false;
	memcpy(out, id, len);
	out[len] = '\0';
	return true;
}

/* -- the disk -- */

/* The kernel's name, "sda3", of what is mounted at SLOT. */
static bool
slot_name(const char *root, char out[static NAME_SIZE])
{
	char path[PATH_SIZE], line[PATH_SIZE], where[PATH_SIZE];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof path, "%s/proc/mounts", root);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof line, f))
		found = sscanf(line, "/dev/%63s %1023s", out, where) == 2 &&
		    strcmp(where, SLOT) == 0;
	if (f)
		fclose(f);
	return found;
}

static bool
has_line(const char *path, const char *want)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		found = strcmp(line, want) == 0;
	}
	if (f)
		fclose(f);
	return found;
}

/* The partition of that name on the disk whose folder in /sys is at. */
static bool
named_partition(const char *at, const char *line,
    char out[static INSTALLATION_PATH])
{
	char path[2 * PATH_SIZE];
	bool found = false;
	struct dirent *e;
	DIR *d = opendir(at);

	while (d && !found && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s/uevent", at, e->d_name);
		found = has_line(path, line);
		if (found)
			snprintf(out, INSTALLATION_PATH, "/dev/%s", e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

bool
installation_partition(const char *root, const char *id, const char *name,
    char out[static INSTALLATION_PATH])
{
	char slot[NAME_SIZE], at[PATH_SIZE], part[2 * PATH_SIZE];
	char line[2 * NAME_SIZE];
	bool found = false;
	struct dirent *e;
	DIR *d;

	if (!slot_name(root, slot))
		return false;
	snprintf(line, sizeof line, "PARTNAME=bedplate-%s-%s", name, id);
	snprintf(at, sizeof at, "%s/sys/block", root);
	d = opendir(at);
	while (d && !found && (e = readdir(d))) {
		snprintf(at, sizeof at, "%s/sys/block/%s", root, e->d_name);
		snprintf(part, sizeof part, "%s/%s/partition", at, slot);
		found = e->d_name[0] != '.' && access(part, F_OK) == 0 &&
		    named_partition(at, line, out);
	}
	if (d)
		closedir(d);
	return found;
}
