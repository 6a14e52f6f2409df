/* The database of before a trial: what each cut leaves, the next start mends. */
#include <string.h>
#include <unistd.h>

#include "db/backup.h"
#include "db/db.h"
#include "db/slot_copy.h"
#include "model_tables.h"
#include "scratch.h"
#include "unit.h"

static struct db *db;
static struct ref box;

static void
open_db(const char *path)
{
	const struct db_config cfg = {
		.path = path, .classes = model_classes, .n_classes = CLASS_N,
	};
	const char *why;

	ck_assert_int_eq(db_open(&cfg, &db, &why), 0);
}

static int
name_it(struct db_txn *t, void *arg)
{
	struct box *b = ref_is_null(&box) ? txn_new(t, CLASS_BOX, NULL) :
	    txn_edit(t, CLASS_BOX, &box);

	b->name_label = arena_strdup(txn_arena(t), arg);
	box = b->obj.ref;
	return 0;
}

static uint64_t
set_name(const char *path, const char *name)
{
	struct db_root *root;
	uint64_t generation;

	open_db(path);
	ck_assert_int_eq(db_write(db, name_it, (void *)name), 0);
	root = db_root_get(db);
	generation = db_generation(root);
	db_root_put(root);
	db_close(db);
	return generation;
}

/* And the generation that the next one will be beyond. */
static uint64_t
expect_name(const char *path, const char *name)
{
	const struct box *b;
	struct db_root *root;
	uint64_t generation;

	open_db(path);
	root = db_root_get(db);
	b = db_find(root, CLASS_BOX, &box);
	ck_assert_ptr_nonnull(b);
	ck_assert_str_eq(b->name_label, name);
	generation = db_generation(root);
	db_root_put(root);
	db_close(db);
	return generation;
}

static int
settle(const char *path, char running, bool on_trial)
{
	const struct slot_copy s = {
		.path = path, .running = running, .on_trial = on_trial,
		.classes = model_classes, .n_classes = CLASS_N,
	};
	const char *why;

	return slot_copy_settle(&s, &why);
}

static bool
is_there(const char *name)
{
	return access(scratch_file(name), F_OK) == 0;
}

START_TEST(the_copy_is_of_before_the_trial)
{
	const char *path = scratch_file("state.db");

	set_name(path, "before");
	ck_assert_int_eq(settle(path, 'b', true), 0);
	set_name(path, "on trial");
	/* xapi starts again within the trial */
	ck_assert_int_eq(settle(path, 'b', true), 0);
	expect_name(scratch_file("state.db.slot-a"), "before");
}
END_TEST

START_TEST(the_other_system_gets_its_own_back)
{
	const char *path = scratch_file("state.db");
	uint64_t seen;

	set_name(path, "before");
	ck_assert_int_eq(settle(path, 'b', true), 0);
	seen = set_name(path, "on trial");
	ck_assert_int_eq(settle(path, 'a', false), 0);
	ck_assert_uint_gt(expect_name(path, "before"), seen);
	ck_assert(!is_there("state.db.slot-a"));
	ck_assert(!is_there("state.db.new"));
}
END_TEST

/* The power goes between the two renames: settle did the first. */
START_TEST(a_cut_while_it_is_put_back_is_mended)
{
	const char *path = scratch_file("state.db");

	set_name(path, "before");
	ck_assert_int_eq(settle(path, 'b', true), 0);
	set_name(path, "on trial");
	ck_assert_int_eq(settle(path, 'a', false), 0);
	ck_assert(is_there("state.db.new"));
	/* and the next start is a trial again, which keeps the right one */
	ck_assert_int_eq(settle(path, 'b', true), 0);
	expect_name(scratch_file("state.db.slot-a"), "before");
	expect_name(path, "before");
}
END_TEST

START_TEST(a_copy_that_is_not_whole_does_not_count)
{
	const char *path = scratch_file("state.db");

	set_name(path, "before");
	fclose(fopen(scratch_file("state.db.slot-a.tmp"), "we"));
	ck_assert_int_eq(settle(path, 'a', false), 0);
	expect_name(path, "before");
	ck_assert_int_eq(settle(path, 'b', true), 0);
	ck_assert(!is_there("state.db.slot-a.tmp"));
	expect_name(scratch_file("state.db.slot-a"), "before");
}
END_TEST

