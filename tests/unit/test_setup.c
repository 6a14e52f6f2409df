/* The pages of the installer: their order, their checks, what is chosen. */
#include <string.h>

#include "installer/choices.h"
#include "installer/setup/setup.h"
#include "scratch.h"
#include "unit.h"

#define GIB ((uint64_t)1 << 30)

static const struct disk blank = {
	.path = "/dev/sda", .model = "Disk", .serial = "S1", .size = 9 * GIB,
	.sector = 512,
};
static const struct disk used = {
	.path = "/dev/sdb", .serial = "S2", .size = 9 * GIB, .sector = 512,
	.kind = DISK_FOREIGN, .holds.text = "gpt, ntfs 'Windows'",
};
static const struct nic nics[] = {
	{ .name = "eth0", .mac = "52:54:00:00:00:01", .link = true },
	{ .name = "eth1", .mac = "52:54:00:00:00:02" },
};

static struct setup s;
static struct page page;
static const char *why;
static int field;

/* What the image knows. */
static const char *
list(const char *name, const char *lines)
{
	char *path = strdup(scratch_file(name));
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(lines, f);
	fclose(f);
	return path;
}

/* At the first page. */
static void
begin_at_all(const struct disk *disks, int n)
{
	static const char *zones, *keymaps;

	if (!zones) {
		zones = list("zones", "Europe/Berlin CET-1CEST,M3.5.0,"
		    "M10.5.0/3\nUTC UTC0\n");
		keymaps = list("keymaps", "us English (US)\nde German\n");
	}
	setup_init(&s, disks, n, nics, 2, false, zones, keymaps);
}

/* At the disks. */
static void
begin(const struct disk *disks, int n)
{
	begin_at_all(disks, n);
	ck_assert_int_eq(setup_next(&s, &field, &why), SETUP_SHOW);
}

static void
put(char *to, size_t size, const char *text)
{
	ck_assert(strlen(text) < size);
	memcpy(to, text, strlen(text) + 1);
}

#define PUT(to, text) put(to, sizeof to, text)

/* The wanted page is reached by Enter alone, but for the password. */
static void
go_to(enum setup_page to)
{
	PUT(s.password, "swordfish");
	PUT(s.again, "swordfish");
	while (s.at != to)
		ck_assert_int_eq(setup_next(&s, &field, &why), SETUP_SHOW);
}

static void
stays_at(int at)
{
	ck_assert_int_eq(setup_next(&s, &field, &why), SETUP_STAY);
	ck_assert_int_eq(field, at);
	ck_assert_ptr_nonnull(why);
}

static void
shows(const char *text)
{
	setup_page(&s, &page);
	ck_assert_msg(strstr(page.text, text) || strstr(page.note, text),
	    "no '%s' in '%s'", text, page.text);
}

START_TEST(defaults_and_a_password_are_enough_for_a_blank_disk)
{
	struct choices c;

	begin(&blank, 1);
	go_to(SETUP_CONFIRM);
	ck_assert_int_eq(setup_next(&s, &field, &why), SETUP_INSTALL);
	ck_assert(setup_choices(&s, &c));
	ck_assert_str_eq(c.disk, "/dev/sda");
	ck_assert_str_eq(c.keymap, "us");
	ck_assert_str_eq(c.timezone, "UTC");
	ck_assert_str_eq(c.hostname, "bedplate");
	ck_assert(c.network.dhcp);
	ck_assert_str_eq(c.network.interface, "");
	ck_assert(secret_matches("swordfish", c.password_hash));
	ck_assert_ptr_null(choices_problem(&c));
}
END_TEST

START_TEST(what_lies_on_a_disk_is_named_and_has_to_be_chosen_to_go)
{
	begin(&used, 1);
	shows("ntfs 'Windows'");
	go_to(SETUP_CONFIRM);
	shows("ERASED");
	shows("ntfs 'Windows'");
	/* Enter without a choice does not erase */
	ck_assert_int_eq(setup_next(&s, &field, &why), SETUP_SHOW);
	ck_assert_int_eq(s.at, SETUP_HOST);
	go_to(SETUP_CONFIRM);
	s.confirmed = 1;
	ck_assert_int_eq(setup_next(&s, &field, &why), SETUP_INSTALL);
}
END_TEST

