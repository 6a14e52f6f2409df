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

static void
strcat_to(char *to, size_t size, const char *text)
{
	size_t len = strlen(to);

	snprintf(to + len, size - len, "%s", text);
}

#define SUM "0123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789./ABCD"
#define HASH "$6$saltsaltsaltsalt$" SUM

START_TEST(a_whole_file_is_read)
{
	ck_assert(parse("<?xml version=\"1.0\"?>\n<installation>\n"
	    "<root-password type=\"hash\"> " HASH " </root-password>\n"
	    "<hostname>host1.example</hostname>\n"
	    "<admin-interface name=\"eth1\" proto=\"static\">\n"
	    "<ip>192.0.2.10</ip><subnet-mask>255.255.255.0</subnet-mask>\n"
	    "<gateway>192.0.2.1</gateway></admin-interface>\n"
	    "<name-server>192.0.2.1</name-server>\n"
	    "<name-server>192.0.2.2</name-server>\n"
	    "<ntp-server>ntp.example.org</ntp-server></installation>"));
	ck_assert_str_eq(a.choices.password_hash, HASH);
	ck_assert_str_eq(a.choices.hostname, "host1.example");
	ck_assert(a.choices.has_network && !a.choices.network.dhcp);
	ck_assert_str_eq(a.choices.network.interface, "eth1");
	ck_assert_str_eq(a.choices.network.address, "192.0.2.10/24");
	ck_assert_str_eq(a.choices.network.gateway, "192.0.2.1");
	ck_assert_str_eq(a.choices.network.dns, "192.0.2.1 192.0.2.2");
	ck_assert_str_eq(a.choices.network.ntp, "ntp.example.org");
}
END_TEST

START_TEST(what_is_not_given_is_empty)
{
	ck_assert(parse_in(""));
	ck_assert_str_eq(a.choices.password_hash, "");
	ck_assert_str_eq(a.choices.hostname, "");
	ck_assert(!a.choices.has_network);
	ck_assert(parse_in("<root-password type=\"plaintext\">swordfish"
	    "</root-password>"));
	ck_assert(secret_matches("swordfish", a.choices.password_hash));
	ck_assert(parse_in("<name-server>192.0.2.1</name-server>"));
	ck_assert(a.choices.has_network && a.choices.network.dhcp);
}
END_TEST

START_TEST(passwords_are_long_enough_and_hashes_strong)
{
	refused("<root-password type=\"plaintext\">12345</root-password>",
	    "shorter");
	refused("<root-password type=\"hash\">$6$salt$hash</root-password>",
	    "whole");
	refused("<root-password type=\"hash\">$6$saltsaltsaltsalt$"
	    "0123456789</root-password>", "whole");
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
	ck_assert_str_eq(a.choices.network.address, "192.0.2.1/20");
}
END_TEST

