#include "wire/xmlrpc.h"

#include <errno.h>
#include <libxml/parser.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "wire/charset.h"

enum el {
	EL_NONE, EL_CALL, EL_RESPONSE, EL_FAULT, EL_METHOD, EL_PARAMS, EL_PARAM, EL_VALUE, EL_ARRAY,
	EL_DATA, EL_STRUCT, EL_MEMBER, EL_NAME, EL_STRING, EL_INT, EL_DOUBLE,
	EL_BOOL, EL_DATE, EL_BASE64, EL_NIL,
};

/* What may stand in what; a scalar element stands in <value> only. */
static const struct {
	const char *name;
	enum el el;
	enum el parent;
} elements[] = {
	{ "methodCall", EL_CALL, EL_NONE },
	{ "methodName", EL_METHOD, EL_CALL },
	{ "params", EL_PARAMS, EL_CALL },
	{ "methodResponse", EL_RESPONSE, EL_NONE },
	{ "params", EL_PARAMS, EL_RESPONSE },
	{ "fault", EL_FAULT, EL_RESPONSE },
	{ "value", EL_VALUE, EL_FAULT },
	{ "param", EL_PARAM, EL_PARAMS },
	{ "value", EL_VALUE, EL_PARAM },
	{ "value", EL_VALUE, EL_DATA },
	{ "value", EL_VALUE, EL_MEMBER },
	{ "array", EL_ARRAY, EL_VALUE },
	{ "data", EL_DATA, EL_ARRAY },
	{ "struct", EL_STRUCT, EL_VALUE },
	{ "member", EL_MEMBER, EL_STRUCT },
	{ "name", EL_NAME, EL_MEMBER },
	{ "string", EL_STRING, EL_VALUE },
	{ "int", EL_INT, EL_VALUE },
	{ "i4", EL_INT, EL_VALUE },
	{ "i8", EL_INT, EL_VALUE },
	{ "double", EL_DOUBLE, EL_VALUE },
	{ "boolean", EL_BOOL, EL_VALUE },
	{ "dateTime.iso8601", EL_DATE, EL_VALUE },
	{ "base64", EL_BASE64, EL_VALUE },
	{ "nil", EL_NIL, EL_VALUE },
};

/* A value, and its name if it is a member, waiting to be put in an array. */
struct node {
	struct member m;
	struct node *next;
};

struct list {
	struct node *first, **last;
	uint32_t n;
};

/* One open container: params, data or struct; and one open <value>. */
struct level {
	struct list children;
	struct value value;
	bool typed;			/* the open value had an element */
	const char *name;		/* of the open member */
};

/* Elements nest four deep for each level of values, plus the envelope. */
#define STACK_MAX (VALUE_MAX_DEPTH * 4 + 8)

struct parse {
	struct arena *arena;
	xmlParserCtxtPtr ctxt;
	struct request *out;
	struct buf text;
	struct level levels[VALUE_MAX_DEPTH + 1];
	int level;			/* -1: outside of <params> */
	enum el stack[STACK_MAX];
	int depth;
	uint32_t count;
	enum el root;			/* EL_CALL or EL_RESPONSE */
	bool fault;
	bool failed, done;
};

static void
fail(struct parse *p)
{
	p->failed = true;
	xmlStopParser(p->ctxt);
}

static struct level *
level_of(struct parse *p)
{
	return &p->levels[p->level];
}

static void
list_add(struct parse *p, const char *name, const struct value *v)
{
	struct list *l = &level_of(p)->children;
	struct node *n;

	if (++p->count > VALUE_MAX_ELEMENTS) {
		fail(p);
		return;
	}
	n = arena_alloc(p->arena, sizeof(*n));
	n->m.name = name;
	n->m.v = *v;
	*l->last = n;
	l->last = &n->next;
	l->n++;
}

static void
level_push(struct parse *p)
{
	struct level *l;

	if (p->level >= VALUE_MAX_DEPTH) {
		fail(p);
		return;
	}
	p->level++;
	l = level_of(p);
	memset(l, 0, sizeof(*l));
	l->children.last = &l->children.first;
}

