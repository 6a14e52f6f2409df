/*
 * Which objects a command is about: those of a class for which all parameters
 * hold that are no words of the command.
 *     field=text           the field shows that text
 *     field:key=text       of a map
 *     field:contains=text  of a set
 *     vm=, host= ... text  its uuid or name_label
 */
#ifndef CLI_SELECT_H
#define CLI_SELECT_H

#include "cli/cli.h"
#include "cli/field.h"

/* The references, a set in the arena, sorted by nothing.  words: parameters
 * that choose nothing, as in cli/call.h; more: n conditions besides. */
int cli_select(struct cli *k, int class_id, const char *words,
    const struct cli_pair *more, int n, struct vec *refs_out);

#endif
