/*
 * bedplate-install [-n] [-r] [-w] DISK: installs the system that was started
 * from a medium to the disk, named as disk.h says.  What the host was told so
 * far (password, network, name) goes along.  -n prints the plan and writes
 * nothing; -r restarts the machine afterwards.  A disk that holds anything is
 * taken only with -w.  Without a disk it lists those there are.  Exit status 1:
 * refused, nothing was written; 2: failed, run it again; 3: the disk has an
 * installed system already.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "install/plan.h"

#define MEDIUM_SLOT "/run/medium/bedplate/slot.img"

#define REBOOT "/sbin/reboot"

static struct disk disks[DISKS_MAX];

static int
refuse(const char *what, const char *why)
{
	fprintf(stderr, "bedplate-install: '%s': %s\n", what, why);
	return 1;
}

static void
list(int n)
{
	for (int i = 0; i < n; i++)
		printf("%s\t%s\t%s\t%s\t%llu\t%s%s\n", disks[i].path,
		    disks[i].model, disks[i].serial, disks[i].wwn,
		    (unsigned long long)disks[i].size, disks[i].holds,
		    disks[i].in_use ? " (in use)" : "");
}

/* Fills in; 0, or the exit status. */
static int
choose(struct install *in, int n, const char *name, bool wipe)
{
	const char *why;
	const struct disk *d = disk_named(disks, n, name, &why);

	if (!d)
		return refuse(name, why);
	if (strstr(d->holds, "'bedplate-state'")) {
		fprintf(stderr, "bedplate-install: '%s' has an installed "
		    "system\n", name);
		return 3;
	}
	if (*d->holds && !wipe)
		return refuse(name, d->holds);
	in->disk = *d;
	return layout_plan(d, &in->layout, &why) ? 0 : refuse(name, why);
}

static int
install(struct install *in)
{
	if (plan_run(in)) {
		fprintf(stderr, "bedplate-install: %s\n", in->why);
		return 2;
	}
	printf("100 %% installed to %s as %s\n", in->disk.path,
	    in->layout.id);
	return 0;
}

int
main(int argc, char **argv)
{
	struct install in = {
		.slot = MEDIUM_SLOT,
		.programs = "/run/slot/boot/grub",
		.state = "/state",
		.target = "/run/bedplate/target",
		.log = stdout,
	};
	bool dry = false, wipe = false, restart = false;
	int n = disks_list(disks), opt, rc;

	while ((opt = getopt(argc, argv, "nrw")) != -1) {
		if (opt == '?')
			return 1;
		dry |= opt == 'n';
		restart |= opt == 'r';
		wipe |= opt == 'w';
	}
	if (optind == argc) {
		list(n);
		return 0;
	}
	rc = choose(&in, n, argv[optind], wipe);
	if (rc)
		return rc;
	if (dry) {
		plan_print(&in, stdout);
		return 0;
	}
	rc = install(&in);
	if (rc == 0 && restart)
		execl(REBOOT, REBOOT, "-f", (char *)NULL);
	return rc;
}
