/* Extension packs: what is refused before anything is written, what lies in the
 * folder whatever happens, and which program of which pack is found. */
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/packs.h"
#include "scratch.h"
#include "unit.h"
#include "update/pack_add.h"
#include "update/pack_files.h"

#define UUID "00112233-4455-6677-8899-aabbccddeeff"
#define ABOUT "name=hello\nvendor=example\nuuid=" UUID "\n"
#define BYTES_MAX (2 * HEAD_CHUNK)

struct fixture {
	EVP_PKEY *key;
	uint8_t public[SIGNATURE_KEY_LEN];
	uint8_t body[BYTES_MAX];
	size_t len;
	char keys[300], packs[300];
};

static struct fixture *f;

static void
trust(const char *name)
{
	char path[400];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", f->keys, name);
	out = fopen(path, "w");
	for (int i = 0; i < SIGNATURE_KEY_LEN; i++)
		fprintf(out, "%02x", f->public[i]);
	fclose(out);
}

static void
setup(void)
{
	size_t len;

	f = calloc(1, sizeof(*f));
	len = sizeof(f->public);
	f->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY_get_raw_public_key(f->key, f->public, &len);
	snprintf(f->keys, sizeof(f->keys), "%s", scratch_file("keys"));
	snprintf(f->packs, sizeof(f->packs), "%s", scratch_file("packs"));
	mkdir(f->keys, 0700);
	trust("maker.pub");
}

/* -- making -- */

static void
add_sized(const char *name, const void *data, size_t len, uint64_t said)
{
	uint64_t size = htole64(said);

	memset(f->body + f->len, 0, PACK_FILE_NAME);
	memcpy(f->body + f->len, name, strnlen(name, PACK_FILE_NAME));
	memcpy(f->body + f->len + PACK_FILE_NAME, &size, sizeof(size));
	f->len += PACK_FILE_NAME + sizeof(size);
	memcpy(f->body + f->len, data, len);
	f->len += len;
}

static void
add(const char *name, const char *text)
{
	add_sized(name, text, strlen(text), strlen(text));
}

static void
put64(uint8_t *at, uint64_t v)
{
	v = htole64(v);
	memcpy(at, &v, sizeof(v));
}

/* The header of what was added, signed; its length. */
static size_t
make_head(uint8_t head[static HEAD_MAX], const char *machine, uint64_t built)
{
	size_t n = (f->len + HEAD_CHUNK - 1) / HEAD_CHUNK, sig = SIGNATURE_LEN;
	size_t len = HEAD_FIXED + n * DIGEST_LEN;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	memset(head, 0, HEAD_FIXED);
	memcpy(head, "BEDPLATE PACK  \n\1", 17);
	memcpy(head + 20, f->public, sizeof(f->public));
	memcpy(head + 52, "bedplate", 8);
	memcpy(head + 68, machine, strlen(machine));
	memcpy(head + 84, "1.2", 3);
	put64(head + 116, built);
	put64(head + 124, f->len);
	for (size_t i = 0; i < n; i++)
		digest_sha256(f->body + i * HEAD_CHUNK, i + 1 < n ?
		    HEAD_CHUNK : f->len - i * HEAD_CHUNK,
		    head + HEAD_FIXED + i * DIGEST_LEN);
	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, f->key), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, head + len, &sig, head, len), 1);
	EVP_MD_CTX_free(ctx);
	return len + SIGNATURE_LEN;
}

static enum pack_result
give(struct pack_add *p, const uint8_t *head, size_t len, size_t body)
{
	const char *path = scratch_file("pack");
	FILE *out = fopen(path, "w");
	enum pack_result result;
	int fd;

	fwrite(head, 1, len, out);
	fwrite(f->body, 1, body, out);
	fclose(out);
	*p = (struct pack_add){ .packs = f->packs, .keys = f->keys,
		.machine = "x86_64" };
	fd = open(path, O_RDONLY);
	result = pack_add(p, fd);
	close(fd);
	return result;
}

static enum pack_result
install_built(struct pack_add *p, uint64_t built)
{
	uint8_t head[HEAD_MAX];
	size_t len = make_head(head, "any", built);

	return give(p, head, len, f->len);
}

