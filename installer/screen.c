/*
 * bedplate-screen: what a person sees at the machine itself, on tty1 and on
 * the serial console: what this host is, how to reach it, and a few keys.
 * Init starts it again when it ends.  Everything that changes something asks
 * for root's password once there is one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "facts.h"
#include "netconf.h"
#include "program.h"
#include "state.h"
#include "term.h"

#define REFRESH_MS 2000
#define REFUSED_MS 2000		/* a guess at the password costs this */
#define NETWORK_SERVICE "/etc/service/network"
#define SETUP "/usr/sbin/bedplate-setup"
#define SSH "/usr/libexec/bedplate/ssh"
#define CMDLINE_MAX 4096

static void
line(const char *name, const char *value)
{
	printf("  %-13s %s\r\n", name, value);
}

static void
show_fingerprint(const char *print)
{
	size_t half = 16 * 3;		/* of 32 pairs "AB:" */

	if (strlen(print) <= half) {
		line("Certificate", *print ? print : "not made yet");
		return;
	}
	printf("  %-13s SHA-256 %.*s\r\n", "Certificate", (int)half, print);
	printf("  %-13s         %s\r\n", "", print + half);
}

static void
show(const struct facts *f)
{
	char url[2 * FACT_TEXT];
	bool v6 = strchr(f->address, ':') != NULL;

	snprintf(url, sizeof url, "https://%s%s%s/", v6 ? "[" : "",
	    f->address, v6 ? "]" : "");
	term_clear();
	printf("\r\n  Bedplate %s\r\n\r\n", f->version);
	line("Host", f->hostname);
	line("Network", *f->interface ? f->interface : "no network interface");
	if (*f->problem)
		line("", f->problem);
	line("Address", *f->address ? f->address : "none yet");
	line("State", f->state);
	if (*f->setup)
		line("Setup", f->setup);
	if (*f->slot)
		line("Update", f->slot);
	line("API", !f->api_answers ? "starting" :
	    *f->address ? url : "running, waiting for an address");
	show_fingerprint(f->fingerprint);
	if (f->ssh_open)
		line("ssh", "open, for root");
	printf("\r\n");
	if (f->state_refused)
		printf("  Nobody can log in. Repair the volume and restart, "
		    "or choose 'state in memory'\r\n  when this host "
		    "starts.\r\n");
	else if (!f->password_set)
		printf("  No password is set: every login is refused. "
		    "Press p to set root's.\r\n");
	else
		printf("  Log in as root with a XenAPI client or a browser "
		    "at the address above.\r\n");
	printf("\r\n  p password   n network   s shell   h ssh   r reboot   "
	    "o power off%s\r\n\r\n", f->can_install ?
	    "   i install" : "");
	fflush(stdout);
}

static void
pause_for_key(const char *text)
{
	printf("\r\n  %s  (any key)\r\n", text);
	fflush(stdout);
	term_key(-1);
}

/* Nothing to ask for as long as nobody has set a password. */
static bool
authorized(void)
{
	char password[PASSWORD_MAX + 1];
	bool ok;

	if (!state_secret_is_set())
		return true;
	if (!term_ask("  root's password: ", password, sizeof password, true))
		return false;
	ok = state_secret_matches(password);
	explicit_bzero(password, sizeof password);
	if (!ok) {
		printf("  wrong password\r\n");
		fflush(stdout);
		poll(NULL, 0, REFUSED_MS);
	}
	return ok;
}

static void
change_password(void)
{
	char first[PASSWORD_MAX + 1], again[PASSWORD_MAX + 1];
	const char *problem;
	int rc;

	if (!authorized() || !term_ask("  new password: ", first,
	    sizeof first, true) ||
	    !term_ask("  once more:    ", again, sizeof again, true))
		return;
	if (strcmp(first, again) != 0) {
		pause_for_key("They differ. Nothing was changed.");
		return;
	}
	problem = password_problem(first);
	rc = state_secret_set(first);
	explicit_bzero(first, sizeof first);
	explicit_bzero(again, sizeof again);
	if (rc == 0)
		return;
	if (problem)
		printf("  Not that one: %s.\r\n", problem);
	pause_for_key(problem ? "Nothing was changed." :
	    "It could not be stored. Nothing was changed.");
}

