/* Secrets: texts that other objects refer to and do not show. */
#include "api/call.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct make {
	struct call *c;
	const char *uuid;		/* NULL: a new one */
	const char *value;
	struct vec other_config;
	struct ref ref;
};

static int
make_in(struct db_txn *t, void *arg)
{
	struct make *m = arg;
	struct secret *s;

	if (m->uuid && txn_find_uuid(t, CLASS_SECRET, m->uuid))
		return err_db_uniqueness_constraint_violation(m->c, "secret",
		    "uuid", m->uuid);
	s = secret_txn_new(t);
	if (m->uuid)
		s->uuid = m->uuid;
	s->value = m->value;
	s->other_config = m->other_config;
	m->ref = s->obj.ref;
	return 0;
}

int
api_secret_create(struct call *c, const struct secret_create_args *a,
    struct ref *result)
{
	struct make m = {
		.c = c, .value = a->args.value,
		.other_config = a->args.other_config,
	};

	if (call_write(c, make_in, &m))
		return -1;
	*result = m.ref;
	return 0;
}

/* One that another pool had, with what refers to it there. */
int
api_secret_introduce(struct call *c, const struct secret_introduce_args *a,
    struct ref *result)
{
	char text[UUID_TEXT_LEN + 1];
	uint8_t raw[16];
	struct make m = {
		.c = c, .value = a->value, .other_config = a->other_config,
	};

	if (!a->uuid || !uuid_from_text(a->uuid, raw))
		return err_uuid_invalid(c, "secret", a->uuid ? a->uuid : "");
	m.uuid = arena_strdup(c->arena, uuid_text(raw, text));
	if (call_write(c, make_in, &m))
		return -1;
	*result = m.ref;
	return 0;
}

int
api_secret_destroy(struct call *c, const struct secret_destroy_args *a)
{
	return call_delete(c, CLASS_SECRET, &a->self);
}