static void
fill(const char *about, const char *program)
{
	f->len = 0;
	add("about", about);
	add("lib/text", "words");
	add(program, "#!/bin/sh\n");
}

/* -- looking -- */

static int
entries(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return d ? n - 2 : -1;
}

static mode_t
mode_of(const char *name)
{
	char path[400];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", f->packs, name);
	return stat(path, &st) == 0 ? st.st_mode : 0;
}

static void
refused(const char *about, const char *program, const char *why)
{
	struct pack_add p;

	fill(about, program);
	ck_assert_int_eq(install_built(&p, 7), PACK_REFUSED);
	ck_assert_str_eq(p.why, why);
	ck_assert_int_eq(entries(f->packs), -1);
}

START_TEST(a_pack_lies_where_it_is_found)
{
	struct pack_about about;
	struct pack_add p;

	setup();
	fill(ABOUT "description=Says = hello\nlimit=9\n", "plugins/hi");
	ck_assert_int_eq(install_built(&p, 7), PACK_OK);
	ck_assert_str_eq(p.about.name, "hello");
	ck_assert_int_eq(mode_of("hello/plugins/hi"), S_IFREG | 0755);
	ck_assert_int_eq(mode_of("hello/lib/text"), S_IFREG | 0644);
	ck_assert(packs_find(f->packs, "plugins", "hi", &about));
	ck_assert_str_eq(about.name, "hello");
	ck_assert_str_eq(about.description, "Says = hello");
	ck_assert_str_eq(about.version, "1.2");
	ck_assert_str_eq(about.signer, "maker");
	ck_assert_int_eq(about.limit_s, 9);
	ck_assert_int_eq(about.built, 7);
	ck_assert_int_eq(about.size, f->len);
	ck_assert(!packs_find(f->packs, "extensions", "hi", &about));
	ck_assert(!packs_find(f->packs, "plugins", "../lib/text", &about));
	ck_assert(!packs_find(f->packs, "plugins", "..", &about));
	ck_assert(!packs_find(f->packs, "plugins", "", &about));
}
END_TEST

START_TEST(a_newer_one_takes_the_place_of_an_older)
{
	struct pack_about about;
	struct pack_add p;

	setup();
	fill(ABOUT, "plugins/old");
	ck_assert_int_eq(install_built(&p, 7), PACK_OK);
	fill(ABOUT, "plugins/new");
	ck_assert_int_eq(install_built(&p, 8), PACK_OK);
	ck_assert(packs_find(f->packs, "plugins", "new", &about));
	ck_assert(!packs_find(f->packs, "plugins", "old", &about));
	/* and not the other way */
	fill(ABOUT, "plugins/old");
	ck_assert_int_eq(install_built(&p, 7), PACK_REFUSED);
	ck_assert(packs_find(f->packs, "plugins", "new", &about));
	ck_assert_int_eq(entries(f->packs), 3);		/* it and the locks */
}
END_TEST

START_TEST(what_a_kill_left_goes_with_the_next_change)
{
	struct pack_add p;
	int fd;

	setup();
	mkdir(f->packs, 0700);
	mkdir(scratch_file("packs/.new"), 0755);
	mkdir(scratch_file("packs/.new/plugins"), 0755);
	fd = open(scratch_file("packs/.new/plugins/hi"), O_WRONLY | O_CREAT,
	    0600);
	close(fd);
	fill(ABOUT, "plugins/hi");
	ck_assert_int_eq(install_built(&p, 7), PACK_OK);
	ck_assert_int_eq(mode_of("hello/plugins/hi"), S_IFREG | 0755);
	ck_assert_int_eq(entries(f->packs), 3);
}
END_TEST

/* Versions with one program each, named by when they were built. */
static void
install_until_killed(uint64_t built)
{
	char name[40];

	for (;; built++) {
		struct pack_add p;

		snprintf(name, sizeof(name), "plugins/p%d", (int)built);
		fill(ABOUT, name);
		if (install_built(&p, built))
			_exit(1);
	}
}

