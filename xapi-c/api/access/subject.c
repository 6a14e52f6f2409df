/* Messages of class subject: local users, their roles and passwords. */
#include <string.h>

#include "api/access/account.h"
#include "api/access/permission.h"
#include "api/access/session.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct make {
	struct call *c;
	const struct subject *given;
	const char *name;
	struct ref ref;
};

static int
make_in(struct db_txn *t, void *arg)
{
	struct make *m = arg;
	struct subject *s;

	if (account_txn_find(t, m->name))
		return err_subject_already_exists(m->c);
	s = subject_txn_new(t);
	m->ref = s->obj.ref;
	s->subject_identifier = m->name;
	s->other_config = m->given->other_config;
	return 0;
}

int
api_subject_create(struct call *c, const struct subject_create_args *a,
    struct ref *result)
{
	struct make m = { .c = c, .given = &a->args };

	m.name = a->args.subject_identifier;
	if (!m.name || !account_is_name(m.name))
		return err_invalid_value(c, "subject_identifier",
		    m.name ? m.name : "");
	if (call_write(c, make_in, &m))
		return -1;
	*result = m.ref;
	return 0;
}

static const struct ref no_session;

struct change {
	struct call *c;
	struct ref self;
	struct ref role;
	const char *secret;
};

static int
destroy_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;

	if (!call_txn_get(ch->c, t, CLASS_SUBJECT, &ch->self))
		return -1;
	session_end_subject(t, &ch->self, &no_session);
	subject_txn_delete(t, &ch->self);
	return 0;
}

int
api_subject_destroy(struct call *c, const struct subject_destroy_args *a)
{
	struct change ch = { .c = c, .self = a->self };

	return call_write(c, destroy_in, &ch);
}

/* -- roles -- */

static int
add_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct subject *s = call_txn_edit(ch->c, t, CLASS_SUBJECT, &ch->self);
	const struct role *r = role_txn_get(t, &ch->role);

	if (!s)
		return -1;
	if (!r || !permission_is_role(r))
		return err_role_not_found(ch->c);
	if (set_has_ref(s->roles, &ch->role))
		return err_role_already_exists(ch->c);
	s->roles = vec_add_ref(txn_arena(t), s->roles, &ch->role);
	session_raise_subject(t, &ch->self, account_level(t, s));
	return 0;
}

int
api_subject_add_to_roles(struct call *c,
    const struct subject_add_to_roles_args *a)
{
	struct change ch = { .c = c, .self = a->self, .role = a->role };

	return call_write(c, add_in, &ch);
}

/* Whoever may less now must not keep what he has open: his sessions end, and
 * with them their consoles and transfers. */
static int
remove_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct subject *s = call_txn_edit(ch->c, t, CLASS_SUBJECT, &ch->self);
	int64_t before;

	if (!s)
		return -1;
	if (!set_has_ref(s->roles, &ch->role))
		return err_role_not_found(ch->c);
	before = account_level(t, s);
	s->roles = vec_remove_ref(txn_arena(t), s->roles, &ch->role);
	if (account_level(t, s) < before)
		session_end_subject(t, &ch->self, &no_session);
	return 0;
}

int
api_subject_remove_from_roles(struct call *c,
    const struct subject_remove_from_roles_args *a)
{
	struct change ch = { .c = c, .self = a->self, .role = a->role };

	return call_write(c, remove_in, &ch);
}

int
api_subject_get_permissions_name_label(struct call *c,
    const struct subject_get_permissions_name_label_args *a,
    struct vec *result)
{
	const struct subject *s = call_find(c, CLASS_SUBJECT, &a->self);
	const struct ref *ref;
	int64_t level = 0;

	if (!s)
		return -1;
	ref = s->roles.v;
	for (uint32_t i = 0; i < s->roles.n; i++) {
		const struct role *r = role_find(c->root, &ref[i]);

		if (r && r->level > level)
			level = r->level;
	}
	*result = permission_names(c->arena, c->root, level);
	return 0;
}

/* -- passwords -- */

/* Others who have a session of the user's may know the old one. */
static int
secret_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct subject *s = call_txn_edit(ch->c, t, CLASS_SUBJECT, &ch->self);

	if (!s)
		return -1;
	s->secret = ch->secret;
	session_end_subject(t, &ch->self, &ch->c->session);
	return 0;
}

int
api_subject_set_password(struct call *c,
    const struct subject_set_password_args *a)
{
	struct change ch = { .c = c, .self = a->self };
	char hash[SECRET_SIZE];

	if (!call_find(c, CLASS_SUBJECT, &a->self) ||
	    account_hash(c, a->new_pwd, hash))
		return -1;
	ch.secret = hash;
	return call_write(c, secret_in, &ch);
}

/* -- users as a directory tells of them: any that could be here -- */

static const char *
name_of(const char *name)
{
	return name && account_is_name(name) ? name : NULL;
}

int
api_auth_get_subject_identifier(struct call *c,
    const struct auth_get_subject_identifier_args *a, const char **result)
{
	*result = name_of(a->subject_name);
	return *result ? 0 : err_subject_cannot_be_resolved(c);
}

int
api_auth_get_subject_information_from_identifier(struct call *c,
    const struct auth_get_subject_information_from_identifier_args *a,
    struct vec *result)
{
	const char *name = name_of(a->subject_identifier);
	const struct string_pair all[] = {
		{ "subject-account-disabled", "false" },
		{ "subject-account-expired", "false" },
		{ "subject-account-locked", "false" },
		{ "subject-displayname", name },
		{ "subject-gecos", "" },
		{ "subject-is-group", "false" },
		{ "subject-name", name },
		{ "subject-password-expired", "false" },
		{ "subject-sid", name },
		{ "subject-upn", name },
	};

	if (!name)
		return err_subject_cannot_be_resolved(c);
	*result = (struct vec){ .n = sizeof(all) / sizeof(all[0]),
	    .v = arena_memdup(c->arena, all, sizeof(all)) };
	return 0;
}

/* There are no groups of local users. */
int
api_auth_get_group_membership(struct call *c,
    const struct auth_get_group_membership_args *a, struct vec *result)
{
	*result = (struct vec){ 0 };
	return name_of(a->subject_identifier) ? 0 :
	    err_subject_cannot_be_resolved(c);
}
