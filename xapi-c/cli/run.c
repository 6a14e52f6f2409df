#include "cli/run.h"

#include <stdio.h>
#include <string.h>

#include "api/access/session.h"
#include "api/xapi.h"
#include "cli/call.h"
#include "cli/lookup.h"
#include "cli/params.h"
#include "gen/methods.h"
#include "gen/types.h"
#include "wire/value.h"

static const char usage[] =
    "Usage:\n"
    "  xe <command>\n"
    "     [ -s <server> ]            the host; without it, this one\n"
    "     [ -p <port> ]              its port\n"
    "     [ -u <username> -pw <password> | -pwf <password file> ]\n"
    "     [ --nossl ]                without TLS\n"
    "     [ <other arguments ...> ]  name=value, or --name for name=true\n"
    "\n"
    "To get help on a command:    xe help <command>\n"
    "To get a list of commands:   xe help --all\n";

/* -- failures -- */

static void
complain(struct cli *k, const char *text)
{
	cli_send(k, THIN_STDERR, arena_printf(k->c->arena, "%s\n", text),
	    NULL);
}

static void
misused(struct cli *k, const char *what, const char *detail)
{
	complain(k, *what && *detail ? arena_printf(k->c->arena, "%s: %s",
	    what, detail) : *what ? what : detail);
	complain(k, "For usage run: 'xe help'");
	cli_finish(k, 1);
}

static const struct error_doc *
text_of(const char *code)
{
	for (int i = 0; i < n_error_docs; i++)
		if (strcmp(error_docs[i].code, code) == 0)
			return &error_docs[i];
	return NULL;
}

/* References mean nothing to people: the uuid, and the name if there is one. */
static const char *
param_text(struct cli *k, const char *param)
{
	struct db_root *root;
	const struct object *o = NULL;
	const char *text = param;
	struct ref ref;
	int id;

	if (!ref_parse(param, &ref) || ref_is_null(&ref))
		return param;
	root = db_root_get(k->c->x->db);
	id = db_class_of(root, &ref);
	o = id >= 0 ? db_find(root, id, &ref) : NULL;
#define TEXT_AT(i) (*(const char *const *)((const char *)o + \
    o->cls->rec.fields[i].offset))
	if (o && o->cls->uuid_field >= 0)
		text = arena_printf(k->c->arena, o->cls->name_field >= 0 ?
		    "%s (%s)" : "%s", TEXT_AT(o->cls->uuid_field),
		    o->cls->name_field >= 0 &&
		    TEXT_AT(o->cls->name_field) ?
		    TEXT_AT(o->cls->name_field) : "");
#undef TEXT_AT
	db_root_put(root);
	return text;
}

static void
complain_of_error(struct cli *k)
{
	const struct error *e = &k->c->err;
	const struct error_doc *t = text_of(e->code);
	const char *names = t ? t->params : "";
	size_t len;

	if (!t) {
		thin_add_error(&k->out, e->code, e->params, e->n);
		return;
	}
	complain(k, t->text);
	for (int i = 0; i < e->n; i++) {
		len = strcspn(names, " ");
		complain(k, arena_printf(k->c->arena, "%.*s: %s",
		    len ? (int)len : 7, len ? names : "<extra>",
		    param_text(k, e->params[i])));
		names += len + (names[len] == ' ');
	}
}

static void
fail(struct cli *k)
{
	if (k->failure)
		complain(k, arena_printf(k->c->arena, "Error: %s",
		    k->failure));
	else if (k->c->err.code)
		complain_of_error(k);
	cli_finish(k, 1);
}

void
cli_refuse(struct cli *k, const char *why)
{
	cli_fail(k, "%s", why);
	fail(k);
}

/* -- help -- */

static void
add_names(struct cli *k, struct buf *b, const char *words, bool needed)
{
	struct cli_word w;

	while (cli_next_word(k->c->arena, &words, &w)) {
		if (strchr("@=", w.name[0]) || needed != !w.text)
			continue;
		buf_addf(b, "%s%s", b->len ? ", " : "", w.name);
	}
}

static void
help_of(struct cli *k, const char *name, const char *words,
    const char *selectors, const char *text)
{
	struct buf needed = { 0 }, more = { 0 };

	add_names(k, &needed, words, true);
	add_names(k, &more, words, false);
	if (*selectors)
		buf_addf(&more, "%s%s", more.len ? ", " : "", selectors);
	cli_send(k, THIN_PRINT, arena_printf(k->c->arena,
	    "command name        \t: %s\n"
	    "\treqd params     \t: %s\n"
	    "\toptional params \t: %s\n"
	    "\tdescription     \t: %s\n", name,
	    needed.data ? needed.data : "", more.data ? more.data : "",
	    text), NULL);
	buf_release(&needed);
	buf_release(&more);
}

