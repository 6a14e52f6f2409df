#include "xenopsd/core/daemon.h"

#include <grp.h>
#include <pwd.h>

#define XAPI_ID 100		/* when /etc/passwd does not know xapi */

uid_t
daemon_xapi_uid(void)
{
	const struct passwd *p = getpwnam("xapi");

	return p ? p->pw_uid : XAPI_ID;
}

gid_t
daemon_xapi_gid(void)
{
	const struct group *g = getgrnam("xapi");

	return g ? g->gr_gid : XAPI_ID;
}
