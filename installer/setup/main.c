/*
 * bedplate-setup: the text interface that installs the system which was started
 * from a medium to a disk of this machine.  Nothing is written before the last
 * page was confirmed.  Exit status 0: installed or ended by the operator; 1: it
 * cannot be done here.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk/efi.h"
#include "facts.h"
#include "program.h"
#include "setup/draw.h"
#include "setup/run.h"
#include "setup/setup.h"

#define KEYMAP "/usr/libexec/bedplate/keymap"
#define REBOOT "/sbin/reboot"

static struct disk disks[DISKS_MAX];
static struct nic nics[NICS_MAX];

/* What is typed from now on is meant by the keyboard that was chosen. */
static void
use_keymap(const struct setup *s)
{
	const char *const argv[] = { KEYMAP, setup_keymap(s), NULL };

	program_run(argv);
}

/* False: ended by the operator. */
static bool
ask(struct setup *s, const char *problem)
{
	int field = 0;

	for (;;) {
		switch (draw_page(s, field, problem)) {
		case DRAW_QUIT:
			return false;
		case DRAW_BACK:
			if (!setup_back(s))
				return false;
			field = 0;
			problem = NULL;
			break;
		case DRAW_NEXT:
			if (s->at == SETUP_KEYBOARD)
				use_keymap(s);
			if (setup_next(s, &field, &problem) == SETUP_INSTALL)
				return true;
			break;
		}
	}
}

static void
follow(struct run *r)
{
	do
		draw_progress(r->step, r->percent, r->left_s);
	while (run_poll(r));
}

/* Its address is this one's if DHCP gives the same card the same again. */
static void
describe_result(const struct setup *s, const struct choices *c, char *out,
    size_t size)
{
	struct facts f;

	facts_read(&f);
	snprintf(out, size, "Bedplate is installed to %s.\n\n"
	    "Restart now; the medium may stay where it is. The host then "
	    "starts from its disk and is reached at\n\n"
	    "    https://%s/%s\n\n"
	    "with any client of the XenAPI, as root with the password you "
	    "chose. Its console screen shows the address and the fingerprint "
	    "of its certificate, which it makes at its first start.",
	    setup_disk(s)->path, c->network.dhcp ?
	    *f.address ? f.address : "the address that DHCP gives it" : s->ip,
	    c->network.dhcp && *f.address ? "    (now; given by DHCP)" : "");
}

/* True: restart. */
static bool
last_page(const char *title, const char *text, bool installed)
{
	char options[2][SETUP_LINE] = {
		"Restart now", "Return to the console screen",
	};
	struct page p = { .title = title, .is_list = true, .n_fields = 1 };
	int chosen = installed ? 0 : 1;

	snprintf(p.text, sizeof p.text, "%s", text);
	p.fields[0] = (struct field){ .kind = FIELD_CHOICE, .enabled = true,
		.chosen = &chosen, .n = 2, .options = options };
	return draw_list(&p) == DRAW_NEXT && chosen == 0;
}

/* True: restart. */
static bool
install(struct setup *s, const char **problem)
{
	static struct run r;
	struct choices c;
	char text[SETUP_TEXT];
	int rc;

	*problem = NULL;
	rc = setup_choices(s, &c) ? run_start(&r, &c, setup_disk(s)) : -1;
	explicit_bzero(c.password_hash, sizeof c.password_hash);
	if (rc) {
		*problem = rc == -1 ? "the password cannot be hashed" : r.why;
		return false;
	}
	follow(&r);
	if (!*r.why) {
		describe_result(s, &c, text, sizeof text);
		return last_page("Done", text, true);
	}
	snprintf(text, sizeof text, "The installation failed:\n\n    %s\n\n%s",
	    r.why, r.remains);
	return last_page("Failed", text, false);
}

static bool
run_pages(void)
{
	static struct setup s;
	const char *problem = NULL;
	bool restart = false;

	setup_init(&s, disks, disks_list(disks), nics, nics_list(nics),
	    access(EFI_FOLDER, F_OK) == 0, TIMEZONES,
	    KEYMAPS);
	do {
		if (!ask(&s, problem))
			break;
		restart = install(&s, &problem);
	} while (problem);
	setup_release(&s);
	return restart;
}

int
main(void)
{
	bool restart;

	signal(SIGPIPE, SIG_IGN);
	if (!run_possible()) {
		fprintf(stderr, "bedplate-setup: this system was not started "
		    "from a medium that can be installed\n");
		return 1;
	}
	if (!draw_start()) {
		fprintf(stderr, "bedplate-setup: the terminal cannot be "
		    "used\n");
		return 1;
	}
	restart = run_pages();
	draw_end();
	if (restart)
		execl(REBOOT, REBOOT, (char *)NULL);
	return 0;
}
