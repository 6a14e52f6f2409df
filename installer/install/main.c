/*
 * bedplate-install [-n] [-r] [-w] [-R SERIAL] [-S STAGE=FILE]... DISK: installs
 * the system that was started from a medium to the disk, named as disk.h says.
 * What the host was told so far (password, network, name) goes along.  -n
 * prints the plan and writes nothing; -r restarts the machine afterwards.  A
 * disk that holds anything is taken only with -w, one with an installed host
 * only with -R, which keeps its SR, and once for each SERIAL.  -S: a script of
 * that stage (script.h).  Without a disk it lists those there are.  Exit status
 * 1: refused, nothing was written; 2: failed, run it again; 3: the disk has an
 * installed host, which was left alone.
 *
 * bedplate-install -c sda: the host that was started from that disk is whole,
 * whatever kept its installation from saying so.
 *
 * bedplate-install -f sda: a copy of the flash image was started from that disk
 * for the first time (install/first.h); restarts the machine if it has to.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/installation.h"
#include "disk/efi.h"
#include "install/choose.h"
#include "install/first.h"
#include "install/plan.h"
#include "state.h"

#define MEDIUM_SLOT "/run/medium/bedplate/slot.img"
#define REBOOT "/sbin/reboot"
#define TOLD 10			/* per cent at a time */

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
		    (unsigned long long)disks[i].size, disks[i].holds.text,
		    disks[i].in_use ? " (in use)" : "");
}

/* For the console screen, whoever has started this. */
static void __attribute__((format(printf, 1, 2)))
show(const char *fmt, ...)
{
	const struct atomic_file how = { .mode = 0644, .fleeting = true };
	char text[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	atomic_file_write(STATE_SETUP, text, strlen(text), &how);
}

static void
tell(void *arg, const struct progress *p)
{
	char left[40] = "";

	(void)arg;
	if (p->left_s >= 0)
		snprintf(left, sizeof left, " about %d s left", p->left_s);
	show("installing: %d %%%s: %s\n", p->percent, left, p->text);
	if (!p->begins && p->percent % TOLD)
		return;
	printf("%3d %%%s%s%s\n", p->percent, left, p->begins ? ": " : "",
	    p->begins ? p->text : "");
	fflush(stdout);
}

/* Fills in; 0, or the exit status. */
static int
prepare(struct install *in, int n)
{
	const char *why, *name = in->choices.disk;
	const struct disk *d = disk_named(disks, n, name, &why);
	enum choose what;

	if (!d)
		return refuse(name, why);
	what = choose(d, &in->choices, access(EFI_FOLDER, F_OK) == 0, &why);
	if (what == CHOOSE_REFUSED || what == CHOOSE_THERE) {
		refuse(name, why);
		return what == CHOOSE_THERE ? 3 : 1;
	}
	return plan_init(in, d, what == CHOOSE_OVER, &why) ? 0 :
	    refuse(name, why);
}

static int
install(struct install *in)
{
	if (plan_run(in)) {
		fprintf(stderr, "bedplate-install: %s\nbedplate-install: %s\n",
		    in->why, in->remains);
		show("not installed: %s\n", in->why);
		return 2;
	}
	printf("100 %% installed to %s as %s\n"
	    "The host starts from this disk from now on. Its console shows "
	    "its address and the\nfingerprint of its certificate; log in "
	    "there as root, at https://ADDRESS/.\n", in->disk.path,
	    in->layout.id);
	if (*in->note)
		printf("%s\n", in->note);
	fflush(stdout);
	show("installed to %s\n", in->disk.path);
	return 0;
}

static int
complete(struct install *in, const char *name)
{
	if (in->disk.kind != DISK_UNFINISHED)
		return 0;
	in->layout = in->disk.layout;
	return install_complete(in) ? refuse(name, in->why) : 0;
}

static void
restart(void)
{
	execl(REBOOT, REBOOT, "-f", (char *)NULL);
}

static int
begin(struct install *in, const char *name)
{
	char cmdline[INSTALLATION_CMDLINE], id[INSTALLATION_ID_SIZE];

	installation_cmdline("", cmdline);
	if (!installation_id(cmdline, id))
		return refuse(name, "it is not what this system came from");
	switch (first_start(in, id)) {
	case FIRST_WHOLE:
		return 0;
	case FIRST_RESTART:
		printf("bedplate: this disk has its own name now, restarting\n");
		fflush(stdout);
		restart();
		return 2;
	default:
		fprintf(stderr, "bedplate-install: %s\n", in->why);
		return 2;
	}
}

/* What is done to the disk that was started, by the system on it. */
static int
work_on_own(struct install *in, const char *name,
    int (*work)(struct install *in, const char *name))
{
	if (!disk_take(name, &in->disk))
		return refuse(name, "there is no such disk");
	return work(in, name);
}

struct options {
	bool dry, restart;
	const char *own;		/* the disk that was started, or NULL */
	int (*work)(struct install *in, const char *name);
};

static bool
parse(int argc, char **argv, struct install *in, struct options *o)
{
	struct choices *c = &in->choices;
	int opt;

	while ((opt = getopt(argc, argv, "c:f:nrR:S:w")) != -1) {
		if (opt == '?' ||
		    (opt == 'S' && !scripts_add(&in->scripts, optarg)))
			return false;
		o->dry |= opt == 'n';
		o->restart |= opt == 'r';
		c->wipe |= opt == 'w';
		if (opt == 'c' || opt == 'f') {
			o->work = opt == 'c' ? complete : begin;
			o->own = optarg;
		}
		if (opt == 'R')
			snprintf(c->reinstall, sizeof c->reinstall, "%s",
			    optarg);
	}
	snprintf(c->disk, sizeof c->disk, "%s",
	    optind < argc ? argv[optind] : "");
	return argc - optind <= 1;
}

int
main(int argc, char **argv)
{
	static struct install in = {
		.slot = MEDIUM_SLOT,
		.programs = "/run/slot/boot/grub",
		.state = "/state",
		.target = "/run/bedplate/target",
		.tell = tell,
	};
	struct options o = { .dry = false };
	int n, rc;

	if (!parse(argc, argv, &in, &o))
		return 1;
	if (o.own)
		return work_on_own(&in, o.own, o.work);
	n = disks_list(disks);
	if (!*in.choices.disk) {
		list(n);
		return 0;
	}
	rc = prepare(&in, n);
	if (rc)
		return rc;
	if (o.dry) {
		plan_print(&in, stdout);
		return 0;
	}
	rc = install(&in);
	if (rc == 0 && o.restart)
		restart();
	return rc;
}
