#include "xenopsd/domains/lend.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* How libxl's words for each begin.  Those for a CD have the file further on:
 * it is opened once, and changed by descriptors of libxl's. */
#define TAP "type=tap,id="
#define DISK "file="
#define WORDS_MAX 256			/* bytes, of one disk's */

/* What QEMU is told of a disk. */
struct lent_disk {
	char words[WORDS_MAX];
	char read[32], write[32];	/* descriptor and set */
};

/* An interface of that name, with QEMU's end as a descriptor that it inherits.
 * It is gone with QEMU. */
static int
open_tap(const char *name, size_t len)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd;

	if (len == 0 || len >= sizeof(ifr.ifr_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(ifr.ifr_name, name, len);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (fd != -1 && ioctl(fd, TUNSETIFF, &ifr) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* "type=tap,id=net0,ifname=vif7.0-emu,..." with a descriptor for the name. */
static char *
lend_tap(const char *words)
{
	static char lent[VM_EMULATED_NICS][64];
	static size_t n;
	const char *id = words + strlen(TAP);
	const char *name = strstr(words, ",ifname=");
	int fd;

	if (!name || n == VM_EMULATED_NICS || strcspn(id, ",") > 16) {
		errno = EINVAL;
		return NULL;
	}
	name += strlen(",ifname=");
	fd = open_tap(name, strcspn(name, ","));
	if (fd == -1)
		return NULL;
	snprintf(lent[n], sizeof(lent[n]), TAP "%.*s,fd=%d",
	    (int)strcspn(id, ","), id, fd);
	return lent[n++];
}

/* Whether option and value at argv are these. */
static bool
is_pair(char **argv, const char *option, const char *begin)
{
	return !strcmp(argv[0], option) &&
	    !strncmp(argv[1], begin, strlen(begin));
}

int
lend_taps(char **argv)
{
	for (; argv[0] && argv[1]; argv++) {
		if (!is_pair(argv, "-netdev", TAP))
			continue;
		argv[1] = lend_tap(argv[1]);
		if (!argv[1])
			return -1;
	}
	return 0;
}

static int
open_device(const char *path, int flags)
{
	struct stat st;
	int fd = open(path, flags);

	if (fd == -1 || (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode)))
		return fd;
	close(fd);
	errno = ENOTBLK;
	return -1;
}

/* more gets two words for QEMU: a descriptor of the disk's, in its set. */
static int
lend_device(const char *path, int flags, int set, char text[static 32],
    char **more)
{
	static char option[] = "-add-fd";
	int fd = open_device(path, flags);

	if (fd == -1)
		return -1;
	snprintf(text, 32, "fd=%d,set=%d", fd, set);
	more[0] = option;
	more[1] = text;
	return 0;
}

/*
 * "file=/dev/dm-5,if=ide,..." with a set of descriptors for the name.  How many
 * words more gets, or -1.  QEMU takes of a set the one that was opened with the
 * flags it would use itself: to read, and to write once the guest runs, both with
 * the kernel's cache in between, as libxl always says.  A lock that it takes on one
 * would stay when it goes on to the other, and keep it out.
 */
static int
lend_disk(const char *words, struct lent_disk *d, int set, char **more)
{
	const char *path = words + strlen(DISK);
	const char *rest = path + strcspn(path, ",");
	char name[WORDS_MAX];
	int name_len = snprintf(name, sizeof(name), "%.*s",
	    (int)(rest - path), path);
	int len = snprintf(d->words, sizeof(d->words),
	    DISK "/dev/fdset/%d,file.locking=off%s", set, rest);
	int n;

	if (name_len >= WORDS_MAX || len >= WORDS_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (strncmp(name, "/dev/", 5) != 0) {
		errno = ENOTBLK;
		return -1;
	}
	if (lend_device(name, O_RDONLY, set, d->read, more))
		return -1;
	n = 2;
	if (!strstr(rest, ",readonly=on")) {
		if (lend_device(name, O_RDWR, set, d->write, more + n))
			return -1;
		n += 2;
	}
	return n;
}

int
lend_disks(char **argv, char **more)
{
	static struct lent_disk lent[VM_IDE_DISKS];
	int disks = 0, words = 0, n;

	for (; argv[0] && argv[1]; argv++) {
		if (!is_pair(argv, "-drive", DISK))
			continue;
		if (disks == VM_IDE_DISKS) {
			errno = E2BIG;
			return -1;
		}
		n = lend_disk(argv[1], &lent[disks], disks, more + words);
		if (n == -1)
			return -1;
		argv[1] = lent[disks++].words;
		words += n;
	}
	return words;
}
