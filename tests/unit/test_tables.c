/* The generated tables describe the generated structs. */
#include <string.h>

#include "gen/types.h"
#include "gen/xenops.h"
#include "unit.h"

static size_t
size_of(const struct type *t)
{
	switch (t->kind) {
	case KIND_STRING:
		return sizeof(const char *);
	case KIND_INT:
	case KIND_DATETIME:
		return sizeof(int64_t);
	case KIND_FLOAT:
		return sizeof(double);
	case KIND_BOOL:
		return sizeof(bool);
	case KIND_ENUM:
		return sizeof(int);
	case KIND_REF:
		return sizeof(struct ref);
	case KIND_SET:
	case KIND_MAP:
		return sizeof(struct vec);
	case KIND_BLOB:
		return sizeof(struct blob);
	case KIND_RECORD:
		return t->rec->size;
	default:
		return 0;
	}
}

static void
check_type(const struct type *t)
{
	ck_assert_uint_eq(t->size, size_of(t));
	ck_assert_int_eq(t->kind == KIND_ENUM, t->en != NULL);
	ck_assert_int_eq(t->kind == KIND_REF, t->cls != NULL);
	ck_assert_int_eq(t->kind == KIND_RECORD, t->rec != NULL);
	ck_assert_int_eq(t->kind == KIND_MAP, t->key != NULL);
	ck_assert_int_eq(t->kind == KIND_MAP || t->kind == KIND_SET,
	    t->elem != NULL);
	if (t->key)
		check_type(t->key);
	if (t->elem)
		check_type(t->elem);
}

/* Fields lie one after the other in the struct, each where its type fits. */
static void
check_record(const struct record_type *rt)
{
	size_t end = 0;

	ck_assert_ptr_nonnull(rt->dflt);
	for (int i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		check_type(f->type);
		ck_assert_uint_gt(f->tag, 0);
		ck_assert_uint_ge(f->offset, end);
		end = (size_t)f->offset + f->type->size;
		for (int j = 0; j < i; j++) {
			ck_assert_uint_ne(f->tag, rt->fields[j].tag);
			ck_assert_str_ne(f->name, rt->fields[j].name);
		}
		ck_assert_ptr_eq(record_field(rt, f->name), f);
	}
	ck_assert_uint_le(end, rt->size);
}

START_TEST(records_of_classes_fit_their_structs)
{
	for (int i = 0; i < CLASS_N; i++) {
		ck_assert_int_eq(classes[i]->id, i);
		ck_assert_uint_gt(classes[i]->tag, 0);
		check_record(&classes[i]->rec);
		if (classes[i]->rec.n)
			ck_assert_uint_ge(classes[i]->rec.fields[0].offset,
			    sizeof(struct object));
	}
}
END_TEST

START_TEST(records_of_the_socket_fit_their_structs)
{
	for (int i = 0; i < XENOPS_N; i++) {
		ck_assert_ptr_nonnull(xenops_messages[i].name);
		if (xenops_messages[i].args)
			check_record(xenops_messages[i].args);
		if (xenops_messages[i].result)
			check_record(xenops_messages[i].result);
	}
	check_record(&xenops_failure_type);
	check_record(&xenops_vm_spec_type);
}
END_TEST

START_TEST(relations_have_two_ends)
{
	for (int i = 0; i < CLASS_N; i++) {
		const struct record_type *rt = &classes[i]->rec;

		for (int j = 0; j < rt->n; j++) {
			const struct field *f = &rt->fields[j], *far;

			if (f->far_class < 0) {
				ck_assert(!(f->flags & FIELD_DERIVED));
				continue;
			}
			far = &classes[f->far_class]->rec.fields[f->far_field];
			ck_assert_int_eq(far->far_class, i);
			ck_assert_int_eq(far->far_field, j);
			ck_assert_int_ne(!(f->flags & FIELD_DERIVED),
			    !(far->flags & FIELD_DERIVED));
			if (f->type->kind == KIND_SET)
				ck_assert_int_eq(f->type->elem->kind,
				    KIND_REF);
			else
				ck_assert(f->type->kind == KIND_REF &&
				    !(f->flags & FIELD_DERIVED));
		}
	}
}
END_TEST

START_TEST(a_field_is_kept_in_one_way)
{
	const uint32_t kept = FIELD_DURABLE | FIELD_VOLATILE | FIELD_LOCAL |
	    FIELD_DERIVED;

	for (int i = 0; i < CLASS_N; i++) {
		const struct record_type *rt = &classes[i]->rec;

		for (int j = 0; j < rt->n; j++)
			ck_assert_int_eq(__builtin_popcount(
			    rt->fields[j].flags & kept), 1);
	}
}
END_TEST

START_TEST(defaults_are_those_of_the_definition)
{
	const struct host *h = class_host.rec.dflt;
	const struct vm *vm = class_vm.rec.dflt;
	const struct network *n = class_network.rec.dflt;

	ck_assert_str_eq(map_get(h->license_server, "port"), "27000");
	ck_assert_uint_eq(h->virtual_hardware_platform_versions.n, 1);
	ck_assert(h->ssh_enabled);
	ck_assert_int_eq(h->ntp_mode, HOST_NTP_MODE_FACTORY);
	ck_assert_int_eq(vm->power_state, VM_POWER_STATE_HALTED);
	ck_assert(vm->HVM_shadow_multiplier == 1.0);
	ck_assert_str_eq(vm->generation_id, "0:0");
	ck_assert(ref_is_null(&vm->resident_on));
	ck_assert_int_eq(n->MTU, 1500);
	ck_assert(n->managed);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("tables", records_of_classes_fit_their_structs,
	    records_of_the_socket_fit_their_structs, relations_have_two_ends,
	    a_field_is_kept_in_one_way, defaults_are_those_of_the_definition);
}
