#include "base/become.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"

int
become_user(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw || setgroups(0, NULL) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1) {
		log_error("cannot become '%s'", name);
		return -1;
	}
	return 0;
}

void
become_expendable(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd == -1 || fdio_write_all(fd, "1000", 4))
		log_warn("cannot be the first to go without memory");
	fdio_close(&fd);
}
