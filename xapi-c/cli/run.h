/*
 * A command from its arguments to its end.  k has call, args and io; k->c
 * gains a session in cli_login.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/cli.h"

/* Says what needs no session: help, and what is wrong with the command line.
 * True: that was all. */
bool cli_needs_nothing(struct cli *k);
/* The session that the arguments name, or one of user and password: *made_out
 * is that, to be ended by the caller, or null.  -1 after having said why. */
int cli_login(struct cli *k, struct ref *made_out);
void cli_run(struct cli *k);
/* Ends a command that cannot be run. */
void cli_refuse(struct cli *k, const char *why);

#endif
