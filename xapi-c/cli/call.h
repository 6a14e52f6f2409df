/*
 * From words to messages: what a parameter of a command means is told by the
 * type that the message wants.
 *     int       digits, perhaps with KiB, MiB, GiB or TiB
 *     ref       the uuid of an object, or a name_label that only one has
 *     set       parts between commas
 *     map       all parameters NAME:KEY=VALUE
 * How the arguments of a message come from parameters is one text, with a word
 * for each (and FIELD: before it, for the fields of a constructor's record):
 *     NAME      the parameter of that name, which must be given
 *     NAME?     may be left out: nothing, 0, false, no object
 *     NAME?TEXT TEXT if it is left out
 *     =TEXT     always that
 *     @         the object that the command was told to work on
 */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include "base/type.h"
#include "cli/cli.h"
#include "rpc/answer.h"
#include "wire/value.h"

/* One word of such a text, taken apart. */
struct cli_word {
	const char *field;		/* NULL: none */
	const char *name;		/* "@", "=", or the parameter's */
	const char *text;		/* after '=' or '?'; NULL: must be given */
};
/* The next word, or false at the end; moves *spec on. */
bool cli_next_word(struct arena *a, const char **spec, struct cli_word *out);
/* Is the parameter key, NAME or NAME:KEY of a map, what the word asks for? */
bool cli_word_is(const struct cli_word *w, const char *key);

/* The object of that class; the text "" is none.  -1: UUID_INVALID. */
int cli_find(struct cli *k, int class_id, const char *text, struct ref *out);
/* The same of a parameter; one that is not given names no object. */
int cli_find_arg(struct cli *k, int class_id, const char *key,
    struct ref *out);
/* A text as a value of that type; of a map the pairs of the parameter. */
int cli_convert(struct cli *k, const struct type *t, const char *key,
    const char *text, struct value *out);

struct value cli_text(const char *s);
struct value cli_bool(bool b);
struct value cli_ref(struct cli *k, const struct ref *r);

int cli_call(struct cli *k, const char *method, const struct value *params,
    uint32_t n, struct answer *out);
/* A message whose one argument is an object, such as a getter. */
int cli_call_on(struct cli *k, const char *method, const struct ref *self,
    struct answer *out);
/* A message with arguments by a text of words; subject is NULL where it has no
 * "@". */
int cli_call_words(struct cli *k, const char *method, const char *words,
    const struct ref *subject, struct answer *out);
/* Says what a message answered: an object by its uuid. */
void cli_show_answer(struct cli *k, const struct answer *a);

#endif
