#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "parse.h"

/* What a message may wait for. */
#define SUBJECTS "guests storage networks installation pools xenapi"

struct ctx {
	struct model *m;
	const char *file;
	bool protocol;
};

static struct loc
loc_of(const struct ctx *x, const xmlNode *n)
{
	return (struct loc){ x->file, (int)xmlGetLineNo((xmlNode *)n) };
}

static bool
is(const xmlNode *n, const char *name)
{
	return !strcmp((const char *)n->name, name);
}

/* NULL if there is none. */
static const char *
attr(const xmlNode *n, const char *name)
{
	return (const char *)xmlGetNoNsProp((xmlNode *)n,
	    (const xmlChar *)name);
}

/* Is word one of the words of the list? */
static bool
in_words(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; (p = strstr(p, word)); p += n)
		if ((p == words || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

/* Every required attribute is there, and no other than the optional ones. */
static void
check_attrs(const struct ctx *x, const xmlNode *n, const char *required,
    const char *optional)
{
	char *words = fmt("%s", required), *save = NULL;

	for (char *w = strtok_r(words, " ", &save); w;
	    w = strtok_r(NULL, " ", &save))
		if (!attr(n, w))
			complain(x->m, loc_of(x, n), "<%s> lacks '%s'",
			    (const char *)n->name, w);
	for (const xmlAttr *a = n->properties; a; a = a->next)
		if (!in_words(required, (const char *)a->name) &&
		    !in_words(optional, (const char *)a->name))
			complain(x->m, loc_of(x, n), "<%s> knows no '%s'",
			    (const char *)n->name, (const char *)a->name);
}

static const char *
text_attr(const xmlNode *n, const char *name)
{
	const char *s = attr(n, name);

	return s ? s : "";
}

/* The attribute, which must be one of the words; the first if absent. */
static const char *
word_attr(const struct ctx *x, const xmlNode *n, const char *name,
    const char *words)
{
	const char *s = attr(n, name);
	size_t len = strcspn(words, " ");

	if (s && in_words(words, s))
		return s;
	if (s)
		complain(x->m, loc_of(x, n), "'%s' is '%s', not one of: %s",
		    name, s, words);
	return fmt("%.*s", (int)len, words);
}

static bool
yes_attr(const struct ctx *x, const xmlNode *n, const char *name)
{
	return !strcmp(word_attr(x, n, name, "no yes"), "yes");
}

static int
number_attr(const struct ctx *x, const xmlNode *n, const char *name)
{
	const char *s = attr(n, name);
	char *end;
	long v;

	if (!s)
		return 0;
	v = strtol(s, &end, 10);
	if (*end || end == s || v < 1 || v > 65535) {
		complain(x->m, loc_of(x, n), "'%s' is no number from 1 to "
		    "65535", name);
		return 0;
	}
	return (int)v;
}

/* Words separated by single blanks. */
static const char *
tidy(const char *s)
{
	char *r = fmt("%s", s), *w = r;

	for (; *s; s++) {
		if (!isspace((unsigned char)*s))
			*w++ = *s;
		else if (w > r && w[-1] != ' ')
			*w++ = ' ';
	}
	while (w > r && w[-1] == ' ')
		w--;
	*w = 0;
	return r;
}

static const char *
doc_of(const struct ctx *x, const xmlNode *n, bool required)
{
	const char *s;

	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE || !is(k, "doc"))
			continue;
		s = tidy((const char *)xmlNodeGetContent(k));
		if (*s || !required)
			return s;
		break;
	}
	if (required)
		complain(x->m, loc_of(x, n), "<%s> has no <doc> prose",
		    (const char *)n->name);
	return NULL;
}

static void
unknown(const struct ctx *x, const xmlNode *parent, const xmlNode *n)
{
	complain(x->m, loc_of(x, n), "<%s> has no place in <%s>",
	    (const char *)n->name, (const char *)parent->name);
}

/* Nothing but blanks and, if allowed, <doc>. */
static void
check_leaf(const struct ctx *x, const xmlNode *n, const char *allowed)
{
	for (const xmlNode *k = n->children; k; k = k->next)
		if (k->type == XML_ELEMENT_NODE &&
		    !in_words(allowed, (const char *)k->name))
			unknown(x, n, k);
}

static struct type *
new_type(struct loc at, enum kind kind)
{
	struct type *t = xalloc(sizeof(*t));

	t->at = at;
	t->kind = kind;
	return t;
}

