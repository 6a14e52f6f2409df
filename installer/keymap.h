/*
 * The keyboards that this system knows, a line each, NAME and what a person
 * calls it: /usr/share/bedplate/keymaps.txt.  /state/keymap has the name of the
 * host's (see dom0-rootfs/skel/usr/libexec/bedplate/keymap).
 */
#ifndef INSTALLER_KEYMAP_H
#define INSTALLER_KEYMAP_H

#include <stdbool.h>

#define KEYMAPS "/usr/share/bedplate/keymaps.txt"
#define KEYMAP_TEXT 32
#define KEYMAPS_MAX 40

struct keymap {
	char name[KEYMAP_TEXT];
	char text[KEYMAP_TEXT];
};

/* Nothing that a shell script would take for more than a file's name. */
bool keymap_is_plain(const char *name);
bool keymap_is_known(const char *name, const char *file);
/* As the file has them; their number. */
int keymaps_list(const char *file, struct keymap out[static KEYMAPS_MAX]);

#endif
