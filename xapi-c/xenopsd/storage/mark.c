#include "xenopsd/storage/mark.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"

#define MARK "bedplate-sr"
#define OWNER "bedplate-owner"
#define FORMAT "1"

static const char *
file_in(struct storage *s, const char *folder, const char *name)
{
	return arena_printf(s->arena, "%s/%s", folder, name);
}

int
mark_write(struct storage *s, const char *folder, const char *name)
{
	const char *path = file_in(s, folder, MARK);
	const char *text = arena_printf(s->arena, "format=" FORMAT
	    "\nname=%s\n", name);
	int rc = file_write(path, text, strlen(text), true);

	if (rc == 0)
		rc = fdio_sync_folder(path);
	if (rc == 0)
		rc = fdio_sync_folder(folder);
	return rc ? storage_fail_errno(s, -rc, "cannot write to '%s'", folder) :
	    0;
}

int
mark_check(struct storage *s, const struct sr *sr, const char *folder)
{
	struct buf b = { 0 };
	char format[8] = "";
	int rc = file_read(file_in(s, folder, MARK), SMALL_FILE, &b);

	if (rc == 0)
		file_value(b.data, "format", format, sizeof(format));
	buf_release(&b);
	if (rc == -ENOENT)
		return storage_fail(s, XENOPS_CODE_NO_SUCH_SR,
		    "no SR '%s' there", sr->uuid);
	if (rc)
		return storage_fail_errno(s, -rc, "cannot read SR '%s'",
		    sr->uuid);
	return strcmp(format, FORMAT) ? storage_fail(s, XENOPS_CODE_IO,
	    "SR '%s' has a newer format", sr->uuid) : 0;
}

static bool
is_ours(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..") ||
	    !strcmp(name, MARK) || !strcmp(name, OWNER);
}

int
mark_remove(struct storage *s, const struct sr *sr, const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	bool empty = true;

	while (d && empty && (e = readdir(d)))
		empty = is_ours(e->d_name);
	if (d)
		closedir(d);
	if (!empty)
		return storage_fail(s, XENOPS_CODE_IO,
		    "the folder of SR '%s' is not empty", sr->uuid);
	unlink(file_in(s, folder, MARK));
	unlink(file_in(s, folder, OWNER));
	if (rmdir(folder) == -1 && errno != ENOENT)
		return storage_fail_errno(s, errno, "cannot remove '%s'",
		    folder);
	return 0;
}

/* This host's line; NULL after storage_fail. */
static const char *
own_line(struct storage *s)
{
	struct buf b = { 0 };
	const char *line = NULL;
	uint8_t uuid[16];

	if (file_read(s->env->host_uuid, SMALL_FILE, &b) == 0 &&
	    b.len >= UUID_TEXT_LEN) {
		b.data[UUID_TEXT_LEN] = '\0';
		if (uuid_from_text(b.data, uuid))
			line = arena_printf(s->arena, "host=%s\n", b.data);
	}
	buf_release(&b);
	if (!line)
		storage_fail(s, XENOPS_CODE_IO, "this host has no uuid yet");
	return line;
}

static int
check_owner(struct storage *s, const struct sr *sr, const char *path,
    const char *line)
{
	char host[UUID_TEXT_LEN + 1] = "?";
	struct buf b = { 0 };
	int rc = file_read(path, SMALL_FILE, &b);
	bool ours = rc == 0 && !strcmp(b.data, line);

	if (rc == 0)
		file_value(b.data, "host", host, sizeof(host));
	buf_release(&b);
	if (rc)
		return storage_fail_errno(s, -rc, "cannot read '%s'", path);
	return ours ? 0 : storage_fail(s, XENOPS_CODE_IN_USE,
	    "SR '%s' is used by host '%s'", sr->uuid, host);
}

/* By a link, so that the file is never seen without its line. */
int
mark_own(struct storage *s, const struct sr *sr, const char *folder)
{
	const char *path = file_in(s, folder, OWNER);
	const char *line = own_line(s);
	const char *mine;
	int rc;

	if (!line)
		return -1;
	mine = arena_printf(s->arena, "%s/.owner-%.36s", folder, line + 5);
	rc = file_write(mine, line, strlen(line), true);
	if (rc == 0 && link(mine, path) == -1)
		rc = -errno;
	unlink(mine);
	if (rc == -EEXIST)
		return check_owner(s, sr, path, line);
	return rc ? storage_fail_errno(s, -rc, "cannot write to SR '%s'",
	    sr->uuid) : 0;
}

void
mark_disown(struct storage *s, const char *folder)
{
	if (unlink(file_in(s, folder, OWNER)) == -1 && errno != ENOENT)
		log_warn("'%s' stays this host's: %s", folder,
		    strerror(errno));
}
