#include "rpc/envelope.h"

#include <stdlib.h>
#include <string.h>

#include "wire/emit.h"

#define XML_HEAD "<?xml version=\"1.0\"?><methodResponse><params><param>"
#define XML_TAIL "</param></params></methodResponse>"
#define XML_MEMBER "</value></member><member><name>"

void
envelope_release(struct envelope *e)
{
	free(e->id);
	memset(e, 0, sizeof(*e));
}

void
envelope_open(const struct envelope *e, struct reply *r)
{
	struct buf *b = &r->text;

	if (e->format == RPC_XML && e->bare)
		buf_adds(b, XML_HEAD);
	else if (e->format == RPC_XML)
		buf_adds(b, XML_HEAD "<value><struct><member><name>Status"
		    "</name><value>Success" XML_MEMBER "Value</name>");
	else if (e->v2)
		buf_adds(b, "{\"jsonrpc\":\"2.0\",\"result\":");
	else
		buf_adds(b, "{\"result\":");
}

void
envelope_close(const struct envelope *e, struct reply *r)
{
	struct buf *b = &r->text;

	if (e->format == RPC_XML && e->bare)
		buf_adds(b, XML_TAIL);
	else if (e->format == RPC_XML)
		buf_adds(b, "</member></struct></value>" XML_TAIL);
	else if (e->v2)
		buf_addf(b, ",\"id\":%s}", e->id);
	else
		buf_addf(b, ",\"error\":null,\"id\":%s}", e->id);
}

static void
xml_failure(struct buf *b, const struct error *err)
{
	int i;

	buf_adds(b, XML_HEAD "<value><struct><member><name>Status</name>"
	    "<value>Failure" XML_MEMBER "ErrorDescription</name><value>"
	    "<array><data><value>");
	emit_xml_text(b, err->code);
	buf_adds(b, "</value>");
	for (i = 0; i < err->n; i++) {
		buf_adds(b, "<value>");
		emit_xml_text(b, err->params[i]);
		buf_adds(b, "</value>");
	}
	buf_adds(b, "</data></array></value></member></struct></value>"
	    XML_TAIL);
}

static void
json_failure(struct buf *b, const struct envelope *e, const struct error *err)
{
	int i;

	if (e->v2) {
		buf_adds(b, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,"
		    "\"message\":");
		emit_json_string(b, err->code);
		buf_adds(b, ",\"data\":[");
	} else {
		buf_adds(b, "{\"result\":null,\"error\":[");
		emit_json_string(b, err->code);
	}
	for (i = 0; i < err->n; i++) {
		if (i || !e->v2)
			buf_addc(b, ',');
		emit_json_string(b, err->params[i]);
	}
	buf_addf(b, "]%s,\"id\":%s}", e->v2 ? "}" : "", e->id);
}

void
envelope_failure(const struct envelope *e, struct reply *r,
    const struct error *err)
{
	if (e->format == RPC_XML)
		xml_failure(&r->text, err);
	else
		json_failure(&r->text, e, err);
}

static void
xml_answer(struct reply *r, const struct answer *a)
{
	char text[REF_TEXT_LEN + 1];
	uint32_t i;

	if (a->type) {
		emit_xml_value(&r->text, a->type, a->value);
		return;
	}
	buf_adds(&r->text, "<value>");
	if (!a->is_map) {
		reply_object(r, a->object, FORM_XML);
	} else {
		buf_adds(&r->text, "<struct>");
		for (i = 0; i < a->n_objects; i++) {
			buf_addf(&r->text, "<member><name>%s</name><value>",
			    ref_text(&a->objects[i]->ref, text));
			reply_object(r, a->objects[i], FORM_XML);
			buf_adds(&r->text, "</value></member>");
		}
		buf_adds(&r->text, "</struct>");
	}
	buf_adds(&r->text, "</value>");
}

static void
json_answer(struct reply *r, const struct answer *a)
{
	char text[REF_TEXT_LEN + 1];
	uint32_t i;

	if (a->type) {
		emit_json_value(&r->text, a->type, a->value);
	} else if (!a->is_map) {
		reply_object(r, a->object, FORM_JSON);
	} else {
		buf_addc(&r->text, '{');
		for (i = 0; i < a->n_objects; i++) {
			buf_addf(&r->text, "%s\"%s\":", i ? "," : "",
			    ref_text(&a->objects[i]->ref, text));
			reply_object(r, a->objects[i], FORM_JSON);
		}
		buf_addc(&r->text, '}');
	}
}

void
envelope_answer(const struct envelope *e, struct reply *r,
    const struct answer *a)
{
	envelope_open(e, r);
	if (e->format == RPC_XML)
		xml_answer(r, a);
	else
		json_answer(r, a);
	envelope_close(e, r);
}