/* Closes the innermost container and returns its children as an array. */
static struct value
level_pop(struct parse *p, bool as_struct)
{
	struct list *l = &level_of(p)->children;
	struct value v = { .kind = as_struct ? VALUE_STRUCT : VALUE_ARRAY };
	struct value *items = NULL;
	struct member *members = NULL;
	struct node *n;
	uint32_t i = 0;

	v.n = l->n;
	if (as_struct)
		members = arena_alloc(p->arena, sizeof(*members) * l->n + 1);
	else
		items = arena_alloc(p->arena, sizeof(*items) * l->n + 1);
	for (n = l->first; n; n = n->next, i++) {
		if (as_struct)
			members[i] = n->m;
		else
			items[i] = n->m.v;
	}
	if (as_struct)
		v.members = members;
	else
		v.items = items;
	p->level--;
	return v;
}

static enum el
element_find(const char *name, enum el parent)
{
	size_t i;

	for (i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		if (elements[i].parent == parent &&
		    strcmp(elements[i].name, name) == 0)
			return elements[i].el;
	}
	return EL_NONE;
}

static bool
is_space(const xmlChar *s, int n)
{
	for (; n > 0; n--, s++) {
		if (!strchr(" \t\r\n", *s))
			return false;
	}
	return true;
}

static void
value_open(struct parse *p)
{
	struct level *l = level_of(p);

	memset(&l->value, 0, sizeof(l->value));
	l->value.kind = VALUE_STRING;
	l->typed = false;
}

static void
on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int n_ns, const xmlChar **ns, int n_attr, int n_dflt,
    const xmlChar **attr)
{
	struct parse *p = arg;
	enum el parent = p->depth ? p->stack[p->depth - 1] : EL_NONE;
	enum el el = element_find((const char *)name, parent);

	(void)prefix, (void)uri, (void)n_ns, (void)ns;
	(void)n_attr, (void)n_dflt, (void)attr;
	if (p->failed)
		return;
	if (el == EL_NONE || p->depth >= STACK_MAX ||
	    (parent == EL_NONE && el != p->root) ||
	    (parent == EL_VALUE && (level_of(p)->typed ||
		!is_space((xmlChar *)p->text.data, (int)p->text.len)))) {
		fail(p);
		return;
	}
	p->stack[p->depth++] = el;
	buf_reset(&p->text);
	if (parent == EL_VALUE)
		level_of(p)->typed = true;
	if (el == EL_VALUE)
		value_open(p);
	else if (el == EL_PARAMS || el == EL_FAULT || el == EL_DATA ||
	    el == EL_STRUCT)
		level_push(p);
	else if (el == EL_MEMBER)
		level_of(p)->name = NULL;
}

static const char *
take_text(struct parse *p)
{
	const char *s = arena_strndup(p->arena,
	    p->text.data ? p->text.data : "", p->text.len);

	buf_reset(&p->text);
	return s;
}

static const char *
trim(struct parse *p)
{
	char *s = (char *)take_text(p), *end;

	s += strspn(s, " \t\r\n");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return s;
}

static bool
parse_int(const char *s, struct value *v)
{
	char *end;

	errno = 0;
	v->kind = VALUE_INT;
	v->i = strtoll(s, &end, 10);
	return *s && !*end && !errno;
}

static bool
parse_double(const char *s, struct value *v)
{
	char *end;

	v->kind = VALUE_FLOAT;
	v->d = strtod(s, &end);
	return *s && !*end;
}

static bool
parse_bool(const char *s, struct value *v)
{
	v->kind = VALUE_BOOL;
	v->b = strcmp(s, "1") == 0;
	return v->b || strcmp(s, "0") == 0;
}

/* The end of an element inside <value>. */
static bool
scalar_close(struct parse *p, enum el el)
{
	struct value *v = &level_of(p)->value;

	switch (el) {
	case EL_STRING:
	case EL_BASE64:
		v->s = take_text(p);
		return true;
	case EL_DATE:
		v->kind = VALUE_DATETIME;
		v->s = trim(p);
		return true;
	case EL_INT:
		return parse_int(trim(p), v);
	case EL_DOUBLE:
		return parse_double(trim(p), v);
	case EL_BOOL:
		return parse_bool(trim(p), v);
	default:
		v->kind = VALUE_NIL;
		return true;
	}
}

static void
value_close(struct parse *p)
{
	struct level *l = level_of(p);
	const char *name = NULL;

	if (!l->typed)
		l->value.s = take_text(p);
	if (p->depth >= 2 && p->stack[p->depth - 2] == EL_MEMBER) {
		name = l->name;
		if (!name) {
			fail(p);
			return;
		}
		l->name = NULL;		/* a second value is an error */
	}
	list_add(p, name, &l->value);
}

