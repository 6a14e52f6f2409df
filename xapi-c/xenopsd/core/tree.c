#include "xenopsd/core/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOT "/mnt"		/* of this namespace alone */

/* Every folder of the path, below ROOT; its last part is a file if that is
 * what will be there. */
static int
make_place(const char *path, bool file)
{
	char p[256];
	int n = snprintf(p, sizeof(p), ROOT "%s", path);

	if (n < 0 || (size_t)n >= sizeof(p)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *s = p + sizeof(ROOT); (s = strchr(s, '/')); s++) {
		*s = '\0';
		if (mkdir(p, 0755) == -1 && errno != EEXIST)
			return -1;
		*s = '/';
	}
	if (file)
		return mknod(p, S_IFREG | 0644, 0);
	return mkdir(p, 0755) == -1 && errno != EEXIST ? -1 : 0;
}

static int
add_memory(const struct tree_part *part, const char *place)
{
	return mount("memory", place, "tmpfs", part->flags, part->memory);
}

static int
add_part(const struct tree_part *part, unsigned long more_flags)
{
	const char *from = part->from ? part->from : part->path;
	struct stat st = { .st_mode = S_IFDIR };
	char p[256];

	if (!part->memory && stat(from, &st) == -1)
		return part->optional && errno == ENOENT ? 0 : -1;
	if (make_place(part->path, !S_ISDIR(st.st_mode)))
		return -1;
	snprintf(p, sizeof(p), ROOT "%s", part->path);
	if (part->memory)
		return add_memory(part, p);
	if (mount(from, p, NULL, MS_BIND | MS_REC, NULL) == -1)
		return -1;
	return mount(NULL, p, NULL, MS_REMOUNT | MS_BIND | part->flags |
	    more_flags, NULL);
}

int
tree_enter(const struct tree_part *parts, size_t n, unsigned long more_flags,
    const char **what)
{
	*what = "mount the tree";
	/* what is mounted here is not seen outside, nor the other way */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("box", ROOT, "tmpfs", MS_NOSUID | MS_NODEV,
	    "size=64k,mode=755") == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		*what = parts[i].path;
		if (add_part(&parts[i], more_flags))
			return -1;
	}
	*what = "enter the tree";
	if (chdir(ROOT) == -1 || syscall(SYS_pivot_root, ".", ".") == -1 ||
	    umount2(".", MNT_DETACH) == -1 || chdir("/") == -1)
		return -1;
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY |
	    MS_NOSUID | MS_NODEV, NULL);
}
