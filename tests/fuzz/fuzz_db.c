/*
 * What db/ reads behind one libFuzzer entry: commit records, log entries,
 * database files and dumps.  The first byte of the input chooses.  With
 * -seeds=DIR it writes valid inputs there instead.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/commit.h"
#include "db/dump.h"
#include "db/log_entry.h"
#include "db/tools.h"
#include "fuzz.h"
#include "model_tables.h"
#include "vfs_record.h"

#define DB_PATH "fuzzed.db"

static void
say_nothing(void *arg, const char *text)
{
	(void)arg, (void)text;
}

static int
make_things(struct db_txn *t, void *arg)
{
	struct arena *a = txn_arena(t);
	struct box *b = txn_new(t, CLASS_BOX, NULL);
	struct label *l = txn_new(t, CLASS_LABEL, NULL);
	struct key *k = txn_new(t, CLASS_KEY, NULL);
	struct thing *th;
	int i;

	(void)arg;
	k->secret = "s";
	for (i = 0; i < 2; i++) {
		th = txn_new(t, CLASS_THING, NULL);
		th->name_label = "thing";
		th->weight = -i;
		th->price = 1.5;
		th->box = b->obj.ref;
		th->labels = vec_add_ref(a, th->labels, &l->obj.ref);
		th->tags = vec_add_string(a, th->tags, "tag");
		th->other_config = map_set(a, th->other_config, "k", "v");
		th->colours = enum_map_set(a, th->colours, "x", BLUE);
		th->size.width = i + 1;
		th->slot = "A1";
	}
	return 0;
}

/* -- inputs that are right -- */

static void
write_seed(const char *dir, const char *name, char kind, const void *data,
    size_t len)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f || putc(kind, f) == EOF || fwrite(data, 1, len, f) != len ||
	    fclose(f))
		abort();
}

static void
seed_records(const char *dir)
{
	struct db_root *root = root_new(CLASS_N, 1);
	struct buf record = { 0 }, entry = { 0 };
	struct log_batch batch = { .generation = 2, .n = 1 };
	struct row_changes rows = { 0 };
	struct db_txn t;
	uint32_t n;

	txn_init(&t, model_classes, CLASS_N, root);
	make_things(&t, NULL);
	txn_finish(&t, &n);
	commit_encode(&record, &t);
	commit_publish(&t, root, &rows);
	txn_release(&t);
	batch.records = record.data;
	batch.lengths = &record.len;
	log_encode(&entry, &batch);
	write_seed(dir, "record", 0, record.data, record.len);
	write_seed(dir, "batch", 1, entry.data, entry.len);
	entry.len = 0;
	log_encode_copy(&entry, root);
	write_seed(dir, "copy", 1, entry.data, entry.len);
	row_changes_release(&rows);
	buf_release(&record);
	buf_release(&entry);
	db_root_put(root);
}

static void
seed_files(const char *dir)
{
	const struct tool tool = {
		.classes = model_classes, .n_classes = CLASS_N,
		.say = say_nothing,
	};
	struct db_config cfg = {
		.path = DB_PATH, .classes = model_classes,
		.n_classes = CLASS_N,
	};
	struct vfs_disk disk = { .n_names = 0 };
	const char *why;
	char *text = NULL;
	size_t len = 0;
	struct db *db;
	FILE *f;

	vfs_look(&disk);
	if (db_open(&cfg, &db, &why) || db_write(db, make_things, NULL))
		abort();
	db_close(db);
	f = open_memstream(&text, &len);
	if (tool_dump(&tool, DB_PATH, f, true))
		abort();
	fclose(f);
	write_seed(dir, "file", 2, vfs_live.inodes[0].data,
	    vfs_live.inodes[0].size);
	write_seed(dir, "dump", 3, text, len);
	free(text);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *dir = *argc > 1 ? (*argv)[1] : "";
	FILE *f = fopen(DB_PATH, "we");

	/* the real file beside that in memory: an empty one would be refused */
	if (!f || putc('x', f) == EOF || fclose(f))
		abort();
	vfs_install(1);
	if (strncmp(dir, "-seeds=", 7))
		return 0;
	seed_records(dir + 7);
	seed_files(dir + 7);
	exit(0);
}

/* -- what is done with any input -- */

/* A record that fits must come out the same when it is encoded again. */
static void
try_record(const uint8_t *data, size_t len)
{
	struct db_root *root = root_new(CLASS_N, 1);
	struct row_changes rows = { 0 };
	struct buf again = { 0 };
	struct db_txn t;
	uint32_t n;

	txn_init(&t, model_classes, CLASS_N, root);
	if (commit_apply(&t, data, len) == 0 && txn_finish(&t, &n) == 0) {
		commit_encode(&again, &t);
		commit_publish(&t, root, &rows);
	}
	txn_release(&t);
	if (again.len) {
		struct db_root *other = root_new(CLASS_N, 1);

		txn_init(&t, model_classes, CLASS_N, other);
		if (commit_apply(&t, again.data, again.len))
			abort();
		txn_release(&t);
		db_root_put(other);
	}
	row_changes_release(&rows);
	buf_release(&again);
	db_root_put(root);
}

static void
try_entry(const uint8_t *data, size_t len)
{
	struct db_root *root = root_new(CLASS_N, 1);
	struct row_changes rows = { 0 };
	struct log_entry e;

	if (log_decode(&e, data, len) == 0)
		log_replay(&e, model_classes, CLASS_N, root, &rows);
	row_changes_release(&rows);
	db_root_put(root);
}

static void
try_file(const uint8_t *data, size_t len)
{
	const struct tool tool = {
		.classes = model_classes, .n_classes = CLASS_N,
		.say = say_nothing,
	};
	struct db_config cfg = {
		.path = DB_PATH, .classes = model_classes,
		.n_classes = CLASS_N,
	};
	struct vfs_disk disk = { .n_names = 0 };
	char path[PATH_MAX];
	const char *why;
	struct db *db;
	int n;

	if (!realpath(DB_PATH, path))
		abort();
	disk.n_inodes = 1;
	disk.names[disk_name(&disk, path)].inode = 0;
	inode_write(&disk.inodes[0], data, len, 0);
	vfs_look(&disk);
	tool_check(&tool, DB_PATH, &n);
	if (db_open(&cfg, &db, &why) == 0) {
		db_write(db, make_things, NULL);
		db_close(db);
	}
	vfs_disk_release(&disk);
}

static void
try_dump(const uint8_t *data, size_t len)
{
	struct load l = {
		.classes = model_classes, .n_classes = CLASS_N,
		.salvage = true, .integrity = { .problem = say_nothing },
	};
	FILE *in = fmemopen((void *)(uintptr_t)data, len, "r");
	struct db_root *root = NULL;
	uint64_t limit;
	const char *why;

	if (!in)
		return;
	dump_read(in, &l, &limit, &root, &why);
	fclose(in);
	db_root_put(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const all[])(const uint8_t *data, size_t len) = {
		try_record, try_entry, try_file, try_dump,
	};

	if (len > 1)
		all[data[0] % 4](data + 1, len - 1);
	return 0;
}