static char *
word(const char **p)
{
	const char *s;

	*p += strspn(*p, " ");
	s = *p;
	while (isalnum((unsigned char)**p) || **p == '_')
		(*p)++;
	return fmt("%.*s", (int)(*p - s), s);
}

/* A word that begins a type; in "VM ref" and "VM record" also the second. */
static struct type *
parse_named(struct loc at, const char **p)
{
	static const char plain[] =
	    "void string int float bool datetime blob";
	static const char *const kinds[] = { "void", "string", "int", "float",
		"bool", "datetime", "blob" };
	const char *second, *after, *w = word(p);
	struct type *t;

	after = *p;
	second = word(p);
	if (*w && in_words(plain, w) && strcmp(second, "ref")) {
		*p = after;
		for (unsigned i = 0;; i++)
			if (!strcmp(w, kinds[i]))
				return new_type(at, (enum kind)i);
	}
	if (!*w || !*second)
		return NULL;
	if (!strcmp(w, "enum") || !strcmp(w, "record")) {
		t = new_type(at, *w == 'e' ? KIND_ENUM : KIND_RECORD);
		t->name = second;
	} else if (!strcmp(second, "ref") || !strcmp(second, "record")) {
		t = new_type(at, second[2] == 'f' ? KIND_REF : KIND_RECORD);
		t->name = w;
	} else {
		return NULL;
	}
	return t;
}

/* string | C ref | enum E | record R | T set | (K -> V) map; NULL: no type */
static struct type *
parse_type_at(struct loc at, const char **p)
{
	struct type *t, *outer;
	const char *save;

	*p += strspn(*p, " ");
	if (**p == '(') {
		(*p)++;
		t = new_type(at, KIND_MAP);
		t->key = parse_type_at(at, p);
		*p += strspn(*p, " ");
		if (!t->key || strncmp(*p, "->", 2))
			return NULL;
		*p += 2;
		t->elem = parse_type_at(at, p);
		*p += strspn(*p, " ");
		if (!t->elem || *(*p)++ != ')' || strcmp(word(p), "map"))
			return NULL;
	} else {
		t = parse_named(at, p);
	}
	for (; t; t = outer) {
		save = *p;
		if (strcmp(word(p), "set")) {
			*p = save;
			break;
		}
		outer = new_type(at, KIND_SET);
		outer->elem = t;
	}
	return t;
}

static struct type *
parse_type(const struct ctx *x, const xmlNode *n)
{
	struct loc at = loc_of(x, n);
	const char *text = text_attr(n, "type"), *p = text;
	struct type *t = parse_type_at(at, &p);

	if (!t || p[strspn(p, " ")]) {
		complain(x->m, at, "'%s' is no type", text);
		t = new_type(at, KIND_STRING);
	}
	t->text = text;
	return t;
}

static const char *
c_name(const struct ctx *x, const char *name)
{
	return x->protocol ? fmt("xenops_%s", lower(name)) : lower(name);
}

static struct enum_def *
parse_enum(const struct ctx *x, const xmlNode *n)
{
	struct enum_def *e = xalloc(sizeof(*e));

	check_attrs(x, n, "name", "exact");
	e->at = loc_of(x, n);
	e->name = text_attr(n, "name");
	e->c = c_name(x, e->name);
	e->doc = doc_of(x, n, false);
	e->exact = yes_attr(x, n, "exact");
	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE || is(k, "doc"))
			continue;
		if (!is(k, "value")) {
			unknown(x, n, k);
			continue;
		}
		check_attrs(x, k, "name", "");
		list_add(&e->values, (void *)text_attr(k, "name"));
	}
	if (!e->values.n)
		complain(x->m, e->at, "enum '%s' has no values", e->name);
	return e;
}

static struct field *
parse_slot(const struct ctx *x, const xmlNode *n)
{
	struct field *f = xalloc(sizeof(*f));

	f->at = loc_of(x, n);
	f->name = text_attr(n, "name");
	f->c = identifier(f->name);
	f->doc = doc_of(x, n, false);
	f->type = parse_type(x, n);
	f->tag = number_attr(x, n, "tag");
	f->dflt = attr(n, "default");
	return f;
}

