#include "slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"

#define LOCK "/run/bedplate/slots.lock"
#define ESP "/run/bedplate/esp"
#define ENV_FILE ESP "/grub/grubenv"

/* An ISO file system's first descriptor: its mark and its volume's name. */
#define ISO_AT 32768
#define ISO_MARK "\1CD001"
#define ISO_NAME_AT 40
#define ISO_NAME "BEDPLATE_SLOT "

/* -- what was started -- */

int
slots_parse(const char *cmdline, struct slots *out)
{
	size_t slot_len = 0, len;
	const char *slot = installation_option(cmdline, "bedplate.slot",
	    &slot_len);
	const char *trial = installation_option(cmdline, "bedplate.trial",
	    &len);

	memset(out, 0, sizeof *out);
	if (!installation_id(cmdline, out->id) || slot_len != 1 ||
	    (*slot != 'a' && *slot != 'b'))
		return -ENODEV;
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
	char line[INSTALLATION_CMDLINE];

	installation_cmdline("", line);
	return slots_parse(line, out);
}

/* -- devices -- */

int
slots_device(const struct slots *s, const char *name,
    char out[static SLOTS_PATH])
{
	return installation_partition("", s->id, name, out) ? 0 : -ENODEV;
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
