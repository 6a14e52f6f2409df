#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/encoded.h"
#include "wire/emit.h"

static struct encoded *
encode(const struct object *o, enum form form)
{
	struct buf b = { 0 };
	struct encoded *e;

	if (form == FORM_XML)
		emit_xml_record(&b, &o->cls->rec, o);
	else
		emit_json_record(&b, &o->cls->rec, o);
	e = mem_alloc(sizeof(*e) + b.len);
	e->len = b.len;
	if (b.len)
		memcpy(e->data, b.data, b.len);
	buf_release(&b);
	return e;
}

const struct encoded *
object_encoded(const struct object *o, enum form form)
{
	struct object *own = (struct object *)(uintptr_t)o;
	_Atomic(struct encoded *) *slot = &own->forms[form];
	struct encoded *e, *theirs = NULL;

	assert(form == FORM_XML || form == FORM_JSON);
	e = atomic_load_explicit(slot, memory_order_acquire);
	if (e)
		return e;
	e = encode(o, form);
	if (atomic_compare_exchange_strong(slot, &theirs, e))
		return e;
	free(e);
	return theirs;
}
