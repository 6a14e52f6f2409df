/* The generated tables keep to what the store relies on. */
#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "gen/store.h"
#include "unit.h"

START_TEST(relations_name_each_other)
{
	int c, relations = 0;
	uint16_t i;

	for (c = 0; c < CLASS_N; c++) {
		const struct record_type *rt = &classes[c]->rec;

		for (i = 0; i < rt->n; i++) {
			const struct field *f = &rt->fields[i], *far;
			const struct class_type *other;

			if (f->far_class < 0) {
				ck_assert_msg(!(f->flags & FIELD_DERIVED),
				    "%s.%s has no near end", rt->name,
				    f->name);
				continue;
			}
			relations++;
			ck_assert_int_lt(f->far_class, CLASS_N);
			other = classes[f->far_class];
			ck_assert_int_lt(f->far_field, other->rec.n);
			far = &other->rec.fields[f->far_field];
			ck_assert_msg(far->far_class == c &&
			    far->far_field == i, "%s.%s and %s.%s", rt->name,
			    f->name, other->rec.name, far->name);
			ck_assert_msg((f->flags ^ far->flags) & FIELD_DERIVED,
			    "%s.%s: one end is derived", rt->name, f->name);
			if (f->flags & FIELD_DERIVED) {
				ck_assert_int_eq(f->type->kind, KIND_SET);
				ck_assert_int_eq(f->type->elem->kind,
				    KIND_REF);
			}
		}
	}
	ck_assert_int_gt(relations, 20);
}
END_TEST

START_TEST(fields_persist_in_exactly_one_way)
{
	uint32_t ways = FIELD_DURABLE | FIELD_VOLATILE | FIELD_LOCAL;
	int c;
	uint16_t i;

	for (c = 0; c < CLASS_N; c++) {
		const struct record_type *rt = &classes[c]->rec;

		ck_assert_int_eq(__builtin_popcount(classes[c]->flags &
		    (CLASS_DURABLE | CLASS_VOLATILE | CLASS_LOCAL)), 1);
		for (i = 0; i < rt->n; i++) {
			const struct field *f = &rt->fields[i];

			ck_assert_msg((f->flags & FIELD_DERIVED) ||
			    __builtin_popcount(f->flags & ways) == 1,
			    "%s.%s", rt->name, f->name);
			ck_assert_uint_le(f->offset + f->type->size, rt->size);
			ck_assert_uint_ge(f->offset, sizeof(struct object));
		}
	}
}
END_TEST

START_TEST(tags_are_unique_and_ids_are_indexes)
{
	int c, d;
	uint16_t i, k;

	for (c = 0; c < CLASS_N; c++) {
		const struct class_type *cls = classes[c];

		ck_assert_int_eq(cls->id, c);
		ck_assert_uint_gt(cls->tag, 0);
		for (d = 0; d < c; d++)
			ck_assert_uint_ne(cls->tag, classes[d]->tag);
		for (i = 0; i < cls->rec.n; i++) {
			ck_assert_uint_gt(cls->rec.fields[i].tag, 0);
			for (k = 0; k < i; k++)
				ck_assert_uint_ne(cls->rec.fields[i].tag,
				    cls->rec.fields[k].tag);
		}
		if (cls->uuid_field >= 0)
			ck_assert_str_eq(cls->rec.fields[cls->uuid_field].name,
			    "uuid");
		if (cls->name_field >= 0)
			ck_assert_str_eq(cls->rec.fields[cls->name_field].name,
			    "name_label");
	}
}
END_TEST

static int
one_of_each(struct db_txn *t, void *arg)
{
	int c;

	(void)arg;
	for (c = 0; c < CLASS_N; c++)
		ck_assert_ptr_nonnull(txn_new(t, c, NULL));
	return 0;
}

START_TEST(an_object_of_each_class_can_be_made)
{
	struct db_config cfg = { .classes = classes, .n_classes = CLASS_N };
	struct db_root *r;
	const char *why;
	struct db *db;
	int c;

	ck_assert_int_eq(db_open(&cfg, &db, &why), 0);
	ck_assert_int_eq(db_write(db, one_of_each, NULL), 0);
	r = db_root_get(db);
	for (c = 0; c < CLASS_N; c++)
		ck_assert_uint_eq(db_count(r, c), 1);
	db_root_put(r);
	db_close(db);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("db_model", relations_name_each_other,
	    fields_persist_in_exactly_one_way,
	    tags_are_unique_and_ids_are_indexes,
	    an_object_of_each_class_can_be_made);
}
