/*
 * A control group: what its processes together may take of dom0.  Any process,
 * as root.
 */
#ifndef XENOPSD_CORE_CGROUP_H
#define XENOPSD_CORE_CGROUP_H

#define CGROUP_DIR "/sys/fs/cgroup"

/* As the kernel's files take them. */
struct cgroup_limits {
	const char *memory;		/* bytes; who takes more is killed */
	const char *cpu;		/* us in each period of us */
};

/* Puts this process into the group at path, which is made if it is not there.
 * 0, or -1 with errno. */
int cgroup_enter(const char *path, const struct cgroup_limits *l);

#endif