START_TEST(a_yes_to_one_disk_is_none_to_another)
{
	const struct disk two[] = { blank, used };

	begin(two, 2);
	go_to(SETUP_CONFIRM);
	ck_assert_int_eq(s.confirmed, 1);
	while (setup_back(&s))
		;
	s.disk = 1;
	go_to(SETUP_CONFIRM);
	ck_assert_int_eq(s.confirmed, 0);
}
END_TEST

START_TEST(disks_in_use_or_too_small_are_not_offered_but_named)
{
	struct disk all[] = { used, blank, blank };

	all[0].in_use = true;
	all[1].size = 4 * GIB;
	memcpy(all[2].path, "/dev/sdc", 9);
	begin(all, 3);
	ck_assert_int_eq(s.n_disks, 1);
	ck_assert_str_eq(setup_disk(&s)->path, "/dev/sdc");
	shows("/dev/sdb (the disk is in use)");
	shows("/dev/sda (the disk is smaller than 8 GiB)");
}
END_TEST

START_TEST(without_a_disk_nothing_goes_on)
{
	begin(NULL, 0);
	shows("no disk");
	stays_at(0);
	ck_assert(setup_back(&s));
	ck_assert(!setup_back(&s));
}
END_TEST

START_TEST(a_fixed_disk_is_proposed_before_a_stick)
{
	struct disk all[] = { used, blank };

	all[0].removable = true;
	begin(all, 2);
	ck_assert_str_eq(setup_disk(&s)->path, "/dev/sda");
	s.disk = 0;
	shows("Removable");
}
END_TEST

START_TEST(more_disks_than_the_list_takes_are_named)
{
	static struct disk many[SETUP_OPTIONS + 20];

	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
		many[i] = blank;
	begin(many, sizeof many / sizeof many[0]);
	ck_assert_int_eq(s.n_disks, SETUP_OPTIONS);
	shows("one too many");
}
END_TEST

START_TEST(what_a_disk_tells_of_itself_cannot_steer_the_terminal)
{
	struct disk evil = blank;

	evil.kind = DISK_FOREIGN;
	memcpy(evil.model, "A\033[2JB", 7);
	memcpy(evil.holds.text, "ext4 '\r\n'", 10);
	begin(&evil, 1);
	setup_page(&s, &page);
	ck_assert_ptr_nonnull(strstr(s.disk_options[0], "A?[2JB"));
	ck_assert_ptr_nonnull(strstr(page.note, "ext4 '?" "?'"));
}
END_TEST

START_TEST(a_fixed_address_is_asked_for_and_checked_field_by_field)
{
	struct choices c;

	begin(&blank, 1);
	go_to(SETUP_NETWORK);
	setup_page(&s, &page);
	ck_assert(!page.fields[3].enabled);
	s.mode = 1;
	s.nic = 2;
	setup_page(&s, &page);
	ck_assert(page.fields[3].enabled);
	PUT(s.vlan, "4095");
	stays_at(1);
	PUT(s.vlan, "100");
	stays_at(3);
	PUT(s.ip, "192.0.2.300");
	stays_at(3);
	PUT(s.ip, "192.0.2.10");
	stays_at(4);
	PUT(s.netmask, "255.0.255.0");
	stays_at(4);
	PUT(s.netmask, "255.255.255.0");
	PUT(s.gateway, "router");
	stays_at(5);
	PUT(s.gateway, "192.0.2.1");
	PUT(s.dns, "192.0.2.1 dns");
	stays_at(6);
	PUT(s.dns, "192.0.2.1 192.0.2.2");
	go_to(SETUP_CONFIRM);
	shows(", VLAN 100\n");
	shows("192.0.2.10 / 255.255.255.0, gateway 192.0.2.1");
	ck_assert(setup_choices(&s, &c));
	ck_assert_str_eq(c.network.interface, "52:54:00:00:00:02");
	ck_assert_int_eq(c.network.vlan, 100);
	ck_assert_str_eq(c.network.address, "192.0.2.10/24");
	ck_assert_str_eq(c.network.dns, "192.0.2.1 192.0.2.2");
	ck_assert_ptr_null(choices_problem(&c));
}
END_TEST

