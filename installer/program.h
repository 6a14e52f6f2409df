/* Other programs, run to their end. */
#ifndef INSTALLER_PROGRAM_H
#define INSTALLER_PROGRAM_H

/* argv[0] is a path.  The status as of waitpid; -1: it was not started. */
int program_run(const char *const argv[]);

#endif