static void
parse_unbuilt(const struct ctx *x, const xmlNode *n, struct field *f)
{
	struct later *l = xalloc(sizeof(*l));

	check_attrs(x, n, "", "key values works");
	l->at = loc_of(x, n);
	l->key = attr(n, "key");
	l->values = attr(n, "values");
	l->works = attr(n, "works");
	l->why = tidy((const char *)xmlNodeGetContent(n));
	if (!*l->why)
		complain(x->m, l->at, "<later> does not say why");
	list_add(&f->later, l);
}

static void
parse_keys(const struct ctx *x, const xmlNode *n, struct field *f)
{
	struct key_role *kr;

	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE || is(k, "doc"))
			continue;
		if (is(k, "later")) {
			parse_unbuilt(x, k, f);
			continue;
		}
		if (!is(k, "key")) {
			unknown(x, n, k);
			continue;
		}
		check_attrs(x, k, "name role", "");
		kr = xalloc(sizeof(*kr));
		kr->at = loc_of(x, k);
		kr->key = text_attr(k, "name");
		kr->role = text_attr(k, "role");
		list_add(&f->key_roles, kr);
	}
}

static struct field *
parse_field(const struct ctx *x, const xmlNode *n)
{
	struct field *f;

	check_attrs(x, n, "name tag type qualifier since",
	    "default persist write_role read_role far near cascade internal "
	    "secret custom_setter optional async deprecated removed prototype");
	f = parse_slot(x, n);
	f->qualifier = word_attr(x, n, "qualifier", "DynamicRO StaticRO RW");
	f->persist = attr(n, "persist") ? word_attr(x, n, "persist",
	    "durable volatile local") : NULL;
	f->write_role = attr(n, "write_role");
	f->read_role = attr(n, "read_role");
	f->far = attr(n, "far");
	f->near = attr(n, "near");
	f->cascade = attr(n, "cascade") &&
	    word_attr(x, n, "cascade", "delete");
	f->since = attr(n, "since");
	f->deprecated = attr(n, "deprecated");
	f->removed = attr(n, "removed");
	f->prototype = yes_attr(x, n, "prototype");
	f->internal = yes_attr(x, n, "internal");
	f->secret = yes_attr(x, n, "secret");
	f->custom_setter = yes_attr(x, n, "custom_setter");
	f->optional = yes_attr(x, n, "optional");
	f->async = yes_attr(x, n, "async");
	parse_keys(x, n, f);
	return f;
}

static void
parse_error_use(const struct ctx *x, const xmlNode *n, struct message *msg)
{
	struct loc *at = xalloc(sizeof(*at));

	check_attrs(x, n, "name", "");
	*at = loc_of(x, n);
	list_add(&msg->errors, (void *)text_attr(n, "name"));
	list_add(&msg->error_at, at);
}

static void
parse_refused(const struct ctx *x, const xmlNode *n, struct message *msg)
{
	struct refusal *r = xalloc(sizeof(*r));
	char *save;

	check_attrs(x, n, "error", "with");
	r->at = loc_of(x, n);
	r->error = text_attr(n, "error");
	for (char *w = strtok_r(fmt("%s", attr(n, "with") ? attr(n, "with") :
	    ""), " ", &save); w; w = strtok_r(NULL, " ", &save))
		list_add(&r->with, w);
	r->why = tidy((const char *)xmlNodeGetContent(n));
	if (!*r->why)
		complain(x->m, r->at, "<refused> does not say why");
	msg->refused = r;
}

static void
parse_message_parts(const struct ctx *x, const xmlNode *n,
    struct message *msg)
{
	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE || is(k, "doc"))
			continue;
		if (is(k, "arg")) {
			check_attrs(x, k, "name type", "default");
			check_leaf(x, k, "doc");
			list_add(&msg->args.fields, parse_slot(x, k));
		} else if (is(k, "result")) {
			check_attrs(x, k, "type", "");
			check_leaf(x, k, "doc");
			msg->result = parse_type(x, k);
			msg->result_doc = doc_of(x, k, false);
		} else if (is(k, "error")) {
			parse_error_use(x, k, msg);
		} else if (is(k, "refused")) {
			parse_refused(x, k, msg);
		} else {
			unknown(x, n, k);
		}
	}
	if (!msg->result) {
		msg->result = new_type(msg->at, KIND_VOID);
		msg->result->text = "void";
	}
	for (int i = 0; i < msg->args.fields.n; i++)
		((struct field *)msg->args.fields.v[i])->tag = i + 1;
}

