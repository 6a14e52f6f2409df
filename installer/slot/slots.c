#include "slots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"

#define CMDLINE "/proc/cmdline"
#define CMDLINE_MAX 4096
#define SYS_BLOCK "/sys/class/block"
#define LOCK "/run/bedplate/slots.lock"
#define ESP "/run/bedplate/esp"
#define ENV_FILE ESP "/grub/grubenv"

/* An ISO file system's first descriptor: its mark and its volume's name. */
#define ISO_AT 32768
#define ISO_MARK "\1CD001"
#define ISO_NAME_AT 40
#define ISO_NAME "BEDPLATE_SLOT "

/* -- what was started -- */

/* The value of the word name=value; NULL if there is none. */
static const char *
option(const char *cmdline, const char *name, size_t *len)
{
	size_t n = strlen(name);

	for (const char *p = cmdline; *p; p += strcspn(p, " \n")) {
		p += strspn(p, " \n");
		if (strncmp(p, name, n) == 0 && p[n] == '=') {
			*len = strcspn(p + n + 1, " \n");
			return p + n + 1;
		}
	}
	return NULL;
}

int
slots_parse(const char *cmdline, struct slots *out)
{
	size_t id_len = 0, slot_len = 0, len;
	const char *id = option(cmdline, "bedplate.disk", &id_len);
	const char *slot = option(cmdline, "bedplate.slot", &slot_len);
	const char *trial = option(cmdline, "bedplate.trial", &len);

	memset(out, 0, sizeof *out);
	if (!id || id_len != sizeof out->id - 1 ||
	    strspn(id, "0123456789abcdef") < id_len ||
	    !slot || slot_len != 1 || (*slot != 'a' && *slot != 'b'))
		return -ENODEV;
	memcpy(out->id, id, id_len);
	out->running = *slot;
	if (trial) {
		unsigned long s = strtoul(trial, NULL, 10);

		out->trial_s = s >= TRIAL_LIMIT_MIN_S &&
		    s <= TRIAL_LIMIT_MAX_S ? (unsigned)s : TRIAL_LIMIT_S;
	}
	return 0;
}

int
slots_running(struct slots *out)
{
	char text[CMDLINE_MAX];
	int fd = open(CMDLINE, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof text - 1);

	fdio_close(&fd);
	if (n == -1)
		return -errno;
	text[n] = '\0';
	return slots_parse(text, out);
}

/* -- devices -- */

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

int
slots_device(const struct slots *s, const char *name,
    char out[static SLOTS_PATH])
{
	DIR *d = opendir(SYS_BLOCK);
	char want[64], path[SLOTS_PATH + 32];
	struct dirent *e;
	int rc = -ENODEV;

	snprintf(want, sizeof want, "PARTNAME=bedplate-%s-%s", name, s->id);
	while (rc && d && (e = readdir(d))) {
		snprintf(path, sizeof path, SYS_BLOCK "/%s/uevent",
		    e->d_name);
		if (has_line(path, want)) {
			snprintf(out, SLOTS_PATH, "/dev/%s", e->d_name);
			rc = 0;
		}
	}
	if (d)
		closedir(d);
	return rc;
}

bool
slots_holds_system(const struct slots *s, char slot)
{
	char path[SLOTS_PATH], head[ISO_NAME_AT + sizeof ISO_NAME];
	const char name[2] = { slot };
	int fd, rc = slots_device(s, name, path);

	if (rc)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd == -1 ? -errno : fdio_read_at(fd, head, sizeof head, ISO_AT);
	fdio_close(&fd);
	return rc == 0 && !memcmp(head, ISO_MARK, sizeof ISO_MARK - 1) &&
	    !memcmp(head + ISO_NAME_AT, ISO_NAME, sizeof ISO_NAME - 1);
}

/* -- the block -- */

static int
lock(int *fd)
{
	*fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return *fd == -1 || flock(*fd, LOCK_EX) == -1 ? -errno : 0;
}

/* What a process that was killed left mounted goes first. */
static int
mount_esp(const struct slots *s)
{
	char path[SLOTS_PATH];
	int rc = slots_device(s, "esp", path);

	if (rc)
		return rc;
	if (mkdir(ESP, 0700) == -1 && errno != EEXIST)
		return -errno;
	umount2(ESP, MNT_DETACH);
	return mount(path, ESP, "vfat", MS_NOSUID | MS_NODEV | MS_NOEXEC |
	    MS_NOATIME, "umask=0077") == -1 ? -errno : 0;
}

int
slots_env(const struct slots *s, slots_change *change, void *arg,
    struct env *out)
{
	int fd, rc = lock(&fd);

	if (rc == 0)
		rc = mount_esp(s);
	if (rc)
		goto out;
	rc = env_read(ENV_FILE, out);
	if (rc == -EINVAL || rc == -EPIPE) {
		*out = (struct env){ .good = s->running,
			.limit_s = TRIAL_LIMIT_S };
		rc = 0;
	}
	if (rc == 0 && change && change(arg, out))
		rc = env_write(ENV_FILE, out);
	if (umount(ESP) == -1 && rc == 0)
		rc = -errno;
out:
	fdio_close(&fd);
	return rc;
}