/* Later each time, until some were finished. */
START_TEST(a_kill_leaves_the_old_or_the_new)
{
	struct pack_about about = { .built = 0 };
	struct pack_add p;

	setup();
	fill(ABOUT, "plugins/p0");
	ck_assert_int_eq(install_built(&p, 0), PACK_OK);
	for (int i = 0; about.built < 10; i++) {
		int64_t before = about.built;
		pid_t pid = fork();
		char name[40];
		int how;

		if (pid == 0)
			install_until_killed((uint64_t)before + 1);
		usleep((useconds_t)(i * 300));
		kill(pid, SIGKILL);
		waitpid(pid, &how, 0);
		ck_assert(WIFSIGNALED(how));
		ck_assert_int_eq(packs_about(f->packs, "hello", &about), 0);
		ck_assert_int_ge(about.built, before);
		snprintf(name, sizeof(name), "p%d", (int)about.built);
		ck_assert(packs_find(f->packs, "plugins", name, &about));
		close(packs_lock(f->packs));
		ck_assert_int_eq(entries(f->packs), 3);
	}
}
END_TEST

START_TEST(a_pack_is_removed_whole)
{
	struct pack_add p;
	int lock;

	setup();
	fill(ABOUT, "plugins/hi");
	ck_assert_int_eq(install_built(&p, 7), PACK_OK);
	lock = packs_lock(f->packs);
	ck_assert_int_eq(packs_remove(f->packs, "hello"), 0);
	ck_assert_int_eq(packs_remove(f->packs, "hello"), -ENOENT);
	ck_assert_int_eq(packs_remove(f->packs, "../packs"), -ENOENT);
	close(lock);
	ck_assert_int_eq(entries(f->packs), 2);
}
END_TEST

/* A program that runs has all of the pack that it was found in. */
START_TEST(what_is_used_stays)
{
	struct pack_add p;
	int use, dir;

	setup();
	fill(ABOUT, "plugins/hi");
	ck_assert_int_eq(install_built(&p, 0), PACK_OK);
	use = packs_use(f->packs);
	ck_assert_int_ge(use, 0);
	dir = open(scratch_file("packs/hello"), O_RDONLY | O_DIRECTORY);
	for (uint64_t built = 1; built <= PACKS_OLD_MAX; built++)
		ck_assert_int_eq(install_built(&p, built), PACK_OK);
	ck_assert_int_eq(faccessat(dir, "plugins/hi", X_OK, 0), 0);
	ck_assert_int_eq(install_built(&p, 9), PACK_FAILED);
	ck_assert_str_eq(p.why,
	    "programs of packs that were replaced still run");
	close(use);
	ck_assert_int_eq(install_built(&p, 9), PACK_OK);
	ck_assert_int_eq(faccessat(dir, "plugins/hi", X_OK, 0), -1);
	ck_assert_int_eq(entries(f->packs), 3);
	close(dir);
}
END_TEST

START_TEST(a_program_is_in_one_pack)
{
	struct pack_add p;

	setup();
	fill(ABOUT, "plugins/hi");
	ck_assert_int_eq(install_built(&p, 7), PACK_OK);
	fill("name=other\nvendor=example\nuuid="
	    "10112233-4455-6677-8899-aabbccddeeff\n", "plugins/hi");
	ck_assert_int_eq(install_built(&p, 7), PACK_REFUSED);
	ck_assert_str_eq(p.why, "'plugins/hi' is in pack 'hello' already");
	fill("name=other\nvendor=example\nuuid=" UUID "\n", "plugins/ho");
	ck_assert_int_eq(install_built(&p, 7), PACK_REFUSED);
	ck_assert_str_eq(p.why, "pack 'hello' has the same uuid");
}
END_TEST

START_TEST(there_is_an_end_of_packs)
{
	struct pack_add p;
	char about[200];

	setup();
	for (int i = 0; i <= PACKS_MAX; i++) {
		snprintf(about, sizeof(about), "name=p%d\nvendor=v\nuuid="
		    "%08x-4455-6677-8899-aabbccddeeff\n", i, i);
		f->len = 0;
		add("about", about);
		ck_assert_int_eq(install_built(&p, 7), i < PACKS_MAX ?
		    PACK_OK : PACK_REFUSED);
	}
	ck_assert_str_eq(p.why,
	    "16 packs are installed, which is all that can be");
	/* one that is there may still be replaced */
	f->len = 0;
	add("about", "name=p3\nvendor=v\nuuid="
	    "00000003-4455-6677-8899-aabbccddeeff\n");
	ck_assert_int_eq(install_built(&p, 8), PACK_OK);
}
END_TEST