static void
root_close(struct parse *p, enum el el)
{
	p->done = true;
	if (el == EL_CALL ? !p->out->method : p->out->n_params != 1)
		fail(p);
}

static void
on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri)
{
	struct parse *p = arg;
	struct value v;
	enum el el;

	(void)name, (void)prefix, (void)uri;
	if (p->failed || p->depth == 0)
		return;
	el = p->stack[p->depth - 1];
	if (el == EL_METHOD) {
		p->out->method = trim(p);
	} else if (el == EL_NAME) {
		level_of(p)->name = take_text(p);
	} else if (el == EL_VALUE) {
		value_close(p);
	} else if (el == EL_PARAMS || el == EL_FAULT) {
		v = level_pop(p, false);
		p->fault = el == EL_FAULT;
		p->out->params = v.items;
		p->out->n_params = v.n;
	} else if (el == EL_DATA || el == EL_STRUCT) {
		v = level_pop(p, el == EL_STRUCT);
		level_of(p)->value = v;
	} else if (el == EL_ARRAY) {
		if (level_of(p)->value.kind != VALUE_ARRAY)
			fail(p);
	} else if (el == EL_CALL || el == EL_RESPONSE) {
		root_close(p, el);
	} else if (el >= EL_STRING && !scalar_close(p, el)) {
		fail(p);
	}
	p->depth--;
	buf_reset(&p->text);
}

static void
on_text(void *arg, const xmlChar *s, int n)
{
	struct parse *p = arg;
	enum el el = p->depth ? p->stack[p->depth - 1] : EL_NONE;

	if (p->failed)
		return;
	if (el == EL_METHOD || el == EL_NAME || el >= EL_STRING ||
	    (el == EL_VALUE && !level_of(p)->typed))
		buf_add(&p->text, s, (size_t)n);
	else if (!is_space(s, n))
		fail(p);
}

static void
on_subset(void *arg, const xmlChar *name, const xmlChar *ext,
    const xmlChar *sys)
{
	(void)name, (void)ext, (void)sys;
	fail(arg);
}

static void
on_pi(void *arg, const xmlChar *target, const xmlChar *data)
{
	(void)target, (void)data;
	fail(arg);
}

static void __attribute__((format(printf, 2, 3)))
on_error(void *arg, const char *msg, ...)
{
	(void)msg;
	((struct parse *)arg)->failed = true;
}

static void __attribute__((format(printf, 2, 3)))
on_warning(void *arg, const char *msg, ...)
{
	(void)arg, (void)msg;
}

void
xmlrpc_init(void)
{
	xmlInitParser();
}

/* out is zeroed; fault_out: of a response. */
static int
parse_as(enum el root, struct arena *a, const char *data, size_t len,
    struct request *out, bool *fault_out)
{
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start, .endElementNs = on_end,
		.characters = on_text, .cdataBlock = on_text,
		.ignorableWhitespace = on_text, .internalSubset = on_subset,
		.processingInstruction = on_pi, .error = on_error,
		.fatalError = on_error, .warning = on_warning,
	};
	struct parse p = { .arena = a, .out = out, .level = -1,
		.root = root };
	bool bad;

	data = charset_to_utf8(a, data, &len);
	data = utf8_repair(a, data, &len, &bad);
	out->bad_utf8 = bad;
	p.ctxt = xmlCreatePushParserCtxt(&sax, &p, NULL, 0, NULL);
	if (!p.ctxt)
		return -EBADMSG;
	/* The declared encoding was heeded above. */
	xmlCtxtUseOptions(p.ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	xmlParseChunk(p.ctxt, data, (int)len, 1);
	if (!p.ctxt->wellFormed || !p.done)
		p.failed = true;
	xmlFreeParserCtxt(p.ctxt);
	buf_release(&p.text);
	*fault_out = p.fault;
	return p.failed ? -EBADMSG : 0;
}

int
xmlrpc_parse(struct arena *a, const char *data, size_t len,
    struct request *out)
{
	bool fault;

	memset(out, 0, sizeof(*out));
	return parse_as(EL_CALL, a, data, len, out, &fault);
}

int
xmlrpc_parse_response(struct arena *a, const char *data, size_t len,
    struct response *out)
{
	struct request r = { 0 };
	int rc = parse_as(EL_RESPONSE, a, data, len, &r, &out->fault);

	out->v = r.params;
	return rc;
}
