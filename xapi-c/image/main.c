/*
 * bedplate-image in|out FORMAT [USER]: a disk image from a stream into a VDI, or out
 * of it.  Descriptor 0 is the stream (job.h), 1 the VDI.  Started by xenopsd for
 * each transfer; becomes USER, and may then only read and write what it has.  What
 * a hostile image can reach is the VDI it was sent to, and MEMORY bytes.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/become.h"
#include "base/confine.h"
#include "base/log.h"
#include "image/job.h"

#define STREAM 0
#define DISK 1
#define MEMORY (64u << 20)

static const struct {
	const char *name;
	image_way *in, *out;
} formats[] = {
	{ "vhd", vhd_in, vhd_out },
	{ "qcow2", qcow2_in, qcow2_out },
};

static image_way *
find_way(const char *name, bool in)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return in ? formats[i].in : formats[i].out;
	return NULL;
}

static int
limit(int what, rlim_t most)
{
	return setrlimit(what, &(struct rlimit){ most, most });
}

/* A disk that is a file does not grow, whoever is mistaken here. */
static int
prepare(const struct disk *disk, const char *user)
{
	struct stat st;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	become_expendable();
	if (fstat(DISK, &st) == -1 || limit(RLIMIT_DATA, MEMORY) == -1 ||
	    (S_ISREG(st.st_mode) &&
	    limit(RLIMIT_FSIZE, (rlim_t)disk->size) == -1)) {
		log_error("cannot set limits");
		return -1;
	}
	if (user && become_user(user))
		return -1;
	return confine_to_disk();
}

/* Whoever hears the end may have the disk. */
static int
run(struct job *j, image_way *way, bool in)
{
	int rc = way(j);

	if (!rc && in)
		rc = job_disk(j, disk_sync(&j->disk));
	close(DISK);
	if (rc)
		log_error("%s", j->why);
	job_end(j, rc, in);
	return rc ? 1 : 0;
}

int
main(int argc, char **argv)
{
	bool in = argc >= 3 && strcmp(argv[1], "in") == 0;
	image_way *way = argc >= 3 ? find_way(argv[2], in) : NULL;
	struct job job = { .stream = STREAM };

	if (!way || argc > 4 || (!in && strcmp(argv[1], "out") != 0)) {
		fprintf(stderr, "usage: bedplate-image in|out FORMAT [USER], "
		    "by xenopsd\n");
		return 2;
	}
	if (disk_init(&job.disk, DISK) || prepare(&job.disk,
	    argc == 4 ? argv[3] : NULL))
		return 1;
	return run(&job, way, in);
}
