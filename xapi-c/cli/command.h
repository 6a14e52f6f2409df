/*
 * A command of xe, but for those that every class has (cli/params.h): most are a
 * message of the API and the words for its arguments.  Tables of them by what
 * they are about are constant; cli/lookup.h knows them all.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/cli.h"

enum cli_subject {
	CLI_NOTHING,
	CLI_VMS,			/* chosen by parameters, no templates */
	CLI_ANY_VM,			/* the same, templates too */
	CLI_TEMPLATES, CLI_SNAPSHOTS,
	CLI_HOSTS,
};

struct cli_command {
	const char *name;
	const char *words;		/* see cli/call.h */
	const char *help;
	const char *method;		/* "VM.start" */
	enum cli_subject subject;
	const char *forced;		/* the method with force=true, or the
					 * second one that run needs */
	/* Instead of a method, or to show what it does: may be NULL.  subject is
	 * NULL for CLI_NOTHING. */
	int (*run)(struct cli *k, const struct cli_command *cmd,
	    const struct ref *subject);
};

struct cli_table {
	const struct cli_command *v;
	int n;
};

#define CLI_TABLE(rows) { rows, (int)(sizeof(rows) / sizeof((rows)[0])) }

#endif
