/*
 * One command of xe on its way: its arguments, the call whose session it uses,
 * and what it has to say.  Functions here return 0, or -1 with the reason in
 * k->c->err (an error of the API) or k->failure (a text).  One thread.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "api/call.h"
#include "base/buf.h"
#include "cli/args.h"
#include "wire/thin.h"

/* The client.  0, or -1 when it is gone. */
struct cli_io {
	void *arg;
	int (*write)(void *arg, const void *data, size_t len);
	int (*read)(void *arg, void *data, size_t len);	/* exactly len */
};

struct cli {
	struct call *c;
	const struct cli_args *args;
	struct cli_io io;
	struct buf out;			/* not yet written */
	struct buf columns;		/* of --minimal, joined by commas */
	bool minimal, any_column;
	bool gone;			/* the client */
	const char *failure;		/* NULL: none */
	int status;			/* that xe ends with */
};

/* A line of what is shown, as a table has it. */
struct cli_cell {
	const char *label, *value;
};

int cli_fail(struct cli *k, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A command of the thin protocol with these texts. */
void cli_send(struct cli *k, enum thin_tag tag, const char *text,
    const char *path);
/* A text for people: nothing with --minimal. */
void cli_message(struct cli *k, const char *text);
/* One value, such as the uuid of what was made. */
void cli_value_line(struct cli *k, const char *text);
/* One object; --minimal shows its first cell only. */
void cli_record(struct cli *k, const struct cli_cell *cells, int n);
/* Writes all of it.  -1: the client is gone. */
int cli_flush(struct cli *k);
/* What --minimal kept, then the client's end. */
void cli_finish(struct cli *k, int status);

/* Waits for the client's answer to a command.  -1: it could not, or is gone. */
int cli_await(struct cli *k);
/* Asks for a line of text; in the arena. */
int cli_prompt(struct cli *k, const char **line_out);
/* The file that the client has under that name; in the arena. */
int cli_load(struct cli *k, const char *file, size_t max,
    const char **data_out, size_t *len_out);
/* Does a person agree?  force=true does. */
int cli_confirm(struct cli *k, const char *what);

#endif