START_TEST(a_good_system_drops_the_copy_of_the_other)
{
	const char *path = scratch_file("state.db");

	set_name(path, "before");
	ck_assert_int_eq(settle(path, 'b', true), 0);
	set_name(path, "acknowledged");
	ck_assert_int_eq(settle(path, 'b', false), 0);
	ck_assert(!is_there("state.db.slot-a"));
	ck_assert_int_eq(settle(path, 'a', false), 0);
	expect_name(path, "acknowledged");
}
END_TEST

/* Slot A was tried and became the good one, then B is tried: what A was before
 * B's older trial is of no use. */
START_TEST(a_trial_forgets_an_older_copy_of_its_own)
{
	const char *path = scratch_file("state.db");

	set_name(path, "before");
	ck_assert_int_eq(settle(path, 'b', true), 0);
	set_name(path, "later");
	ck_assert_int_eq(settle(path, 'a', true), 0);
	ck_assert(!is_there("state.db.slot-a"));
	expect_name(scratch_file("state.db.slot-b"), "later");
}
END_TEST

START_TEST(without_a_database_or_slots_there_is_no_copy)
{
	const char *path = scratch_file("state.db");

	ck_assert_int_eq(settle(path, 'b', true), 0);
	ck_assert(!is_there("state.db.slot-a"));
	set_name(path, "before");
	ck_assert_int_eq(settle(path, 0, false), 0);
	ck_assert(!is_there("state.db.slot-a"));
}
END_TEST

static const struct backup_tables tables = { model_classes, CLASS_N };

/* The database as text, as a backup of the host has it. */
static FILE *
back_up(const char *path)
{
	FILE *f = tmpfile();
	struct db_root *root;

	open_db(path);
	root = db_root_get(db);
	ck_assert_int_eq(backup_write(f, root, &tables), 0);
	db_root_put(root);
	db_close(db);
	rewind(f);
	return f;
}

static void
restore(FILE *f, const char *path)
{
	char why[BACKUP_WHY];
	const char *text;
	struct backup in;

	rewind(f);
	ck_assert_int_eq(backup_read(f, &tables, &in, why), 0);
	ck_assert_int_eq(backup_save(&in, &tables, path, &text), 0);
	db_root_put(in.root);
}

START_TEST(a_restored_one_takes_the_place_of_all)
{
	const char *why;
	char path[PATH_MAX];
	uint64_t seen;
	FILE *f;

	snprintf(path, sizeof(path), "%s", scratch_file("state.db"));
	set_name(path, "kept");
	f = back_up(path);
	/* again and again: clients know generations of the last one */
	for (int i = 0; i < 3; i++) {
		set_name(path, "later");
		ck_assert_int_eq(settle(path, 'b', true), 0);
		seen = set_name(path, "on trial");
		restore(f, scratch_file("state.db.restored"));
		ck_assert_int_eq(backup_settle(path, &tables, &why), 0);
		ck_assert_int_eq(settle(path, 'a', false), 0);
		ck_assert_uint_gt(expect_name(path, "kept"), seen);
		ck_assert(!is_there("state.db.restored"));
		ck_assert(!is_there("state.db.slot-a"));
	}
	ck_assert_int_eq(backup_settle(path, &tables, &why), 0);
	fclose(f);
}
END_TEST

START_TEST(a_damaged_one_is_replaced_too)
{
	const char *path = scratch_file("state.db"), *why;
	FILE *f, *bad;

	set_name(path, "kept");
	f = back_up(path);
	bad = fopen(path, "w");
	fputs("no database", bad);
	fclose(bad);
	restore(f, scratch_file("state.db.restored"));
	ck_assert_int_eq(backup_settle(path, &tables, &why), 0);
	expect_name(path, "kept");
	fclose(f);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("slot_copy", the_copy_is_of_before_the_trial,
	    the_other_system_gets_its_own_back,
	    a_cut_while_it_is_put_back_is_mended,
	    a_copy_that_is_not_whole_does_not_count,
	    a_good_system_drops_the_copy_of_the_other,
	    a_trial_forgets_an_older_copy_of_its_own,
	    without_a_database_or_slots_there_is_no_copy,
	    a_restored_one_takes_the_place_of_all,
	    a_damaged_one_is_replaced_too);
}