static struct message *
parse_message(const struct ctx *x, const xmlNode *n, struct class *c)
{
	struct message *msg = xalloc(sizeof(*msg));

	check_attrs(x, n, "name role since", "async session hidden "
	    "pool_internal secret ctor client rpc deprecated removed "
	    "prototype later");
	msg->at = loc_of(x, n);
	msg->cls = c;
	msg->name = text_attr(n, "name");
	msg->c = fmt("%s_%s", c->c, lower(msg->name));
	msg->doc = doc_of(x, n, true);
	msg->role = text_attr(n, "role");
	msg->since = attr(n, "since");
	msg->deprecated = attr(n, "deprecated");
	msg->removed = attr(n, "removed");
	msg->prototype = yes_attr(x, n, "prototype");
	msg->later = attr(n, "later") ? word_attr(x, n, "later",
	    SUBJECTS) : NULL;
	msg->async = yes_attr(x, n, "async");
	msg->no_session = !strcmp(word_attr(x, n, "session", "yes no"), "no");
	msg->hidden = yes_attr(x, n, "hidden");
	msg->pool_internal = yes_attr(x, n, "pool_internal");
	msg->secret = yes_attr(x, n, "secret");
	msg->ctor = yes_attr(x, n, "ctor");
	msg->client_cert = yes_attr(x, n, "client");
	msg->in_rpc = yes_attr(x, n, "rpc");
	msg->args.at = msg->at;
	msg->args.name = fmt("%s.%s", c->name, msg->name);
	msg->args.c = fmt("%s_args", msg->c);
	msg->args.table = fmt("%s_type", msg->args.c);
	parse_message_parts(x, n, msg);
	return msg;
}

static void
parse_class(struct ctx *x, const xmlNode *n)
{
	struct class *c = xalloc(sizeof(*c));

	check_attrs(x, n, "name tag persist events since",
	    "accessors by_name read_role deprecated removed prototype");
	c->at = loc_of(x, n);
	c->name = text_attr(n, "name");
	c->c = lower(c->name);
	c->tag = number_attr(x, n, "tag");
	c->persist = word_attr(x, n, "persist", "durable volatile local");
	c->events = yes_attr(x, n, "events");
	c->by_name = strcmp(word_attr(x, n, "by_name", "yes no"), "no") != 0;
	c->accessors = word_attr(x, n, "accessors",
	    "all object records none");
	c->read_role = attr(n, "read_role");
	c->since = attr(n, "since");
	c->deprecated = attr(n, "deprecated");
	c->removed = attr(n, "removed");
	c->prototype = yes_attr(x, n, "prototype");
	c->rec.at = c->at;
	c->rec.name = c->name;
	c->rec.c = class_tag(c->name);
	c->rec.table = fmt("class_%s.rec", c->c);
	c->rec.doc = doc_of(x, n, true);
	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE || is(k, "doc"))
			continue;
		if (is(k, "enum"))
			list_add(&c->enums, parse_enum(x, k));
		else if (is(k, "field"))
			list_add(&c->rec.fields, parse_field(x, k));
		else if (is(k, "message"))
			list_add(&c->messages, parse_message(x, k, c));
		else
			unknown(x, n, k);
	}
	list_add(&x->m->classes, c);
}

static void
parse_errors(struct ctx *x, const xmlNode *n)
{
	struct error_def *e;

	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE)
			continue;
		if (!is(k, "error")) {
			unknown(x, n, k);
			continue;
		}
		check_attrs(x, k, "name", "");
		e = xalloc(sizeof(*e));
		e->at = loc_of(x, k);
		e->name = text_attr(k, "name");
		e->doc = doc_of(x, k, true);
		for (const xmlNode *p = k->children; p; p = p->next) {
			if (p->type != XML_ELEMENT_NODE || is(p, "doc"))
				continue;
			if (!is(p, "param"))
				unknown(x, k, p);
			check_attrs(x, p, "name", "");
			list_add(&e->params, (void *)text_attr(p, "name"));
		}
		list_add(&x->m->errors, e);
	}
}

static void
parse_roles(struct ctx *x, const xmlNode *n)
{
	struct role_def *r;

	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE)
			continue;
		if (!is(k, "role")) {
			unknown(x, n, k);
			continue;
		}
		check_attrs(x, k, "name", "internal");
		check_leaf(x, k, "doc");
		r = xalloc(sizeof(*r));
		r->at = loc_of(x, k);
		r->name = text_attr(k, "name");
		r->doc = doc_of(x, k, true);
		r->internal = yes_attr(x, k, "internal");
		list_add(&x->m->roles, r);
	}
}

