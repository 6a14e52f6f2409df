#include "db/tools.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "db/copies.h"
#include "db/dump.h"
#include "db/load.h"
#include "db/replace.h"
#include "db/save.h"

static void say(const struct tool *tool, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(const struct tool *tool, const char *fmt, ...)
{
	char text[PATH_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tool->say(tool->arg, text);
}

static int
refuse(const struct tool *tool, const char *path, const char *why, int rc)
{
	say(tool, "'%s': %s (%s)%s%s", path, why, strerror(-rc),
	    *tool_way_out(why) ? ": " : "", tool_way_out(why));
	return rc;
}

static struct load
load_for(const struct tool *tool)
{
	return (struct load){
		.classes = tool->classes, .n_classes = tool->n_classes,
		.salvage = true,
		.integrity = { .problem = tool->say, .arg = tool->arg },
	};
}

/* What a file holds, as far as it can be read. */
struct content {
	struct db_root *root;
	uint64_t generation_limit;
	int findings;
};

struct counted {
	const struct tool *tool;
	int n;
};

static void
count_damage(void *arg, const char *text)
{
	struct counted *c = arg;

	c->n++;
	say(c->tool, "damage: %s", text);
}

static int
read_file(const struct tool *tool, const char *path, struct content *co)
{
	struct load l = load_for(tool);
	struct counted c = { .tool = tool };
	const char *why = "does not exist";
	struct db_file *f = NULL;
	int rc = access(path, F_OK) == -1 ? -errno : 0;

	if (!rc)
		rc = file_look(path, tool->classes, tool->n_classes, true, &f,
		    &why);
	if (rc)
		return refuse(tool, path, why, rc);
	file_damage(f, count_damage, &c);
	co->generation_limit = file_generation_limit(f);
	rc = load_root(&l, f, co->generation_limit + 1, &co->root, &why);
	co->findings = c.n + l.integrity.n + file_gaps(f);
	if (!rc && file_gaps(f))
		say(tool, "objects are missing in %d places", file_gaps(f));
	file_close(f);
	return rc ? refuse(tool, path, why, rc) : 0;
}

int
tool_check(const struct tool *tool, const char *path, int *n_out)
{
	struct content co = { .root = NULL };
	int rc = read_file(tool, path, &co);

	if (!rc)
		say(tool, "%u objects can be read", co.root->objects.count);
	*n_out = co.findings;
	db_root_put(co.root);
	return rc;
}

int
tool_dump(const struct tool *tool, const char *path, FILE *out, bool secrets)
{
	struct content co = { .root = NULL };
	int rc = read_file(tool, path, &co);

	if (!rc) {
		rc = dump_write(out, co.root, tool->classes, tool->n_classes,
		    co.generation_limit, secrets);
		if (rc)
			say(tool, "cannot write the dump: %s", strerror(-rc));
	}
	db_root_put(co.root);
	return rc;
}

/* A database file or a dump: its first byte tells. */
static int
read_any(const struct tool *tool, const char *path, struct content *co)
{
	struct load l = load_for(tool);
	FILE *in = fopen(path, "re");
	const char *why = "";
	int rc, first;

	if (!in)
		return refuse(tool, path, "cannot be opened", -errno);
	first = getc(in);
	if (first != '{') {
		fclose(in);
		return read_file(tool, path, co);
	}
	ungetc(first, in);
	rc = dump_read(in, &l, &co->generation_limit, &co->root, &why);
	fclose(in);
	co->findings = l.integrity.n;
	return rc ? refuse(tool, path, why, rc) : 0;
}

/* The file of before stays until the new one is wholly there. */
static int
replace(const struct tool *tool, const struct content *co,
    uint64_t generation_limit, const char *path)
{
	char fresh[PATH_MAX], aside[PATH_MAX];
	const char *why;
	int rc;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >=
	    (int)sizeof(fresh))
		return -ENAMETOOLONG;
	rc = save_root(co->root, tool->classes, tool->n_classes,
	    generation_limit + GENERATION_LEAP, 0, fresh, &why);
	if (rc)
		return refuse(tool, fresh, why, rc);
	rc = replace_finish(path, aside);
	if (rc)
		return refuse(tool, fresh, "cannot be put in place yet", rc);
	if (*aside)
		say(tool, "what was there is '%s' now", aside);
	say(tool, "'%s' has %u objects now", path, co->root->objects.count);
	return 0;
}

static int
resume(const struct tool *tool, const char *path)
{
	int rc = replace_resume(path);

	return rc ? refuse(tool, path, "an earlier restore or repair cannot "
	    "be finished", rc) : 0;
}

/* The limit of the file in place, if there is one that can be read.  -EBUSY:
 * somebody has it open. */
static int
limit_in_place(const struct tool *tool, const char *path,
    uint64_t *limit_out)
{
	struct db_file *f = NULL;
	const char *why;
	int rc;

	*limit_out = 0;
	rc = resume(tool, path);
	if (rc || access(path, F_OK) == -1)
		return rc;
	rc = file_look(path, tool->classes, tool->n_classes, true, &f, &why);
	if (!rc)
		*limit_out = file_generation_limit(f);
	file_close(f);
	return rc == -EBUSY ? refuse(tool, path, why, rc) : 0;
}

int
tool_restore(const struct tool *tool, const char *from, const char *path)
{
	struct content co = { .root = NULL };
	uint64_t limit;
	int rc = limit_in_place(tool, path, &limit);

	if (!rc)
		rc = read_any(tool, from, &co);
	if (!rc && !co.root->objects.count)
		rc = refuse(tool, from, "has no objects", -EBADMSG);
	if (!rc)
		rc = replace(tool, &co, limit > co.generation_limit ? limit :
		    co.generation_limit, path);
	db_root_put(co.root);
	return rc;
}

int
tool_repair(const struct tool *tool, const char *path)
{
	struct content co = { .root = NULL };
	int rc = resume(tool, path);

	if (!rc)
		rc = read_file(tool, path, &co);
	if (!rc && !co.findings)
		say(tool, "nothing is wrong with '%s'", path);
	else if (!rc && !co.root->objects.count)
		rc = refuse(tool, path, "damaged: no object can be read",
		    -EBADMSG);
	else if (!rc)
		rc = replace(tool, &co, co.generation_limit, path);
	db_root_put(co.root);
	return rc;
}

const char *
tool_way_out(const char *why)
{
	static const struct {
		const char *why, *way;
	} all[] = {
		{ "damaged", "'xapi-db check' tells more; 'xapi-db repair' "
		    "keeps what can be read, 'xapi-db restore' takes a copy" },
		{ "not a database", "'xapi-db restore' takes a copy" },
		{ "empty", "'xapi-db restore' takes a copy" },
		{ "lost", "'xapi-db copies' lists copies and 'xapi-db "
		    "restore' takes one; to begin with nothing, move state.db* "
		    "and the folder " COPIES_FOLDER " away" },
		{ "a database of another program", "move it away, or "
		    "'xapi-db restore' takes a copy" },
		{ "written by a newer version", "boot the newer version, or "
		    "'xapi-db restore' takes a copy that the older one has "
		    "left (state.db.schema-N)" },
		{ "no copy can be kept", "make room on the state volume" },
		{ "in use by another process", "stop the xapi that has it: "
		    "sv stop xapi" },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strncmp(why, all[i].why, strlen(all[i].why)))
			return all[i].way;
	}
	return "";
}