/* Each is signed: whoever has a key makes no other files than these. */
START_TEST(names_that_lead_elsewhere_are_refused)
{
	static const char *const names[] = { "plugins/", "plugins/..",
		"plugins/.hidden", "plugins/a/b", "plugins/a b", "plugin/a",
		"../a", "/etc/passwd", "plugins", "plugins/a\n", "about/x",
		"\xff" };

	setup();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct pack_files *files = calloc(1, sizeof(*files));
		const char *why = NULL;

		f->len = 0;
		if (strcmp(names[i], "about") < 0)
			add(names[i], "x");
		add("about", ABOUT);
		if (strcmp(names[i], "about") > 0)
			add(names[i], "x");
		ck_assert(!pack_files_parse(f->body, f->len, files, &why));
		ck_assert_str_eq(why,
		    "a file in it has a name that it must not have");
		free(files);
	}
}
END_TEST

START_TEST(files_come_once_and_in_order)
{
	struct pack_files *files = calloc(1, sizeof(*files));
	const char *why;

	setup();
	add("about", ABOUT);
	add("about", ABOUT);
	ck_assert(!pack_files_parse(f->body, f->len, files, &why));
	ck_assert_str_eq(why, "its files are not in order");
	f->len = 0;
	add("lib/a", "");
	ck_assert(!pack_files_parse(f->body, f->len, files, &why));
	ck_assert_str_eq(why, "it does not say what it is");
	f->len = 0;
	ck_assert(!pack_files_parse(f->body, f->len, files, &why));
	add("about", ABOUT);
	for (int i = 0; i < PACK_FILES_MAX; i++) {
		char name[20];

		snprintf(name, sizeof(name), "lib/%04d", i);
		ck_assert(pack_files_parse(f->body, f->len, files, &why));
		add(name, "");
	}
	ck_assert(!pack_files_parse(f->body, f->len, files, &why));
	ck_assert_str_eq(why, "it has too many files");
	free(files);
}
END_TEST

START_TEST(a_size_beyond_the_end_is_refused)
{
	static const uint64_t sizes[] = { 3, 1u << 20, UINT64_MAX,
		UINT64_MAX - 71 };
	struct pack_files *files = calloc(1, sizeof(*files));
	const char *why;

	setup();
	for (size_t i = 0; i < 4; i++) {
		uint8_t *exact;

		f->len = 0;
		add("about", ABOUT);
		add_sized("lib/a", "xy", 2, sizes[i]);
		exact = malloc(f->len);		/* for ASan to see its end */
		memcpy(exact, f->body, f->len);
		for (size_t n = 0; n <= f->len; n++)
			ck_assert(n == f->len - 2 - PACK_FILE_NAME - 8 ||
			    !pack_files_parse(exact, n, files, &why));
		ck_assert_str_eq(why, "it is cut short");
		free(exact);
	}
	free(files);
}
END_TEST

START_TEST(nonsense_about_itself_is_refused)
{
	static const char *const none[] = { "", "name=hello\n",
		ABOUT "name=hello\n", ABOUT "colour=red\n", ABOUT "limit=\n",
		ABOUT "limit=x\n", ABOUT "limit=99999999999999999999\n",
		ABOUT "description=\x1b[2J\n", ABOUT "no end",
		/* what the host itself says */
		ABOUT "signer=root\n", ABOUT "version=9\n", ABOUT "built=1\n",
		ABOUT "description=0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789012345678901234"
		    "567890123456789012345678901234567890\n" };

	setup();
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		refused(none[i], "plugins/hi",
		    "what it says of itself makes no sense");
	refused("name=../x\nvendor=v\nuuid=" UUID "\n", "plugins/hi",
	    "its name, or its vendor's, is none");
	refused("name=Hello\nvendor=v\nuuid=" UUID "\n", "plugins/hi",
	    "its name, or its vendor's, is none");
	refused("name=.new\nvendor=v\nuuid=" UUID "\n", "plugins/hi",
	    "its name, or its vendor's, is none");
	refused("name=a\nvendor=a:b\nuuid=" UUID "\n", "plugins/hi",
	    "its name, or its vendor's, is none");
	refused("name=a\nvendor=b\nuuid=1\n", "plugins/hi",
	    "its uuid is none");
	refused(ABOUT "limit=0\n", "plugins/hi",
	    "its limit is not from 1 to 3600 seconds");
	refused(ABOUT "limit=3601\n", "plugins/hi",
	    "its limit is not from 1 to 3600 seconds");
}
END_TEST