static void
parse_slots(const struct ctx *x, const xmlNode *n, const char *element,
    const char *others, struct list *out)
{
	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE)
			continue;
		if (is(k, element)) {
			check_attrs(x, k, "name type tag", "");
			check_leaf(x, k, "doc");
			list_add(out, parse_slot(x, k));
		} else if (!in_words(others, (const char *)k->name)) {
			unknown(x, n, k);
		}
	}
}

static struct message *
parse_request(const struct ctx *x, const xmlNode *n, bool event)
{
	struct message *msg = xalloc(sizeof(*msg));

	check_attrs(x, n, "name", event ? "" : "worker");
	msg->at = loc_of(x, n);
	msg->name = text_attr(n, "name");
	msg->c = fmt("xenops_%s", lower(msg->name));
	msg->doc = doc_of(x, n, true);
	msg->event = event;
	msg->worker = !event && yes_attr(x, n, "worker");
	msg->args.at = msg->results.at = msg->at;
	msg->args.name = msg->name;
	msg->args.c = event ? msg->c : fmt("%s_args", msg->c);
	msg->args.table = fmt("%s_type", msg->args.c);
	parse_slots(x, n, "arg", event ? "doc" : "doc result",
	    &msg->args.fields);
	msg->results.name = msg->name;
	msg->results.c = fmt("%s_result", msg->c);
	msg->results.table = fmt("%s_type", msg->results.c);
	if (!event)
		parse_slots(x, n, "result", "doc arg", &msg->results.fields);
	return msg;
}

static struct record *
parse_record(const struct ctx *x, const xmlNode *n)
{
	struct record *r = xalloc(sizeof(*r));

	check_attrs(x, n, "name", "");
	r->at = loc_of(x, n);
	r->name = text_attr(n, "name");
	r->c = c_name(x, r->name);
	r->table = fmt("%s_type", r->c);
	r->doc = doc_of(x, n, false);
	parse_slots(x, n, "field", "doc", &r->fields);
	if (!r->fields.n)
		complain(x->m, r->at, "record '%s' has no fields", r->name);
	return r;
}

static void
parse_protocol(struct ctx *x, const xmlNode *n)
{
	struct protocol *p = xalloc(sizeof(*p));

	check_attrs(x, n, "name version", "");
	x->protocol = true;
	p->name = text_attr(n, "name");
	p->version = number_attr(x, n, "version");
	p->doc = doc_of(x, n, true);
	for (const xmlNode *k = n->children; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE || is(k, "doc"))
			continue;
		if (is(k, "enum"))
			list_add(&p->enums, parse_enum(x, k));
		else if (is(k, "record"))
			list_add(&p->records, parse_record(x, k));
		else if (is(k, "request") || is(k, "event"))
			list_add(&p->messages,
			    parse_request(x, k, is(k, "event")));
		else
			unknown(x, n, k);
	}
	x->m->protocol = p;
}

static void
parse_root(struct ctx *x, const xmlNode *root)
{
	if (is(root, "class"))
		parse_class(x, root);
	else if (is(root, "errors"))
		parse_errors(x, root);
	else if (is(root, "roles"))
		parse_roles(x, root);
	else if (is(root, "protocol"))
		parse_protocol(x, root);
	else
		complain(x->m, loc_of(x, root), "root element <%s> is unknown",
		    (const char *)root->name);
}

static void
syntax_error(void *arg, const xmlError *e)
{
	struct ctx *x = arg;

	complain(x->m, (struct loc){ x->file, e->line }, "%s",
	    tidy(e->message ? e->message : "syntax error"));
}

void
parse_file(struct model *m, const char *path)
{
	struct ctx x = { m, path, false };
	int before = m->complaints;
	xmlDoc *doc;

	/* The type of the second argument became const in libxml2 2.12. */
	xmlSetStructuredErrorFunc(&x, (xmlStructuredErrorFunc)syntax_error);
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_BIG_LINES);
	if (!doc && m->complaints == before)
		complain(m, (struct loc){ path, 0 }, "cannot read");
	if (doc && m->complaints == before)
		parse_root(&x, xmlDocGetRootElement(doc));
}
