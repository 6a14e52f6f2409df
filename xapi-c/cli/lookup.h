/*
 * All tables of commands: which one a name means, and running it.
 */
#ifndef CLI_LOOKUP_H
#define CLI_LOOKUP_H

#include "cli/command.h"

/* NULL: there is none. */
const struct cli_command *cli_lookup(const char *name);
void cli_lookup_each(void (*fn)(const char *name, void *arg), void *arg);
/* On all objects that the arguments choose. */
int cli_lookup_run(struct cli *k, const struct cli_command *cmd);

#endif
