/*
 * The pages of the text interface: which there are, their fields, what is wrong
 * with what was entered, and what comes next.  It neither draws nor reads
 * anything of the machine, but for the lists of time zones and keyboards, nor
 * writes to it;
 * draw.c shows it and main.c carries out what was chosen.  One thread.
 *
 *	keyboard -> disk -> network -> host -> confirm -> (installation)
 *
 * Back goes the other way and loses nothing that was entered.
 */
#ifndef INSTALLER_SETUP_SETUP_H
#define INSTALLER_SETUP_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"
#include "choices.h"
#include "disk/disk.h"
#include "setup/nic.h"

#define SETUP_LINE 79			/* of a terminal, and a NUL */
#define SETUP_TEXT 1024
#define SETUP_FIELDS 8
#define SETUP_OPTIONS 40

enum setup_page {
	SETUP_KEYBOARD,
	SETUP_DISK,
	SETUP_NETWORK,
	SETUP_HOST,
	SETUP_CONFIRM,
	SETUP_PAGES
};

enum setup_go {
	SETUP_STAY,			/* something is wrong, or missing */
	SETUP_SHOW,			/* another page */
	SETUP_INSTALL			/* confirmed */
};

enum field_kind {
	FIELD_TEXT,
	FIELD_SECRET,			/* typed without being shown */
	FIELD_CHOICE
};

struct field {
	const char *label;
	enum field_kind kind;
	bool enabled;
	char *text;			/* TEXT, SECRET: of size bytes */
	size_t size;
	int *chosen;			/* CHOICE: one of n options */
	int n;
	char (*options)[SETUP_LINE];
};

/* A page as it is to be shown; what it points to is the struct setup's. */
struct page {
	const char *title;
	char text[SETUP_TEXT];		/* lines of a terminal's width */
	/* One choice that fills the page, with a text about what is chosen. */
	bool is_list;
	char note[SETUP_TEXT];
	int n_fields;
	struct field fields[SETUP_FIELDS];
};

struct setup {
	enum setup_page at;
	/* of the machine */
	struct disk disks[SETUP_OPTIONS];	/* that can be chosen */
	int n_disks;
	char passed_over[SETUP_TEXT / 2];	/* those that cannot, and why */
	struct nic nics[NICS_MAX];
	int n_nics;
	const char *timezones;			/* as timezone.h's TIMEZONES */
	struct keymap keymaps[KEYMAPS_MAX];
	int n_keymaps;
	/* what was entered */
	int keymap, disk, nic, mode, confirmed;
	char vlan[8];
	char ip[NETCONF_TEXT], netmask[NETCONF_TEXT];
	char gateway[NETCONF_TEXT], dns[NETCONF_TEXT], ntp[NETCONF_TEXT];
	char hostname[HOSTNAME_LENGTH_MAX + 1];
	char timezone[TIMEZONE_TEXT];
	char password[PASSWORD_MAX + 1], again[PASSWORD_MAX + 1];
	/* what the choices look like */
	char keymap_options[KEYMAPS_MAX][SETUP_LINE];
	char disk_options[SETUP_OPTIONS][SETUP_LINE];
	char nic_options[NICS_MAX + 1][SETUP_LINE];
	char mode_options[2][SETUP_LINE];
	char confirm_options[2][SETUP_LINE];
};

/* Copies; offers what of the disks install/choose.h lets a person take.  uefi:
 * how this machine was started.  timezones, keymaps: files, as TIMEZONES and
 * KEYMAPS; the former stays the caller's. */
void setup_init(struct setup *s, const struct disk *disks, int n_disks,
    const struct nic *nics, int n_nics, bool uefi, const char *timezones,
    const char *keymaps);
/* Forgets the passwords. */
void setup_release(struct setup *s);

void setup_page(struct setup *s, struct page *out);
/* Checks the page and goes on.  SETUP_STAY: *why, for a person, is wrong with
 * the field *field of the page. */
enum setup_go setup_next(struct setup *s, int *field, const char **why);
/* False on the first page. */
bool setup_back(struct setup *s);

/* What was chosen, once the pages before have been passed. */
/* NULL: there is none to choose. */
const char *setup_keymap(const struct setup *s);
const struct disk *setup_disk(const struct setup *s);
/* False: the password cannot be kept. */
bool setup_choices(const struct setup *s, struct choices *out);

#endif
