/*
 * The commands that every class has: CLASS-list, CLASS-param-list, -get, -set,
 * -add, -remove and -clear.
 */
#ifndef CLI_PARAMS_H
#define CLI_PARAMS_H

#include "cli/cli.h"

/* Is that such a command? */
struct cli_params {
	const struct cli_class *cls;
	const struct cli_verb *verb;
};
bool cli_params_find(const char *command, struct cli_params *out);
/* Words as in cli/call.h, and what it does. */
const char *cli_params_words(const struct cli_params *p);
const char *cli_params_help(struct arena *a, const struct cli_params *p);
int cli_params_run(struct cli *k, const struct cli_params *p);

/* All names, one after the other, to fn. */
void cli_params_each(struct arena *a,
    void (*fn)(const char *name, void *arg), void *arg);

#endif