START_TEST(a_fixed_address_that_was_given_up_does_not_count)
{
	struct choices c;

	begin(&blank, 1);
	s.mode = 1;
	PUT(s.ip, "192.0.2.10");
	PUT(s.dns, "none");
	s.mode = 0;
	go_to(SETUP_CONFIRM);
	ck_assert(setup_choices(&s, &c));
	ck_assert(c.network.dhcp);
	ck_assert_str_eq(c.network.address, "");
	ck_assert_str_eq(c.network.dns, "");
}
END_TEST

START_TEST(the_host_page_checks_name_servers_and_password)
{
	begin(&blank, 1);
	go_to(SETUP_HOST);
	PUT(s.hostname, "-host");
	stays_at(0);
	PUT(s.hostname, "host1");
	PUT(s.ntp, "a'b");
	stays_at(1);
	PUT(s.ntp, "ntp.example.org 192.0.2.1");
	PUT(s.timezone, "Europe/Berlin2");
	stays_at(2);
	PUT(s.timezone, "");
	stays_at(2);
	PUT(s.timezone, "Europe/Berlin");
	PUT(s.password, "short");
	stays_at(3);
	PUT(s.password, "");
	stays_at(3);
	PUT(s.password, "swordfish");
	PUT(s.again, "");
	stays_at(4);
	PUT(s.again, "Swordfish");
	stays_at(4);
	ck_assert_ptr_nonnull(strstr(why, "differ"));
	go_to(SETUP_CONFIRM);
	shows("host1");
	shows("Time      Europe/Berlin");
}
END_TEST

START_TEST(a_keyboard_is_chosen_first)
{
	struct choices c;

	begin_at_all(&blank, 1);
	setup_page(&s, &page);
	ck_assert_int_eq(page.fields[0].n, 2);
	ck_assert_ptr_nonnull(strstr(s.keymap_options[1], "German"));
	s.keymap = 1;
	ck_assert_str_eq(setup_keymap(&s), "de");
	go_to(SETUP_CONFIRM);
	ck_assert(setup_choices(&s, &c));
	ck_assert_str_eq(c.keymap, "de");
}
END_TEST

START_TEST(back_loses_nothing_that_was_entered)
{
	begin(&blank, 1);
	go_to(SETUP_HOST);
	PUT(s.hostname, "kept");
	go_to(SETUP_CONFIRM);
	while (setup_back(&s))
		;
	ck_assert_int_eq(s.at, SETUP_KEYBOARD);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(setup_next(&s, &field, &why), SETUP_SHOW);
	ck_assert_int_eq(s.at, SETUP_CONFIRM);
	shows("kept");
}
END_TEST

START_TEST(passwords_are_forgotten)
{
	static const char zeroes[sizeof s.password];

	begin(&blank, 1);
	go_to(SETUP_CONFIRM);
	setup_release(&s);
	ck_assert_mem_eq(s.password, zeroes, sizeof zeroes);
	ck_assert_mem_eq(s.again, zeroes, sizeof zeroes);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("setup",
	    defaults_and_a_password_are_enough_for_a_blank_disk,
	    what_lies_on_a_disk_is_named_and_has_to_be_chosen_to_go,
	    a_yes_to_one_disk_is_none_to_another,
	    disks_in_use_or_too_small_are_not_offered_but_named,
	    without_a_disk_nothing_goes_on,
	    a_fixed_disk_is_proposed_before_a_stick,
	    more_disks_than_the_list_takes_are_named,
	    what_a_disk_tells_of_itself_cannot_steer_the_terminal,
	    a_fixed_address_is_asked_for_and_checked_field_by_field,
	    a_fixed_address_that_was_given_up_does_not_count,
	    the_host_page_checks_name_servers_and_password,
	    a_keyboard_is_chosen_first,
	    back_loses_nothing_that_was_entered,
	    passwords_are_forgotten);
}
