#include <stdio.h>
#include <string.h>

#include "installer/answers.h"
#include "unit.h"

static struct answers a;
static const char *why;

static bool
parse(const char *xml)
{
	why = NULL;
	return answers_parse(xml, strlen(xml), &a, &why);
}

/* inner within <installation> */
static bool
parse_in(const char *inner)
{
	char xml[4096];

	snprintf(xml, sizeof(xml), "<installation>%s</installation>", inner);
	return parse(xml);
}

static void
refused(const char *inner, const char *because)
{
	ck_assert_msg(!parse_in(inner), "'%s' is taken", inner);
	ck_assert_msg(strstr(why, because) != NULL, "'%s': %s", inner, why);
}

START_TEST(a_whole_file_is_read)
{
	ck_assert(parse("<?xml version=\"1.0\"?>\n<installation>\n"
	    "<root-password type=\"hash\"> $6$salt$hash </root-password>\n"
	    "<primary-disk>sda</primary-disk>\n"
	    "<hostname>host1.example</hostname>\n"
	    "<admin-interface name=\"eth1\" proto=\"static\">\n"
	    "<ip>192.0.2.10</ip><subnet-mask>255.255.255.0</subnet-mask>\n"
	    "<gateway>192.0.2.1</gateway></admin-interface>\n"
	    "<name-server>192.0.2.1</name-server>\n"
	    "<name-server>192.0.2.2</name-server>\n"
	    "<ntp-server>ntp.example.org</ntp-server></installation>"));
	ck_assert_str_eq(a.password, "$6$salt$hash");
	ck_assert(a.password_is_hash);
	ck_assert_str_eq(a.hostname, "host1.example");
	ck_assert(a.has_network && !a.network.dhcp);
	ck_assert_str_eq(a.network.interface, "eth1");
	ck_assert_str_eq(a.network.address, "192.0.2.10/24");
	ck_assert_str_eq(a.network.gateway, "192.0.2.1");
	ck_assert_str_eq(a.network.dns, "192.0.2.1 192.0.2.2");
	ck_assert_str_eq(a.network.ntp, "ntp.example.org");
}
END_TEST

START_TEST(what_is_not_given_is_empty)
{
	ck_assert(parse_in(""));
	ck_assert_str_eq(a.password, "");
	ck_assert_str_eq(a.hostname, "");
	ck_assert(!a.has_network);
	ck_assert(parse_in("<root-password>swordfish</root-password>"));
	ck_assert_str_eq(a.password, "swordfish");
	ck_assert(!a.password_is_hash);
	ck_assert(parse_in("<name-server>192.0.2.1</name-server>"));
	ck_assert(a.has_network && a.network.dhcp);
}
END_TEST

START_TEST(passwords_are_long_enough_and_hashes_strong)
{
	refused("<root-password>12345</root-password>", "shorter");
	refused("<root-password type=\"hash\">$1$a$b</root-password>", "$6$");
	refused("<root-password type=\"hash\">x</root-password>", "$6$");
}
END_TEST

START_TEST(no_name_or_address_reaches_the_shell_that_is_none)
{
	refused("<hostname>-a</hostname>", "host name");
	refused("<hostname>a;reboot</hostname>", "host name");
	refused("<admin-interface name=\"e&#10;mode=x\" proto=\"dhcp\"/>",
	    "interface");
	refused("<admin-interface name=\"../eth0\" proto=\"dhcp\"/>",
	    "interface");
	refused("<admin-interface name=\"$(reboot)\" proto=\"dhcp\"/>",
	    "interface");
	refused("<name-server>ns.example</name-server>", "name server");
	refused("<ntp-server>a&#10;dns=1.2.3.4</ntp-server>", "time server");
	refused("<ntp-server>`reboot`</ntp-server>", "time server");
}
END_TEST

START_TEST(a_static_address_is_whole)
{
	static const char *const bad[] = {
		"", "<ip>192.0.2.10</ip>", "<ip>192.0.2</ip><netmask>24</netmask>",
		"<ip>192.0.2.1</ip><netmask>33</netmask>",
		"<ip>192.0.2.1</ip><netmask>255.0.255.0</netmask>",
		"<ip>192.0.2.1</ip><netmask>0.0.0.0</netmask>",
		"<ip>192.0.2.1</ip><netmask>24</netmask><gateway>x</gateway>",
	};
	char xml[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(xml, sizeof(xml), "<admin-interface name=\"eth0\" "
		    "proto=\"static\">%s</admin-interface>", bad[i]);
		refused(xml, "no address");
	}
	ck_assert(parse_in("<admin-interface name=\"eth0\" proto=\"static\">"
	    "<ipaddr>192.0.2.1</ipaddr><netmask>20</netmask>"
	    "</admin-interface>"));
	ck_assert_str_eq(a.network.address, "192.0.2.1/20");
}
END_TEST

START_TEST(texts_and_files_have_limits)
{
	static char big[ANSWERS_MAX_BYTES + 2];
	char inner[1024], text[600];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	snprintf(inner, sizeof(inner), "<root-password>%s</root-password>",
	    text);
	refused(inner, "too long");
	snprintf(inner, sizeof(inner), "<admin-interface name=\"%s\"/>", text);
	refused(inner, "too long");
	memset(big, ' ', sizeof(big) - 1);
	memcpy(big, "<installation/>", 15);
	ck_assert(!answers_parse(big, sizeof(big) - 1, &a, &why));
	ck_assert_msg(strstr(why, "256 KiB") != NULL, "%s", why);
	ck_assert(answers_parse(big, ANSWERS_MAX_BYTES, &a, &why));
}
END_TEST

START_TEST(only_plain_xml_is_read)
{
	ck_assert(!parse(""));
	ck_assert(!parse("<installation>"));
	ck_assert(!parse("root-password=swordfish"));
	ck_assert(!parse("<other/>"));
	ck_assert_msg(strstr(why, "root element") != NULL, "%s", why);
	ck_assert(!parse("<!DOCTYPE installation [<!ENTITY x SYSTEM "
	    "\"file:///etc/passwd\">]><installation><hostname>&x;</hostname>"
	    "</installation>"));
	ck_assert_msg(strstr(why, "DTD") != NULL, "%s", why);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("answers", a_whole_file_is_read,
	    what_is_not_given_is_empty,
	    passwords_are_long_enough_and_hashes_strong,
	    no_name_or_address_reaches_the_shell_that_is_none,
	    a_static_address_is_whole, texts_and_files_have_limits,
	    only_plain_xml_is_read);
}
