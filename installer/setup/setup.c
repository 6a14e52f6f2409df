#include "setup/setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hostname.h"
#include "install/choose.h"

#define GIB ((double)((uint64_t)1 << 30))

enum { MODE_DHCP, MODE_STATIC };
enum { CONFIRM_BACK, CONFIRM_INSTALL };

/* -- texts -- */

static void append(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
append(char *out, size_t size, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, size - n, fmt, ap);
	va_end(ap);
}

/* What a disk tells of itself is shown as a terminal may show it. */
static void
plain(char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

/* One line of the list, of at most 72 columns: a menu has its mark beside. */
static void
describe_disk(const struct disk *d, char out[static SETUP_LINE])
{
	*out = '\0';
	append(out, SETUP_LINE, "%-12.12s %8.1f GiB  %-24.24s  %-20.20s",
	    d->path, (double)d->size / GIB, *d->model ? d->model : "a disk",
	    d->serial);
}

static void
describe_nic(const struct nic *n, char out[static SETUP_LINE])
{
	snprintf(out, SETUP_LINE, "%s  %s  %s", n->name, n->mac,
	    n->link ? "linked" : "no link");
}

static bool
is_blank(const struct disk *d)
{
	return d->kind == DISK_BLANK;
}

static const char *
held_by(const struct disk *d)
{
	if (is_blank(d))
		return "nothing";
	return *d->holds.text ? d->holds.text : "unknown data";
}

/* -- the machine -- */

static void
pass_over(struct setup *s, const struct disk *d, const char *why)
{
	append(s->passed_over, sizeof s->passed_over, "%s%.16s (%.80s)",
	    *s->passed_over ? ", " : "Not offered: ", d->path, why);
}

/* What lies on a disk is shown before it is taken, so all that may be wiped
 * may be chosen. */
static void
offer(struct setup *s, const struct disk *d, bool uefi)
{
	static const struct choices all = { .wipe = true, .wipe_host = true };
	struct disk *to = &s->disks[s->n_disks];
	const char *why;

	if (choose(d, &all, uefi, &why) != CHOOSE_FRESH) {
		pass_over(s, d, why);
	} else if (s->n_disks == SETUP_OPTIONS) {
		pass_over(s, d, "one too many");
	} else {
		*to = *d;
		plain(to->model);
		plain(to->serial);
		plain(to->holds.text);
		describe_disk(to, s->disk_options[s->n_disks++]);
	}
}

/* A stick is seldom meant. */
static int
first_fixed(const struct setup *s)
{
	for (int i = 0; i < s->n_disks; i++)
		if (!s->disks[i].removable)
			return i;
	return 0;
}

static void
offer_keymaps(struct setup *s, const char *file)
{
	s->n_keymaps = keymaps_list(file, s->keymaps);
	for (int i = 0; i < s->n_keymaps; i++)
		append(s->keymap_options[i], SETUP_LINE, "%-26s%s",
		    s->keymaps[i].text, s->keymaps[i].name);
}

void
setup_init(struct setup *s, const struct disk *disks, int n_disks,
    const struct nic *nics, int n_nics, bool uefi, const char *timezones,
    const char *keymaps)
{
	memset(s, 0, sizeof *s);
	for (int i = 0; i < n_disks; i++)
		offer(s, &disks[i], uefi);
	s->disk = first_fixed(s);
	s->n_nics = n_nics < NICS_MAX ? n_nics : NICS_MAX;
	snprintf(s->nic_options[0], SETUP_LINE,
	    "the first that has a link");
	for (int i = 0; i < s->n_nics; i++) {
		s->nics[i] = nics[i];
		describe_nic(&nics[i], s->nic_options[i + 1]);
	}
	snprintf(s->mode_options[MODE_DHCP], SETUP_LINE, "automatic (DHCP)");
	snprintf(s->mode_options[MODE_STATIC], SETUP_LINE, "fixed");
	snprintf(s->hostname, sizeof s->hostname, "bedplate");
	snprintf(s->timezone, sizeof s->timezone, "UTC");
	s->timezones = timezones;
	offer_keymaps(s, keymaps);
}

void
setup_release(struct setup *s)
{
	explicit_bzero(s->password, sizeof s->password);
	explicit_bzero(s->again, sizeof s->again);
}

const char *
setup_keymap(const struct setup *s)
{
	return s->n_keymaps ? s->keymaps[s->keymap].name : NULL;
}

const struct disk *
setup_disk(const struct setup *s)
{
	return &s->disks[s->disk];
}

static void
network_of(const struct setup *s, struct netconf *out)
{
	memset(out, 0, sizeof *out);
	out->dhcp = true;
	/* by what stays when cards are added */
	if (s->nic > 0)
		snprintf(out->interface, sizeof out->interface, "%s",
		    s->nics[s->nic - 1].mac);
	netconf_set_vlan(out, s->vlan);
	snprintf(out->ntp, sizeof out->ntp, "%s", s->ntp);
	if (s->mode == MODE_DHCP)
		return;
	out->dhcp = false;
	netconf_set_address(out, s->ip, s->netmask);
	snprintf(out->gateway, sizeof out->gateway, "%s", s->gateway);
	snprintf(out->dns, sizeof out->dns, "%s", s->dns);
}

bool
setup_choices(const struct setup *s, struct choices *out)
{
	memset(out, 0, sizeof *out);
	snprintf(out->disk, sizeof out->disk, "%s", setup_disk(s)->path);
	out->wipe = out->wipe_host = true;
	snprintf(out->hostname, sizeof out->hostname, "%s", s->hostname);
	snprintf(out->timezone, sizeof out->timezone, "%s", s->timezone);
	if (s->n_keymaps)
		snprintf(out->keymap, sizeof out->keymap, "%s",
		    setup_keymap(s));
	out->has_network = true;
	network_of(s, &out->network);
	return choices_set_password(out, s->password) == NULL;
}

/* -- the pages, as they are shown -- */

static struct field *
add(struct page *p, const char *label, enum field_kind kind, bool enabled)
{
	struct field *f = &p->fields[p->n_fields++];

	f->label = label;
	f->kind = kind;
	f->enabled = enabled;
	return f;
}

static void
add_text(struct page *p, const char *label, enum field_kind kind,
    bool enabled, char *text, size_t size)
{
	struct field *f = add(p, label, kind, enabled);

	f->text = text;
	f->size = size;
}

static void
add_choice(struct page *p, const char *label, int *chosen, int n,
    char (*options)[SETUP_LINE])
{
	struct field *f = add(p, label, FIELD_CHOICE, n > 0);

	f->chosen = chosen;
	f->n = n;
	f->options = options;
}

static void
show_keyboard(struct setup *s, struct page *p)
{
	p->title = "Keyboard";
	p->is_list = true;
	append(p->text, sizeof p->text, "Which keyboard is at this machine? "
	    "On a serial line it does not matter.");
	add_choice(p, "Keyboard", &s->keymap, s->n_keymaps,
	    s->keymap_options);
}

static void
show_disk(struct setup *s, struct page *p)
{
	const struct disk *d = setup_disk(s);

	p->title = "Disk";
	p->is_list = true;
	append(p->text, sizeof p->text, "%s\n%s", s->n_disks ?
	    "To which disk is Bedplate to be installed? Everything on it will "
	    "be erased." :
	    "This machine has no disk that Bedplate could be installed to.",
	    s->passed_over);
	add_choice(p, "Disk", &s->disk, s->n_disks, s->disk_options);
	if (s->n_disks)
		append(p->note, sizeof p->note, "%s%s, serial number %s\n"
		    "On it now: %s", d->removable ? "Removable: " : "",
		    *d->model ? d->model : "a disk",
		    *d->serial ? d->serial : "unknown",
		    held_by(d));
}

static void
show_network(struct setup *s, struct page *p)
{
	bool fixed = s->mode == MODE_STATIC;

	p->title = "Network";
	snprintf(p->text, sizeof p->text, "%s",
	    "How is this host to be reached? Left and right arrows choose.\n"
	    "VLAN stays empty unless the cable carries the host's network "
	    "tagged.");
	add_choice(p, "Network card", &s->nic, s->n_nics + 1, s->nic_options);
	add_text(p, "VLAN", FIELD_TEXT, true, s->vlan, sizeof s->vlan);
	add_choice(p, "Address is", &s->mode, 2, s->mode_options);
	add_text(p, "Address", FIELD_TEXT, fixed, s->ip, sizeof s->ip);
	add_text(p, "Netmask, or bits", FIELD_TEXT, fixed, s->netmask,
	    sizeof s->netmask);
	add_text(p, "Gateway", FIELD_TEXT, fixed, s->gateway,
	    sizeof s->gateway);
	add_text(p, "Name servers", FIELD_TEXT, fixed, s->dns, sizeof s->dns);
}

static void
show_host(struct setup *s, struct page *p)
{
	p->title = "Host";
	snprintf(p->text, sizeof p->text,
	    "The host's name, and the password of root, by which it is "
	    "managed.\nTime servers may stay empty: DHCP often names some. "
	    "A time zone is one like\nEurope/Berlin; the clock itself runs in "
	    "UTC.");
	add_text(p, "Host name", FIELD_TEXT, true, s->hostname,
	    sizeof s->hostname);
	add_text(p, "Time servers", FIELD_TEXT, true, s->ntp, sizeof s->ntp);
	add_text(p, "Time zone", FIELD_TEXT, true, s->timezone,
	    sizeof s->timezone);
	add_text(p, "Password", FIELD_SECRET, true, s->password,
	    sizeof s->password);
	add_text(p, "Once more", FIELD_SECRET, true, s->again,
	    sizeof s->again);
}

static void
summary(const struct setup *s, char *out, size_t size)
{
	const struct disk *d = setup_disk(s);

	append(out, size, "Disk      %s, %.1f GiB, %.30s %.20s\n", d->path,
	    (double)d->size / GIB, d->model, d->serial);
	append(out, size, "Network   %.50s%s%s\n", s->nic_options[s->nic],
	    *s->vlan ? ", VLAN " : "", s->vlan);
	if (s->mode == MODE_STATIC)
		append(out, size, "Address   %.20s / %.20s, gateway %.20s\n",
		    s->ip, s->netmask, *s->gateway ? s->gateway : "none");
	else
		append(out, size, "Address   by DHCP\n");
	append(out, size, "Host      %.63s\n", s->hostname);
	append(out, size, "Time      %.63s\n", s->timezone);
}

static void
show_confirm(struct setup *s, struct page *p)
{
	const struct disk *d = setup_disk(s);

	p->title = "Confirm";
	p->is_list = true;
	summary(s, p->text, sizeof p->text);
	if (is_blank(d))
		append(p->text, sizeof p->text, "\nNothing is on the disk.\n");
	else
		append(p->text, sizeof p->text, "\nThis will be ERASED, and "
		    "cannot be had back: %s\n", held_by(d));
	snprintf(s->confirm_options[CONFIRM_BACK], SETUP_LINE,
	    "Go back: nothing has been written yet");
	snprintf(s->confirm_options[CONFIRM_INSTALL], SETUP_LINE,
	    "%s %.40s and install", is_blank(d) ? "Take" : "ERASE", d->path);
	add_choice(p, "Install", &s->confirmed, 2, s->confirm_options);
}

void
setup_page(struct setup *s, struct page *out)
{
	static void (*const show[SETUP_PAGES])(struct setup *, struct page *) =
	    { show_keyboard, show_disk, show_network, show_host, show_confirm };

	memset(out, 0, sizeof *out);
	show[s->at](s, out);
}

/* -- the checks: the field's number, or -1 if all is well -- */

static int
check_disk(const struct setup *s, const char **why)
{
	*why = "there is no disk to install to";
	return s->n_disks ? -1 : 0;
}

static int
check_address(const struct setup *s, const char **why)
{
	struct netconf n;

	memset(&n, 0, sizeof n);
	*why = "an address like 192.0.2.10 is needed";
	if (!netconf_set_address(&n, s->ip, "24"))
		return 3;
	*why = "a netmask like 255.255.255.0, or 24, is needed";
	if (!netconf_set_address(&n, s->ip, s->netmask))
		return 4;
	network_of(s, &n);
	*n.dns = *n.ntp = '\0';
	*why = netconf_problem(&n);
	if (*why)
		return 5;
	network_of(s, &n);
	*n.ntp = '\0';
	*why = netconf_problem(&n);
	return *why ? 6 : -1;
}

static int
check_network(const struct setup *s, const char **why)
{
	struct netconf n;

	memset(&n, 0, sizeof n);
	*why = "a VLAN is a number from 1 to 4094, or nothing";
	if (*s->vlan && !netconf_set_vlan(&n, s->vlan))
		return 1;
	return s->mode == MODE_DHCP ? -1 : check_address(s, why);
}

static int
check_host(const struct setup *s, const char **why)
{
	struct netconf n;

	*why = hostname_problem(s->hostname);
	if (*why)
		return 0;
	network_of(s, &n);
	*why = netconf_problem(&n);
	if (*why)
		return 1;
	*why = "a time zone's name, like Europe/Berlin, or UTC, is needed";
	if (!timezone_is_known(s->timezone, s->timezones))
		return 2;
	*why = password_problem(s->password);
	if (*why)
		return 3;
	*why = *s->again ? "the passwords differ" :
	    "type the password once more";
	return strcmp(s->password, s->again) ? 4 : -1;
}

static int
check_nothing(const struct setup *s, const char **why)
{
	(void)s;
	*why = NULL;
	return -1;
}

/* -- moves -- */

/* Whoever has something to lose has to choose to lose it. */
static void
enter(struct setup *s, enum setup_page page)
{
	s->at = page;
	if (page == SETUP_CONFIRM)
		s->confirmed = is_blank(setup_disk(s)) ? CONFIRM_INSTALL :
		    CONFIRM_BACK;
}

enum setup_go
setup_next(struct setup *s, int *field, const char **why)
{
	static int (*const check[SETUP_PAGES])(const struct setup *,
	    const char **) =
	    { check_nothing, check_disk, check_network, check_host,
		check_nothing };

	*field = check[s->at](s, why);
	if (*field != -1)
		return SETUP_STAY;
	*field = 0;
	*why = NULL;
	if (s->at != SETUP_CONFIRM) {
		enter(s, s->at + 1);
		return SETUP_SHOW;
	}
	if (s->confirmed == CONFIRM_INSTALL)
		return SETUP_INSTALL;
	setup_back(s);
	return SETUP_SHOW;
}

bool
setup_back(struct setup *s)
{
	if (s->at == SETUP_KEYBOARD)
		return false;
	enter(s, s->at - 1);
	return true;
}