START_TEST(texts_and_files_have_limits)
{
	static char big[ANSWERS_MAX_BYTES + 2];
	char inner[1024], text[600];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	snprintf(inner, sizeof(inner), "<root-password type=\"hash\">%s"
	    "</root-password>", text);
	refused(inner, "too long");
	snprintf(inner, sizeof(inner), "<admin-interface name=\"%s\" "
	    "proto=\"dhcp\"/>", text);
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

/* what: the words of the refusal, which comes from line 2 */
static void
refused_by_name(const char *inner, const char *what)
{
	char xml[4096];

	snprintf(xml, sizeof(xml), "<installation>\n%s\n</installation>",
	    inner);
	ck_assert_msg(!parse(xml), "'%s' is taken", inner);
	ck_assert_msg(strstr(why, what) != NULL, "'%s': %s", inner, why);
	ck_assert_msg(a.line == 2, "'%s': line %d", inner, a.line);
}

/* C02 */
START_TEST(a_password_to_be_asked_for_later_leaves_the_rest)
{
	ck_assert(parse_in("<root-password type=\"hash\">!!</root-password>"
	    "<hostname>host1</hostname>"));
	ck_assert_str_eq(a.choices.password_hash, "");
	ck_assert_str_eq(a.choices.hostname, "host1");
}
END_TEST

/* C03 */
START_TEST(an_interface_is_what_it_says_or_refused)
{
	static const struct { const char *attributes, *what; } bad[] = {
		{ "name=\"eth0\"", "no proto" },
		{ "name=\"eth0\" proto=\"Static\"", "proto=\"Static\"" },
		{ "name=\"eth0\" proto=\"dhcp\" vlan=\"0\"", "1 to 4094" },
		{ "name=\"eth0\" proto=\"dhcp\" vlan=\"4095\"",
		    "1 to 4094" },
		{ "name=\"eth0\" proto=\"dhcp\" vlan=\"\"", "1 to 4094" },
		{ "name=\"eth0\" proto=\"dhcp\" vlan=\"18446744073709551716"
		    "\"", "1 to 4094" },
		{ "proto=\"none\" protov6=\"static\"", "protov6=" },
		{ "proto=\"dhcp\" protov6=\"autoconf\"", "protov6=" },
		{ "proto=\"none\"", "proto=\"none\"" },
		{ "proto=\"dhcp\" hwaddr=\"eth0\"", "hwaddr=\"eth0\"" },
		{ "proto=\"dhcp\" name=\"eth0\" "
		    "hwaddr=\"52:54:00:00:00:01\"", "name and hwaddr" },
		{ "proto=\"dhcp\" mtu=\"9000\"", "mtu of" },
	};
	char xml[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(xml, sizeof(xml), "<admin-interface %s/>",
		    bad[i].attributes);
		refused_by_name(xml, bad[i].what);
	}
	ck_assert(parse_in("<admin-interface proto=\"dhcp\" protov6=\"none\" "
	    "hwaddr=\"52:54:00:00:00:0A\"/>"));
	ck_assert_str_eq(a.choices.network.interface, "52:54:00:00:00:0A");
	ck_assert_int_eq(a.choices.network.vlan, 0);
	ck_assert(parse_in("<admin-interface proto=\"dhcp\" vlan=\"4094\"/>"));
	ck_assert_int_eq(a.choices.network.vlan, 4094);
}
END_TEST

START_TEST(the_parts_of_an_interface_are_known_and_there_once)
{
	static const struct { const char *proto, *parts, *what; } bad[] = {
		{ "dhcp", "<ip>192.0.2.1</ip>", "<ip> needs" },
		{ "dhcp", "<gateway>192.0.2.1</gateway>", "<gateway> needs" },
		{ "static", "<ipv6>2001:db8::1/64</ipv6>", "<ipv6>" },
		{ "static", "<gatewayv6>fe80::1</gatewayv6>", "<gatewayv6>" },
		{ "static", "<mtu>9000</mtu>", "<mtu> is not known" },
		{ "static", "<ip>192.0.2.1</ip><ipaddr>192.0.2.2</ipaddr>",
		    "<ipaddr> is given twice" },
		{ "static", "192.0.2.1", "a text" },
		{ "static", "<ip type=\"v4\">192.0.2.1</ip>",
		    "<ip> has attributes" },
	};
	char xml[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(xml, sizeof(xml), "<admin-interface proto=\"%s\">%s"
		    "</admin-interface>", bad[i].proto, bad[i].parts);
		refused_by_name(xml, bad[i].what);
	}
}
END_TEST

/* C04 */
START_TEST(what_counts_once_is_not_taken_twice)
{
	refused_by_name("<admin-interface proto=\"dhcp\"/>"
	    "<admin-interface proto=\"dhcp\"/>", "given twice");
	refused_by_name("<hostname>a</hostname><hostname>b</hostname>",
	    "given twice");
	refused_by_name("<root-password type=\"hash\">!!</root-password>"
	    "<root-password type=\"hash\">!!</root-password>",
	    "given twice");
	refused_by_name("<ntp source=\"dhcp\"/><ntp source=\"dhcp\"/>",
	    "given twice");
}
END_TEST

START_TEST(a_disk_to_install_to_is_named_once)
{
	ck_assert(parse_in("<primary-disk>S3Z9</primary-disk>"));
	ck_assert_str_eq(a.choices.disk, "S3Z9");
	ck_assert(!a.choices.wipe);
	ck_assert(parse_in("<primary-disk wipe=\"yes\">sda</primary-disk>"));
	ck_assert(a.choices.wipe);
	ck_assert(parse_in(""));
	ck_assert_str_eq(a.choices.disk, "");
	refused_by_name("<primary-disk>sda</primary-disk>"
	    "<primary-disk>sdb</primary-disk>", "given twice");
	refused_by_name("<primary-disk wipe=\"1\">sda</primary-disk>", "wipe");
	refused_by_name("<primary-disk swraid=\"yes\">sda</primary-disk>",
	    "swraid");
	refused_by_name("<primary-disk></primary-disk>", "empty");
}
END_TEST

#define DIGEST "sha256:00112233445566778899aabbccddeeff" \
	"00112233445566778899AABBCCDDEEFF"
#define DISK "<primary-disk>S3Z9</primary-disk>"
#define URL_SCRIPT(more, where) "<script stage=\"installation-start\" " \
	"type=\"url\"" more ">" where "</script>"

START_TEST(scripts_have_a_stage_and_a_place)
{
	ck_assert(parse_in(DISK
	    URL_SCRIPT(, " http://192.0.2.1:8000/a?b=c\n")
	    URL_SCRIPT(" cert=\"" DIGEST "\" digest=\"" DIGEST "\"",
		"https://host.example/x")
	    "<script stage=\"filesystem-populated\" type=\"local\">"
	    "file:///b.sh</script>"
	    "<script stage=\"installation-complete\" type=\"local\">c"
	    "</script>"));
	ck_assert_int_eq(a.n_scripts, 4);
	ck_assert_int_eq(a.scripts[0].stage, STAGE_START);
	ck_assert_str_eq(a.scripts[0].from.url, "http://192.0.2.1:8000/a?b=c");
	ck_assert_str_eq(a.scripts[0].from.cert, "");
	ck_assert_str_eq(a.scripts[1].from.cert, DIGEST);
	ck_assert_str_eq(a.scripts[1].from.digest, DIGEST);
	ck_assert_int_eq(a.scripts[2].stage, STAGE_POPULATED);
	ck_assert(a.scripts[2].local && !a.scripts[1].local);
	ck_assert_str_eq(a.scripts[2].from.url, "b.sh");
	ck_assert_int_eq(a.scripts[3].stage, STAGE_COMPLETE);
}
END_TEST

START_TEST(scripts_that_cannot_run_are_refused)
{
	static const char one[] = URL_SCRIPT(, "http://a/");
	char inner[SCRIPTS_MAX * sizeof(one) + 100] = DISK;

	refused_by_name(DISK "<script type=\"url\">http://a/</script>",
	    "stage=\"\"");
	refused_by_name(DISK "<script stage=\"installation-starts\" "
	    "type=\"url\">http://a/</script>", "installation-starts");
	refused_by_name(DISK "<script stage=\"installation-start\" "
	    "type=\"nfs\">a:/b</script>", "nfs");
	refused_by_name(DISK "<script stage=\"installation-start\">a"
	    "</script>", "type=\"\"");
	refused_by_name(DISK URL_SCRIPT(, "ftp://a/"), "no URL");
	refused_by_name(DISK URL_SCRIPT(, "http:///a"), "no host");
	refused_by_name(DISK URL_SCRIPT(, "http://user@a/"), "a user");
	refused_by_name(DISK URL_SCRIPT(, "http://a/b c"), "no URL");
	refused_by_name(DISK URL_SCRIPT(, "https://a/"), "needs cert");
	refused_by_name(DISK URL_SCRIPT(" cert=\"sha256:12\"", "https://a/"),
	    "cert of");
	refused_by_name(DISK URL_SCRIPT(" digest=\"x\"", "http://a/"),
	    "digest of");
	refused_by_name(DISK URL_SCRIPT(, ""), "empty");
	refused_by_name(DISK "<script stage=\"installation-start\" "
	    "type=\"local\">../a</script>", "no name of a file");
	refused_by_name(DISK "<script stage=\"installation-start\" "
	    "type=\"local\">.a</script>", "no name of a file");
	refused_by_name(URL_SCRIPT(, "http://a/"), "without");
	for (int i = 0; i < SCRIPTS_MAX; i++)
		strcat_to(inner, sizeof(inner), one);
	ck_assert(parse_in(inner));
	strcat_to(inner, sizeof(inner), one);
	refused_by_name(inner, "more than 8");
}
END_TEST

START_TEST(a_failure_is_told_where_the_file_says)
{
	ck_assert(parse_in("<report>http://a:1/b</report>"));
	ck_assert_str_eq(a.report.url, "http://a:1/b");
	ck_assert(parse_in("<report cert=\"" DIGEST "\">https://a/b"
	    "</report>"));
	ck_assert_str_eq(a.report.cert, DIGEST);
	refused_by_name("<report>https://a/b</report>", "needs cert");
	refused_by_name("<report>a</report>", "no URL");
	refused_by_name("<report>http://a/</report><report>http://b/</report>",
	    "twice");
}
END_TEST

START_TEST(nothing_is_passed_over)
{
	static const char *const later[] = {
		"guest-disks", "guest-disk", "source",
		"driver-source", "post-install-script",
		"install-failed-script", "bootloader", "fcoe-interface",
		"ui-confirmation-prompt", "existing-installation",
		"backup-disk", "no-such-thing",
	};
	char xml[128], name[64];

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		snprintf(xml, sizeof(xml), "<%s type=\"url\">x</%s>",
		    later[i], later[i]);
		snprintf(name, sizeof(name), "<%s> is", later[i]);
		refused_by_name(xml, name);
	}
	refused_by_name("<root-password type=\"encrypted\">$6$a$b"
	    "</root-password>", "type=\"encrypted\"");
	refused_by_name("<root-password>swordfish</root-password>", "type=\"\"");
	refused_by_name("<hostname lang=\"en\">a</hostname>", "lang of");
	refused_by_name("<hostname><b/></hostname>", "other elements");
	refused_by_name("<x:hostname xmlns:x=\"urn:x\">a</x:hostname>",
	    "is not known");
	refused_by_name("<keymap>../de</keymap>", "'../de'");
	refused_by_name("<keymap>de</keymap><keymap>us</keymap>",
	    "given twice");
	refused_by_name("<timezone>Europe; Berlin</timezone>",
	    "'Europe; Berlin'");
	refused_by_name("<product brand=\"\"/>", "brand=\"\"");
	refused_by_name("<product version=\"8.4\"/>", "version=\"8.4\"");
	refused_by_name("<product version=\"8.4.0\" build=\"1\"/>",
	    "build of");
	refused_by_name("<product brand=\"A\"/><product brand=\"B\"/>",
	    "given twice");
	refused_by_name("<network-backend>vswitch</network-backend>",
	    "'vswitch'");
	refused_by_name("<ntp source=\"none\"/>", "source=\"none\"");
	refused_by_name("<ntp/>", "source=\"\"");
	refused("hostname=a", "a text");
	ck_assert(parse_in("<keymap>us</keymap>\n"
	    "<timezone>America/Port-au-Prince</timezone><network-backend>bridge</network-backend>"
	    "<ntp source=\"manual\"/><ntp-server>a.example</ntp-server>"));
	ck_assert_str_eq(a.choices.timezone, "America/Port-au-Prince");
	ck_assert_int_eq(a.timezone_line, 2);
	ck_assert(parse_in("<product brand=\"XenServer\" version=\"8.4.0\"/>"));
	ck_assert_str_eq(a.choices.product_brand, "XenServer");
	ck_assert_str_eq(a.choices.product_version, "8.4.0");
	ck_assert_str_eq(a.choices.platform_version, "");
	refused("<ntp source=\"manual\"/>", "without");
	refused("<ntp source=\"dhcp\"/><ntp-server>a</ntp-server>",
	    "source=\"dhcp\"");
}
END_TEST