static bool
ask_static(struct netconf *n)
{
	char ip[NETCONF_TEXT], mask[NETCONF_TEXT];

	if (!term_ask("  address:           ", ip, sizeof ip, false) ||
	    !term_ask("  netmask (or 24):   ", mask, sizeof mask, false) ||
	    !term_ask("  gateway:           ", n->gateway,
	    sizeof n->gateway, false) ||
	    !term_ask("  name servers:      ", n->dns, sizeof n->dns, false))
		return false;
	if (netconf_set_address(n, ip, mask))
		return true;
	pause_for_key("That is no address and netmask. Nothing was changed.");
	return false;
}

static void
change_network(void)
{
	static const char *const restart[] = {
		"/usr/bin/sv", "restart", NETWORK_SERVICE, NULL,
	};
	struct netconf n = { .dhcp = true };
	char mode[NETCONF_TEXT];
	const char *problem;

	if (!authorized() ||
	    !term_ask("  interface (empty: first with a cable): ",
	    n.interface, sizeof n.interface, false) ||
	    !term_ask("  d for DHCP, s for a static address: ", mode,
	    sizeof mode, false))
		return;
	if (mode[0] == 's' && !ask_static(&n))
		return;
	problem = netconf_problem(&n);
	if (problem) {
		pause_for_key(problem);
		return;
	}
	if (netconf_save(&n) || program_run(restart))
		pause_for_key("The network could not be changed.");
}

static void
shell(void)
{
	static const char *const argv[] = { "/bin/sh", "-l", NULL };

	if (!authorized())
		return;
	term_restore();
	printf("\r\n  exit returns to the console screen\r\n");
	fflush(stdout);
	program_run(argv);
	term_raw();
}

/* Whatever xapi does. */
static void
switch_ssh(bool is_open)
{
	const char *const argv[] = { SSH, is_open ? "close" : "open", NULL };
	char yes[8];

	if (authorized() && term_ask(is_open ? "  close ssh? (yes) " :
	    "  open ssh, for root by this password? (yes) ", yes, sizeof yes,
	    false) && strcmp(yes, "yes") == 0 && program_run(argv))
		pause_for_key("It could not be changed.");
}

/* The pages have the terminal for themselves. */
static void
install(void)
{
	static const char *const argv[] = { SETUP, NULL };

	if (!authorized())
		return;
	term_restore();
	program_run(argv);
	term_raw();
}

/* Was that what the operator chose in the boot menu? */
static bool
install_was_chosen(void)
{
	char line[CMDLINE_MAX], *word, *save = NULL;

	if (!state_read_line("/proc/cmdline", line, sizeof line))
		return false;
	for (word = strtok_r(line, " ", &save); word;
	    word = strtok_r(NULL, " ", &save))
		if (strcmp(word, "bedplate.install") == 0)
			return true;
	return false;
}

/* Init ends the services and unmounts what is to be kept. */
static void
leave(const char *program, const char *question)
{
	const char *const argv[] = { program, NULL };
	char yes[8];

	if (authorized() && term_ask(question, yes, sizeof yes, false) &&
	    strcmp(yes, "yes") == 0)
		program_run(argv);
}

static void
handle(int key, const struct facts *f)
{
	switch (key) {
	case 'p':
		change_password();
		break;
	case 'n':
		change_network();
		break;
	case 's':
		shell();
		break;
	case 'h':
		switch_ssh(f->ssh_open);
		break;
	case 'i':
		install();
		break;
	case 'r':
		leave("/sbin/reboot", "  reboot this host, guests included? "
		    "(yes) ");
		break;
	case 'o':
		leave("/sbin/poweroff", "  power off this host, guests "
		    "included? (yes) ");
		break;
	}
}

int
main(void)
{
	struct facts now, shown;
	int key = 0;

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	memset(&shown, 0, sizeof shown);
	term_raw();
	if (install_was_chosen())
		install();
	while (!term_is_gone()) {
		facts_read(&now);
		/* a key, or news: a serial line is not written to for nothing */
		if (key != -1 || memcmp(&now, &shown, sizeof now) != 0)
			show(&now);
		shown = now;
		key = term_key(REFRESH_MS);
		if (key != -1)
			handle(key, &now);
	}
	term_restore();
	return 0;
}
