#include "wire/perfmon_xml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/emit.h"
#include "wire/xml_tree.h"

#define PARTS_MAX 16
#define PERIOD_S 60
#define INHIBIT_S 3600
#define PRIORITY 3

/* The value of the part of that name; NULL if there is none. */
static const char *
part(struct arena *a, xmlNodePtr variable, const char *name)
{
	const char *copy = NULL;

	for (xmlNodePtr p = variable->children; p && !copy; p = p->next) {
		xmlChar *text = xml_tree_is(p, name) ? xmlGetNoNsProp(p,
		    (const xmlChar *)"value") : NULL;

		copy = text ? arena_strdup(a, (const char *)text) : NULL;
		xmlFree(text);
	}
	return copy;
}

/* False: what is there is no number from min to max. */
static bool
number(const char *text, double min, double max, double *out)
{
	char *end;

	if (!text)
		return true;
	*out = strtod(text, &end);
	return *text && !*end && isfinite(*out) && *out >= min && *out <= max;
}

static bool
whole(const char *text, int64_t min, int64_t max, int64_t *out)
{
	double n = (double)*out;
	bool ok = number(text, (double)min, (double)max, &n);

	if (ok)
		*out = (int64_t)n;
	return ok;
}

/* NULL: it has too many parts. */
static const char *
text_of(struct arena *a, xmlNodePtr variable)
{
	struct buf b = { 0 };
	const char *text;
	int n = 0;

	buf_adds(&b, "<variable>\n");
	for (xmlNodePtr p = variable->children; p; p = p->next) {
		xmlChar *value = p->type == XML_ELEMENT_NODE ?
		    xmlGetNoNsProp(p, (const xmlChar *)"value") : NULL;

		if (!value)
			continue;
		n++;
		buf_addf(&b, "\t<%s value=\"", (const char *)p->name);
		emit_xml_text(&b, (const char *)value);
		buf_adds(&b, "\"/>\n");
		xmlFree(value);
	}
	buf_adds(&b, "</variable>\n");
	text = n <= PARTS_MAX ? arena_strdup(a, b.data) : NULL;
	buf_release(&b);
	return text;
}

static int
parse_variable(struct arena *a, xmlNodePtr node, struct perfmon_variable *v)
{
	const char *level = part(a, node, "alarm_trigger_level");
	const char *sense = part(a, node, "alarm_trigger_sense");

	*v = (struct perfmon_variable){ .name = part(a, node, "name"),
		.period_s = PERIOD_S, .inhibit_s = INHIBIT_S,
		.priority = PRIORITY, .text = text_of(a, node) };
	/* free memory is what one wants to have */
	v->low = sense ? strcmp(sense, "low") == 0 :
	    v->name && strcmp(v->name, "memory_free_kib") == 0;
	return v->name && level && v->text &&
	    number(level, -1e15, 1e15, &v->level) &&
	    (!sense || v->low || strcmp(sense, "high") == 0) &&
	    whole(part(a, node, "alarm_trigger_period"), 0,
		PERFMON_XML_MAX_S, &v->period_s) &&
	    whole(part(a, node, "alarm_auto_inhibit_period"), 0,
		PERFMON_XML_MAX_S, &v->inhibit_s) &&
	    whole(part(a, node, "alarm_priority"), 1, 5, &v->priority) ?
	    0 : -EBADMSG;
}

static int
parse_tree(struct arena *a, xmlNodePtr root, struct perfmon_variable **out)
{
	int n;

	if (!root || !xml_tree_is(root, "config"))
		return -EBADMSG;
	n = xml_tree_count(root, "variable");
	if (n > PERFMON_XML_MAX_VARIABLES)
		return -EBADMSG;
	*out = arena_alloc(a, ((size_t)n + 1) * sizeof(**out));
	n = 0;
	for (xmlNodePtr p = root->children; p; p = p->next)
		if (xml_tree_is(p, "variable") &&
		    parse_variable(a, p, &(*out)[n++]))
			return -EBADMSG;
	return n;
}

int
perfmon_xml_parse(struct arena *a, const char *xml,
    struct perfmon_variable **out)
{
	xmlDocPtr doc = xml_tree_read(xml, PERFMON_XML_MAX_BYTES);
	int rc = doc ? parse_tree(a, xmlDocGetRootElement(doc), out) :
	    -EBADMSG;

	xmlFreeDoc(doc);
	return rc;
}