static const char *
selectors_of(const struct cli_command *cmd)
{
	return cmd->subject == CLI_NOTHING ? "" : cmd->subject == CLI_HOSTS ?
	    "<host-selectors>" : "<vm-selectors>";
}

static void
help_on(struct cli *k, const char *name)
{
	const struct cli_command *cmd = cli_lookup(name);
	struct cli_params p;

	if (cmd)
		help_of(k, name, cmd->words, selectors_of(cmd), cmd->help);
	else if (cli_params_find(name, &p))
		help_of(k, name, cli_params_words(&p), "",
		    cli_params_help(k->c->arena, &p));
	else
		cli_send(k, THIN_PRINT, arena_printf(k->c->arena,
		    "Responsible command '%s' not found", name), NULL);
}

static void
list_name(const char *name, void *arg)
{
	cli_value_line(arg, name);
}

static void
help(struct cli *k)
{
	const struct cli_args *args = k->args;
	bool named = false;

	for (int i = 0; i < args->n; i++) {
		if (*args->v[i].value || cli_arg_is_standard(args->v[i].key))
			continue;
		help_on(k, args->v[i].key);
		named = true;
	}
	if (!named && cli_arg_is_set(args, "all")) {
		list_name("help", k);
		cli_lookup_each(list_name, k);
		cli_params_each(k->c->arena, list_name, k);
	} else if (!named) {
		cli_message(k, usage);
	}
	cli_finish(k, 0);
}

/* -- the way of a command -- */

/* The first word that must be given and is not, or NULL. */
static const char *
missing(struct cli *k, const char *words)
{
	struct cli_word w;
	bool there;

	while (cli_next_word(k->c->arena, &words, &w)) {
		if (w.text || strchr("@=", w.name[0]))
			continue;
		there = false;
		for (int i = 0; i < k->args->n && !there; i++)
			there = cli_word_is(&w, k->args->v[i].key);
		if (!there)
			return w.name;
	}
	return NULL;
}

bool
cli_needs_nothing(struct cli *k)
{
	const struct cli_command *cmd = cli_lookup(k->args->command);
	struct cli_params p;
	const char *name;

	k->minimal = cli_arg_is_set(k->args, "minimal");
	if (strcmp(k->args->command, "help") == 0) {
		help(k);
		return true;
	}
	if (!cmd && !cli_params_find(k->args->command, &p)) {
		misused(k, "Unknown command", k->args->command);
		return true;
	}
	name = missing(k, cmd ? cmd->words : cli_params_words(&p));
	if (name)
		misused(k, "Required parameter not found", name);
	return name;
}

static int
login(struct cli *k, struct ref *made_out)
{
	const char *user = cli_arg(k->args, "username");
	const char *password = cli_arg(k->args, "password");
	const struct value params[] = {
		cli_text(user ? user : ""), cli_text(password ? password : ""),
		cli_text("1.1"), cli_text("cli"),
	};
	struct ref ref;
	struct answer a;

	if (k->args->session) {
		if (ref_parse(k->args->session, &ref) && !ref_is_null(&ref))
			return session_check(k->c, &ref);
		return call_error(k->c, "SESSION_INVALID",
		    (const char *const[]){ k->args->session }, 1);
	}
	if (cli_call(k, "session.login_with_password", params, 4, &a))
		return -1;
	*made_out = *(const struct ref *)a.value;
	return session_check(k->c, made_out);
}

int
cli_login(struct cli *k, struct ref *made_out)
{
	const char *user = cli_arg(k->args, "username");

	*made_out = REF_NULL;
	if (login(k, made_out) == 0)
		return 0;
	if (k->c->err.code && strcmp(k->c->err.code,
	    "SESSION_AUTHENTICATION_FAILED") == 0)
		misused(k, "", user && *user ? k->c->err.n > 1 &&
		    strstr(k->c->err.params[1], "wait") ?
		    k->c->err.params[1] : "Authentication failed" :
		    "Username/password must be specified");
	else
		fail(k);
	return -1;
}

void
cli_run(struct cli *k)
{
	const struct cli_command *cmd = cli_lookup(k->args->command);
	struct cli_params p;
	int rc;

	if (cmd) {
		rc = cli_lookup_run(k, cmd);
	} else {
		cli_params_find(k->args->command, &p);
		rc = cli_params_run(k, &p);
	}
	if (rc)
		fail(k);
	else
		cli_finish(k, k->status);
}
