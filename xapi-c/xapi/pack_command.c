#include "xapi/pack_command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/packs.h"
#include "update/pack_add.h"

#define KEYS "/usr/share/bedplate/keys/extension"

bool
pack_command_is_meant(int argc, char **argv, int *skip)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	*skip = strcmp(name, "bedplate-pack") ? 1 : 0;
	return !*skip || (argc > 1 && !strcmp(argv[1], "pack"));
}

/* As base/pack.h reads it. */
static void
say_about(const struct pack_about *a)
{
	printf("name=%s\nvendor=%s\nuuid=%s\nversion=%s\nsigner=%s\n"
	    "limit=%" PRId64 "\nbuilt=%" PRId64 "\nsize=%" PRId64 "\n",
	    a->name, a->vendor, a->uuid, a->version, a->signer, a->limit_s,
	    a->built, a->size);
	if (*a->description)
		printf("description=%s\n", a->description);
	puts("done");
}

static int
add(struct pack_add *p, int from)
{
	struct utsname machine;
	enum pack_result result;

	umask(022);		/* it is read by another user */
	uname(&machine);
	p->machine = machine.machine;
	result = pack_add(p, from);
	if (result) {
		fprintf(stderr, "bedplate-pack: %s: %s\n",
		    result == PACK_REFUSED ? "refused" : "failed", p->why);
		return result == PACK_REFUSED ? 1 : 3;
	}
	if (p->look)
		say_about(&p->about);
	else
		printf("pack '%s' of '%s', version %s, signed by '%s'\ndone\n",
		    p->about.name, p->about.vendor, p->about.version,
		    p->about.signer);
	return 0;
}

static bool
parse(struct pack_add *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "look", no_argument, NULL, 'l' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "k:p:", options, NULL)) != -1) {
		if (opt == 'k')
			p->keys = optarg;
		else if (opt == 'p')
			p->packs = optarg;
		else if (opt == 'l')
			p->look = true;
		else
			return false;
	}
	return argc - optind == 1;
}

int
pack_command(int argc, char **argv)
{
	struct pack_add p = { .packs = PACKS_DIR, .keys = KEYS };
	int fd, rc;

	if (!parse(&p, argc, argv)) {
		fprintf(stderr, "usage: bedplate-pack [-k KEYS] [-p PACKS] "
		    "[--look] FILE|-\n");
		return 2;
	}
	fd = !strcmp(argv[optind], "-") ? dup(STDIN_FILENO) :
	    open(argv[optind], O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		fprintf(stderr, "bedplate-pack: '%s': %s\n", argv[optind],
		    strerror(errno));
		return 1;
	}
	rc = add(&p, fd);
	fdio_close(&fd);
	return rc;
}
