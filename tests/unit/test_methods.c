/* The generated method table. */
#include <string.h>

#include "api/call.h"
#include "gen/methods.h"
#include "unit.h"

START_TEST(every_method_is_found)
{
	for (int i = 0; i < n_methods; i++) {
		ck_assert_ptr_eq(method_find(methods[i].name), &methods[i]);
	}
	ck_assert_ptr_null(method_find("VM.fly"));
	ck_assert_ptr_null(method_find(""));
}
END_TEST

START_TEST(arguments_match_their_counts)
{
	for (int i = 0; i < n_methods; i++) {
		const struct method *m = &methods[i];
		bool accessor = m->kind != METHOD_EXPLICIT &&
		    m->kind != METHOD_CTOR;
		int required = 0;

		ck_assert_ptr_nonnull(m->result);
		ck_assert_uint_le(m->min_args, m->n_args);
		if (accessor) {
			ck_assert_ptr_null(m->args);
			ck_assert_ptr_null(m->run);
			continue;
		}
		ck_assert_int_eq(m->n_args, m->args ? m->args->n : 0);
		for (int j = 0; j < m->n_args; j++)
			required += (m->args->fields[j].flags &
			    FIELD_REQUIRED) != 0;
		ck_assert_int_eq(m->min_args, required);
	}
}
END_TEST

START_TEST(accessors_name_their_field)
{
	for (int i = 0; i < n_methods; i++) {
		const struct method *m = &methods[i];
		const struct field *f;

		if (m->field < 0)
			continue;
		f = &classes[m->class_id]->rec.fields[m->field];
		ck_assert_ptr_nonnull(strstr(m->name, f->name));
		ck_assert(!(f->flags & FIELD_INTERNAL));
		if (m->kind == METHOD_GET)
			ck_assert_ptr_eq(m->result, f->type);
		else
			ck_assert_int_eq(m->role, f->set_role);
	}
}
END_TEST

START_TEST(flags_are_those_of_the_definition)
{
	const struct method *login =
	    method_find("session.login_with_password");
	const struct method *start = method_find("VM.start");
	const struct method *create = method_find("VM.create");
	const struct method *where = method_find("VM.get_all_records_where");

	ck_assert_uint_eq(login->flags, METHOD_NO_SESSION | METHOD_SECRET);
	ck_assert_int_eq(login->min_args, 2);
	ck_assert_int_eq(login->n_args, 4);
	ck_assert_uint_eq(start->flags, METHOD_ASYNC);
	ck_assert_int_eq(start->role, ROLE_VM_OPERATOR);
	ck_assert_int_eq(create->kind, METHOD_CTOR);
	ck_assert_ptr_eq(create->args->fields[0].type->rec, &class_vm.rec);
	ck_assert_int_eq(where->flags, METHOD_HIDDEN);
	ck_assert_ptr_null(method_find("event.from")->run);
}
END_TEST

START_TEST(keys_with_a_role_belong_to_maps)
{
	ck_assert_int_gt(n_key_roles, 0);
	for (int i = 0; i < n_key_roles; i++) {
		const struct key_role *k = &key_roles[i];
		const struct class_type *c = classes[k->class_id];

		ck_assert_int_eq(c->rec.fields[k->field].type->kind, KIND_MAP);
		ck_assert_int_lt(k->role, ROLE_N);
	}
}
END_TEST

int
main(void)
{
	return UNIT_RUN("methods",
	    every_method_is_found,
	    arguments_match_their_counts, accessors_name_their_field,
	    flags_are_those_of_the_definition,
	    keys_with_a_role_belong_to_maps);
}