START_TEST(only_a_fresh_start_is_known)
{
	ck_assert(parse("<installation mode=\"fresh\"/>"));
	ck_assert(!parse("<installation mode=\"upgrade\"/>"));
	ck_assert_msg(strstr(why, "upgrade") != NULL, "%s", why);
	ck_assert(!parse("<installation sr-type=\"ext\"/>"));
	ck_assert_msg(strstr(why, "sr-type") != NULL, "%s", why);
	ck_assert(!parse("<installation colour=\"red\"/>"));
	ck_assert_msg(strstr(why, "colour") != NULL, "%s", why);
	ck_assert(!parse("<restore/>"));
	ck_assert_msg(strstr(why, "<restore>") != NULL, "%s", why);
	ck_assert(!parse("<installation>\n\n<hostname>\n</installation>"));
	ck_assert_int_eq(a.line, 4);
}
END_TEST

START_TEST(a_reinstallation_has_a_serial)
{
	ck_assert(parse("<installation mode=\"reinstall\" serial=\"7\">"
	    "<primary-disk>S1</primary-disk></installation>"));
	ck_assert_str_eq(a.choices.reinstall, "7");
	ck_assert(!parse("<installation\nmode=\"reinstall\"/>"));
	ck_assert_msg(strstr(why, "serial") != NULL, "%s", why);
	ck_assert_int_eq(a.line, 2);
	ck_assert(!parse("<installation mode=\"reinstall\" serial=\"7\"/>"));
	ck_assert_msg(strstr(why, "primary-disk") != NULL, "%s", why);
	ck_assert(!parse("<installation serial=\"7\"/>"));
	ck_assert_msg(strstr(why, "reinstall") != NULL, "%s", why);
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
	    only_plain_xml_is_read,
	    a_password_to_be_asked_for_later_leaves_the_rest,
	    an_interface_is_what_it_says_or_refused,
	    the_parts_of_an_interface_are_known_and_there_once,
	    what_counts_once_is_not_taken_twice,
	    a_disk_to_install_to_is_named_once,
	    scripts_have_a_stage_and_a_place,
	    scripts_that_cannot_run_are_refused,
	    a_failure_is_told_where_the_file_says, nothing_is_passed_over,
	    only_a_fresh_start_is_known, a_reinstallation_has_a_serial);
}
