/* One rule each for root's password, the hash of it and the host's name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hostname.h"
#include "base/secret.h"
#include "unit.h"

#define SUM "0123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789./ABCD"
#define SALT "saltsaltsaltsalt"

START_TEST(a_hash_is_whole_or_none)
{
	static const char *const good[] = {
		"$6$" SALT "$" SUM, "$6$s$" SUM, "$6$./azAZ09$" SUM,
		"$6$rounds=1000$" SALT "$" SUM,
		"$6$rounds=999999$" SALT "$" SUM,
	};
	static const char *const bad[] = {
		"", "$6$", "$6$salt$hash", "$6$" SALT, "$6$" SALT "$",
		"$6$" SALT "$" SUM "A", "$6$" SALT "$" SUM "\n",
		" $6$" SALT "$" SUM, "$6$" SALT "a$" SUM, "$6$$" SUM,
		"$5$" SALT "$" SUM, "$6$sa:lt$" SUM, "$6$s lt$" SUM,
		"$6$rounds=999$" SALT "$" SUM, "$6$rounds=$" SALT "$" SUM,
		"$6$rounds=01000$" SALT "$" SUM,
		"$6$rounds=1000000$" SALT "$" SUM,
		"$6$rounds=5000" SALT "$" SUM, "$6$rounds=5000$" SUM,
		"!!", "*", "x",
	};
	char cut[SECRET_SIZE];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(secret_is_hash(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!secret_is_hash(bad[i]), "%s", bad[i]);
	/* A paste that was cut anywhere. */
	for (size_t n = 0; n < strlen(good[0]); n++) {
		snprintf(cut, sizeof(cut), "%.*s", (int)n, good[0]);
		ck_assert_msg(!secret_is_hash(cut), "%s", cut);
	}
}
END_TEST

START_TEST(none_yet_has_its_spellings)
{
	ck_assert(secret_is_none(""));
	ck_assert(secret_is_none("*"));
	ck_assert(secret_is_none("!"));
	ck_assert(secret_is_none("!!"));
	ck_assert(!secret_is_none("!x"));
	ck_assert(!secret_is_none("$6$"));
}
END_TEST

START_TEST(a_password_has_a_length_and_can_be_typed)
{
	char text[PASSWORD_MAX + 2];

	memset(text, 'x', sizeof(text));
	text[PASSWORD_MAX + 1] = '\0';
	ck_assert_ptr_nonnull(password_problem(text));
	text[PASSWORD_MAX] = '\0';
	ck_assert_ptr_null(password_problem(text));
	text[PASSWORD_MIN] = '\0';
	ck_assert_ptr_null(password_problem(text));
	text[PASSWORD_MIN - 1] = '\0';
	ck_assert_ptr_nonnull(password_problem(text));
	ck_assert_ptr_nonnull(password_problem(""));
	ck_assert_ptr_nonnull(password_problem("line\nbreak"));
	ck_assert_ptr_nonnull(password_problem("delete\x7f"));
	ck_assert_ptr_null(password_problem("correct h\xc3\xb6rse"));
}
END_TEST

START_TEST(what_was_made_matches)
{
	char one[SECRET_SIZE], two[SECRET_SIZE];

	ck_assert_int_eq(secret_make("short", one), -EINVAL);
	ck_assert_int_eq(secret_make("swordfish", one), 0);
	ck_assert_int_eq(secret_make("swordfish", two), 0);
	ck_assert(secret_is_hash(one));
	ck_assert_str_ne(one, two);
	ck_assert(secret_matches("swordfish", one));
	ck_assert(!secret_matches("swordfisi", one));
	ck_assert(!secret_matches("", one));
	ck_assert(!secret_matches("swordfish", ""));
	ck_assert(!secret_matches("swordfish", "swordfish"));
}
END_TEST

START_TEST(a_file_keeps_a_whole_hash_only)
{
	char path[64], hash[SECRET_SIZE], back[SECRET_SIZE];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/test_secret.%d", (int)getpid());
	unlink(path);
	ck_assert_int_eq(secret_read(path, back), -ENOENT);
	ck_assert_int_eq(secret_write(path, "$6$salt$hash", 0), -EINVAL);
	ck_assert_int_eq(secret_write(path, "!!", 0), -EINVAL);
	ck_assert_int_eq(secret_read(path, back), -ENOENT);
	ck_assert_int_eq(secret_make("swordfish", hash), 0);
	ck_assert_int_eq(secret_write(path, hash, 0), 0);
	ck_assert_int_eq(secret_read(path, back), 0);
	ck_assert_str_eq(back, hash);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("$6$salt$cut\n", f);
	fclose(f);
	ck_assert_int_eq(secret_read(path, back), -EINVAL);
	ck_assert_str_eq(back, "");
	unlink(path);
	/* nobody's FIFO holds us up */
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_ne(secret_read(path, back), 0);
	unlink(path);
}
END_TEST

START_TEST(a_host_name_is_labels_between_dots)
{
	static const char *const good[] = {
		"a", "host1", "a-b.c-d", "1.example.com",
		"a23456789012345678901234567890123456789012345678901234567890123"
	};
	static const char *const bad[] = {
		"", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a-.b",
		"a_b", "a b", "a;reboot", "a\n", "h\xc3\xb6st",
		"a234567890123456789012345678901234567890123456789012345678901234"
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(!hostname_problem(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(hostname_problem(bad[i]) != NULL, "%s", bad[i]);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("secret", a_hash_is_whole_or_none,
	    none_yet_has_its_spellings,
	    a_password_has_a_length_and_can_be_typed, what_was_made_matches,
	    a_file_keeps_a_whole_hash_only,
	    a_host_name_is_labels_between_dots);
}
