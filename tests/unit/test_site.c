/* The files that xapi serves to browsers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/site.h"
#include "scratch.h"
#include "unit.h"

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(scratch_file(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void
folder(const char *name)
{
	ck_assert_int_eq(mkdir(scratch_file(name), 0755), 0);
}

START_TEST(files_are_found_by_their_whole_path)
{
	const struct site_file *f;
	struct site *site;

	put("index.html", "front");
	put("empty.css", "");
	folder("api");
	put("api/index.html", "classes");
	put("api/xenapi.d.ts", "types");
	ck_assert_int_eq(site_load(scratch_dir(), &site), 0);
	f = site_find(site, "/");
	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(f->path, "/index.html");
	ck_assert_mem_eq(f->data, "front", f->len);
	ck_assert_ptr_eq(site_find(site, "/index.html"), f);
	f = site_find(site, "/api/");
	ck_assert_mem_eq(f->data, "classes", f->len);
	ck_assert_str_eq(site_find(site, "/api/xenapi.d.ts")->type,
	    "text/plain; charset=utf-8");
	ck_assert_uint_eq(site_find(site, "/empty.css")->len, 0);
	ck_assert_ptr_null(site_find(site, "/api"));
	ck_assert_ptr_null(site_find(site, ""));
	ck_assert_ptr_null(site_find(site, "/api/../index.html"));
	ck_assert_ptr_null(site_find(NULL, "/"));
	site_free(site);
}
END_TEST

START_TEST(only_files_of_the_folder_are_taken)
{
	struct site *site;

	put(".hidden", "x");
	ck_assert_int_eq(symlink("/etc/passwd", scratch_file("link.txt")), 0);
	ck_assert_int_eq(mkfifo(scratch_file("fifo"), 0644), 0);
	put("a.txt", "x");
	ck_assert_int_eq(site_load(scratch_dir(), &site), 0);
	ck_assert_ptr_nonnull(site_find(site, "/a.txt"));
	ck_assert_ptr_null(site_find(site, "/.hidden"));
	ck_assert_ptr_null(site_find(site, "/link.txt"));
	ck_assert_ptr_null(site_find(site, "/fifo"));
	site_free(site);
}
END_TEST

START_TEST(a_site_has_limits)
{
	struct site *site;
	char name[32];

	for (int i = 0; i < SITE_MAX_FILES; i++) {
		snprintf(name, sizeof(name), "%d.txt", i);
		put(name, "x");
	}
	ck_assert_int_eq(site_load(scratch_dir(), &site), 0);
	ck_assert_ptr_nonnull(site_find(site, "/511.txt"));
	site_free(site);
	put("one-more.txt", "x");
	ck_assert_int_eq(site_load(scratch_dir(), &site), -E2BIG);
	ck_assert_ptr_null(site);
	ck_assert_int_eq(unlink(scratch_file("one-more.txt")), 0);
	ck_assert_int_eq(truncate(scratch_file("0.txt"), SITE_MAX_BYTES), 0);
	ck_assert_int_eq(site_load(scratch_dir(), &site), -E2BIG);
	ck_assert_int_eq(site_load(scratch_file("none"), &site), -ENOENT);
}
END_TEST

START_TEST(folders_go_so_deep)
{
	struct site *site;

	folder("a");
	folder("a/b");
	folder("a/b/c");
	put("a/b/c/x.js", "x");
	ck_assert_int_eq(site_load(scratch_dir(), &site), 0);
	ck_assert_ptr_nonnull(site_find(site, "/a/b/c/x.js"));
	site_free(site);
	folder("a/b/c/d");
	ck_assert_int_eq(site_load(scratch_dir(), &site), -E2BIG);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("site", files_are_found_by_their_whole_path,
	    only_files_of_the_folder_are_taken,
	    a_site_has_limits,
	    folders_go_so_deep);
}
