/* What was chosen for a host is stored as a whole, where its services look. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installer/choices.h"
#include "scratch.h"
#include "unit.h"

/* The file's text below the scratch folder; "" if there is none. */
static const char *
text_of(const char *folder, const char *name)
{
	static char text[2048];
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = '\0';
	if (f)
		fclose(f);
	return text;
}

static char *
state_folder(void)
{
	char login[512];
	char *folder = strdup(scratch_file("state"));

	mkdir(folder, 0700);
	snprintf(login, sizeof(login), "%s/login", folder);
	mkdir(login, 0700);
	return folder;
}

START_TEST(only_the_hash_of_a_password_is_kept)
{
	struct choices c = { .disk = "" };

	ck_assert_ptr_null(choices_set_password(&c, "swordfish"));
	ck_assert_ptr_null(memmem(&c, sizeof(c), "swordfish", 9));
	ck_assert(secret_matches("swordfish", c.password_hash));
	ck_assert_ptr_nonnull(choices_set_password(&c, "short"));
	ck_assert(secret_matches("swordfish", c.password_hash));
}
END_TEST

START_TEST(what_is_not_chosen_stays)
{
	struct choices c = { .hostname = "one", .has_network = true,
		.network = { .dhcp = true }, .timezone = "Asia/Kolkata",
		.product_brand = "XenServer", .platform_version = "3.4.0",
		.keymap = "uk" };
	char *folder = state_folder();
	const char *what;

	ck_assert_int_eq(choices_store(&c, folder, &what), 0);
	ck_assert_str_eq(text_of(folder, "hostname"), "one\n");
	ck_assert_str_eq(text_of(folder, "timezone"), "Asia/Kolkata\n");
	ck_assert_str_eq(text_of(folder, "product"),
	    "product_brand=XenServer\nplatform_version=3.4.0\n");
	ck_assert_str_eq(text_of(folder, "keymap"), "uk\n");
	ck_assert_ptr_nonnull(strstr(text_of(folder, "network.conf"),
	    "mode=dhcp\n"));
	memset(&c, 0, sizeof(c));
	ck_assert_int_eq(choices_store(&c, folder, &what), 0);
	ck_assert_str_eq(text_of(folder, "hostname"), "one\n");
	ck_assert_str_eq(text_of(folder, "login/secret"), "");
	free(folder);
}
END_TEST

START_TEST(a_bad_choice_stores_nothing)
{
	struct choices c = { .hostname = "one", .has_network = true,
		.network = { .address = "192.0.2.1" } };
	char *folder = state_folder();
	const char *what;

	ck_assert_int_ne(choices_store(&c, folder, &what), 0);
	ck_assert_str_eq(text_of(folder, "hostname"), "");
	free(folder);
}
END_TEST

START_TEST(a_keyboard_is_known_by_its_name)
{
	struct keymap all[KEYMAPS_MAX];
	const char *file = scratch_file("keymaps");
	FILE *f = fopen(file, "w");

	fputs("us English (US)\nde-latin1-nodeadkeys German, no dead keys\n"
	    "broken\n", f);
	fclose(f);
	ck_assert_int_eq(keymaps_list(file, all), 2);
	ck_assert_str_eq(all[1].text, "German, no dead keys");
	ck_assert(keymap_is_known("us", file));
	ck_assert(keymap_is_known("de-latin1-nodeadkeys", file));
	ck_assert(!keymap_is_known("de", file));
	ck_assert(!keymap_is_known("", file));
	ck_assert(!keymap_is_known("us", "/nowhere"));
	ck_assert(!keymap_is_plain("../us"));
}
END_TEST

START_TEST(a_time_zone_is_known_by_its_whole_name)
{
	const char *file = scratch_file("zones");
	FILE *f = fopen(file, "w");

	fputs("Asia/Kolkata IST-5:30\nUTC UTC0\n", f);
	fclose(f);
	ck_assert(timezone_is_known("UTC", file));
	ck_assert(timezone_is_known("Asia/Kolkata", file));
	ck_assert(!timezone_is_known("Asia", file));
	ck_assert(!timezone_is_known("UTC UTC0", file));
	ck_assert(!timezone_is_known("", file));
	ck_assert(!timezone_is_known("UTC", "/nowhere"));
}
END_TEST

/* The one that ends what may still be set up comes last. */
START_TEST(a_password_is_stored_after_all_else)
{
	struct choices c = { .hostname = "one" };
	char *folder = strdup(scratch_file("nologin"));
	const char *what;

	mkdir(folder, 0700);
	ck_assert_ptr_null(choices_set_password(&c, "swordfish"));
	ck_assert_int_ne(choices_store(&c, folder, &what), 0);
	ck_assert_str_eq(what, "the password");
	ck_assert_str_eq(text_of(folder, "hostname"), "one\n");
	free(folder);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("choices", only_the_hash_of_a_password_is_kept,
	    what_is_not_chosen_stays,
	    a_keyboard_is_known_by_its_name,
	    a_time_zone_is_known_by_its_whole_name, a_bad_choice_stores_nothing,
	    a_password_is_stored_after_all_else);
}
