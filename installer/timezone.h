/*
 * The time zones that this system knows, a line each, NAME and what libc takes
 * as TZ: /usr/share/bedplate/timezones.  /state/timezone has the name of the
 * host's (see dom0-rootfs/skel/usr/libexec/bedplate/timezone).
 */
#ifndef INSTALLER_TIMEZONE_H
#define INSTALLER_TIMEZONE_H

#include <stdbool.h>

#define TIMEZONES "/usr/share/bedplate/timezones"
#define TIMEZONE_TEXT 64

/* Nothing that a shell script would take for more than a name. */
bool timezone_is_plain(const char *name);
bool timezone_is_known(const char *name, const char *file);

#endif