START_TEST(only_those_trusted_with_packs_sign_them)
{
	uint8_t head[HEAD_MAX];
	char path[400];
	struct pack_add p;
	size_t len;

	setup();
	fill(ABOUT, "plugins/hi");
	len = make_head(head, "any", 7);
	snprintf(path, sizeof(path), "%s/maker.pub", f->keys);
	unlink(path);
	ck_assert_int_eq(give(&p, head, len, f->len), PACK_REFUSED);
	ck_assert_ptr_nonnull(strstr(p.why, "does not trust"));
	trust("maker.pub");
	/* an update by the same key is no pack */
	memcpy(head, "BEDPLATE UPDATE\n", 16);
	ck_assert_int_eq(give(&p, head, len, f->len), PACK_REFUSED);
	ck_assert_str_eq(p.why, "it is not an extension pack");
	len = make_head(head, "riscv64", 7);
	ck_assert_int_eq(give(&p, head, len, f->len), PACK_REFUSED);
	ck_assert_ptr_nonnull(strstr(p.why, "it is for bedplate on riscv64"));
	ck_assert_int_eq(entries(f->packs), -1);
}
END_TEST

/* Every byte of the header, and some of the rest. */
START_TEST(a_damaged_one_writes_nothing)
{
	uint8_t head[HEAD_MAX];
	struct pack_add p;
	size_t len;

	setup();
	fill(ABOUT, "plugins/hi");
	len = make_head(head, "any", 7);
	for (size_t i = 0; i < len; i++) {
		head[i] ^= 0x40;
		ck_assert_int_eq(give(&p, head, len, f->len), PACK_REFUSED);
		head[i] ^= 0x40;
	}
	for (size_t i = 0; i < f->len; i += 7) {
		f->body[i] ^= 0x40;
		ck_assert_int_eq(give(&p, head, len, f->len), PACK_REFUSED);
		ck_assert_str_eq(p.why, "it is damaged in its MiB 1");
		f->body[i] ^= 0x40;
	}
	for (size_t i = 0; i < f->len; i += 7)
		ck_assert_int_eq(give(&p, head, len, i), PACK_REFUSED);
	ck_assert_int_eq(entries(f->packs), -1);
	ck_assert_int_eq(give(&p, head, len, f->len), PACK_OK);
}
END_TEST

START_TEST(one_too_large_is_refused_by_its_header)
{
	uint8_t head[HEAD_MAX];
	struct pack_add p;
	size_t len;

	setup();
	fill(ABOUT, "plugins/hi");
	len = make_head(head, "any", 7);
	put64(head + 124, PACK_BYTES_MAX + 1);
	ck_assert_int_eq(give(&p, head, len, f->len), PACK_REFUSED);
	ck_assert_str_eq(p.why, "its size is none that a pack can have");
}
END_TEST

START_TEST(a_folder_that_takes_nothing_changes_nothing)
{
	struct pack_add p;

	setup();
	fclose(fopen(f->packs, "w"));
	fill(ABOUT, "plugins/hi");
	ck_assert_int_eq(install_built(&p, 7), PACK_FAILED);
	ck_assert_ptr_nonnull(strstr(p.why, "cannot use"));
}
END_TEST

int
main(void)
{
	return UNIT_RUN("pack",
	    a_pack_lies_where_it_is_found,
	    a_newer_one_takes_the_place_of_an_older,
	    what_a_kill_left_goes_with_the_next_change,
	    a_kill_leaves_the_old_or_the_new,
	    a_pack_is_removed_whole, what_is_used_stays, a_program_is_in_one_pack,
	    there_is_an_end_of_packs, names_that_lead_elsewhere_are_refused,
	    files_come_once_and_in_order, a_size_beyond_the_end_is_refused,
	    nonsense_about_itself_is_refused,
	    only_those_trusted_with_packs_sign_them,
	    a_damaged_one_writes_nothing,
	    one_too_large_is_refused_by_its_header,
	    a_folder_that_takes_nothing_changes_nothing);
}
