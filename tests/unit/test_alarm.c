/* Levels that somebody wants to be told of. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/metrics/alarm.h"
#include "mutate.h"
#include "unit.h"
#include "wire/perfmon_xml.h"

static struct perfmon_variable *v;

static int
parse(struct arena *a, const char *variable)
{
	return perfmon_xml_parse(a, arena_printf(a,
	    "<config><variable>%s</variable></config>", variable), &v);
}

#define NAME "<name value='cpu_usage'/>"
#define LEVEL "<alarm_trigger_level value='0.5'/>"

START_TEST(a_variable_is_read_with_what_it_leaves_out)
{
	struct arena *a = arena_new();

	ck_assert_int_eq(parse(a, NAME LEVEL), 1);
	ck_assert_str_eq(v->name, "cpu_usage");
	ck_assert(fabs(v->level - 0.5) < 1e-9);
	ck_assert_int_eq(v->period_s, 60);
	ck_assert_int_eq(v->inhibit_s, 3600);
	ck_assert_int_eq(v->priority, 3);
	ck_assert(!v->low);
	ck_assert_str_eq(v->text, "<variable>\n\t<name value=\"cpu_usage\"/>\n"
	    "\t<alarm_trigger_level value=\"0.5\"/>\n</variable>\n");
	ck_assert_int_eq(parse(a, "<name value='memory_free_kib'/>" LEVEL), 1);
	ck_assert(v->low);
	ck_assert_int_eq(perfmon_xml_parse(a, "<config/>", &v), 0);
	arena_free(a);
}
END_TEST

START_TEST(what_is_no_variable_is_refused)
{
	static const char *const bad[] = {
		"", NAME, LEVEL, NAME "<alarm_trigger_level value='x'/>",
		NAME "<alarm_trigger_level value='nan'/>",
		NAME LEVEL "<alarm_trigger_period value='-1'/>",
		NAME LEVEL "<alarm_trigger_period value='1e99'/>",
		NAME LEVEL "<alarm_auto_inhibit_period value=''/>",
		NAME LEVEL "<alarm_priority value='6'/>",
		NAME LEVEL "<alarm_trigger_sense value='both'/>",
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse(a, bad[i]) == -EBADMSG, "%s", bad[i]);
	ck_assert_int_eq(perfmon_xml_parse(a, "", &v), -EBADMSG);
	ck_assert_int_eq(perfmon_xml_parse(a, "<config>", &v), -EBADMSG);
	ck_assert_int_eq(perfmon_xml_parse(a, "<other/>", &v), -EBADMSG);
	ck_assert_int_eq(perfmon_xml_parse(a, "<!DOCTYPE config [<!ENTITY a "
	    "'b'>]><config/>", &v), -EBADMSG);
	arena_free(a);
}
END_TEST

/* n variables, and spaces up to len bytes. */
static int
parse_many(struct arena *a, int n, size_t len)
{
	static const char one[] = "<variable>" NAME LEVEL "</variable>";
	char *text = arena_alloc(a, len + 1);
	size_t at = strlen("<config>");

	memset(text, ' ', len);
	memcpy(text, "<config>", at);
	for (int i = 0; i < n; i++, at += strlen(one))
		memcpy(text + at, one, strlen(one));
	memcpy(text + len - 9, "</config>", 9);
	return perfmon_xml_parse(a, text, &v);
}

START_TEST(limits_are_where_they_are_said_to_be)
{
	struct arena *a = arena_new();
	const int n = PERFMON_XML_MAX_VARIABLES;

	ck_assert_int_eq(parse_many(a, n, PERFMON_XML_MAX_BYTES), n);
	ck_assert_int_eq(parse_many(a, n + 1, PERFMON_XML_MAX_BYTES), -EBADMSG);
	ck_assert_int_eq(parse_many(a, n, PERFMON_XML_MAX_BYTES + 1), -EBADMSG);
	arena_free(a);
}
END_TEST

START_TEST(whatever_is_written_is_read_or_refused)
{
	static const char good[] = "<config><variable>" NAME LEVEL
	    "<alarm_trigger_period value='60'/><alarm_priority value='2'/>"
	    "<alarm_trigger_sense value='low'/></variable><variable>"
	    "<name value='a&amp;b'/>" LEVEL "</variable></config>";
	int read = 0;

	for (int round = 0; round < 5000; round++) {
		struct arena *a = arena_new();
		size_t len;
		char *odd = mutate(good, sizeof(good) - 1, &len);
		int n = perfmon_xml_parse(a, arena_strndup(a, odd, len), &v);

		ck_assert_int_le(n, PERFMON_XML_MAX_VARIABLES);
		for (int i = 0; i < n; i++) {
			ck_assert(isfinite(v[i].level) && v[i].name);
			ck_assert(v[i].priority >= 1 && v[i].priority <= 5);
			ck_assert(v[i].period_s >= 0 &&
			    v[i].period_s <= PERFMON_XML_MAX_S);
			ck_assert_ptr_nonnull(v[i].text);
		}
		read += n > 0;
		free(odd);
		arena_free(a);
	}
	ck_assert_int_gt(read, 500);	/* those that nothing was done to */
}
END_TEST

static struct image_source sources[] = {
	{ .name = "cpu0", .value = 0.2f }, { .name = "cpu11", .value = 0.4f },
	{ .name = "cpu_usage", .value = 9 }, { .name = "cpu2", .value = NAN },
	{ .name = "vif_0_rx", .value = 10 }, { .name = "vif_1_tx", .value = 5 },
	{ .name = "vif_0_rx_errors", .value = 100 },
	{ .name = "vbd_xvda_read", .value = 1 },
	{ .name = "vbd_xvdb_write", .value = 2 },
	{ .name = "vbd_xvda_iops_read", .value = 100 },
};

static double
value(const char *name)
{
	const struct image now = { .v = sources,
		.n = sizeof(sources) / sizeof(sources[0]) };

	return alarm_value(METRICS_VM, name, &now);
}

START_TEST(names_of_old_are_sums_and_averages)
{
	ck_assert(fabs(value("cpu_usage") - 0.3) < 1e-6);
	ck_assert(fabs(value("network_usage") - 15) < 1e-6);
	ck_assert(fabs(value("disk_usage") - 3) < 1e-6);
	ck_assert(fabs(value("vbd_xvda_iops_read") - 100) < 1e-6);
	ck_assert(isnan(value("cpu2")));
	ck_assert(isnan(value("sr_io_throughput_total_per_host")));
}
END_TEST

START_TEST(it_tells_after_the_period_and_then_is_silent)
{
	const struct perfmon_variable high = { .level = 1, .period_s = 15,
		.inhibit_s = 60 };
	struct alarm al = { 0 };
	int told = 0;

	ck_assert(!alarm_step(&al, &high, 2, 5));
	ck_assert(!alarm_step(&al, &high, 2, 5));
	ck_assert(!alarm_step(&al, &high, 1, 5));	/* begins anew */
	ck_assert(!alarm_step(&al, &high, 2, 5));
	ck_assert(!alarm_step(&al, &high, NAN, 5));	/* so it does */
	for (int s = 5; s <= 135; s += 5)
		told += alarm_step(&al, &high, 2, 5);
	ck_assert_int_eq(told, 3);			/* at 15, 75, 135 */
}
END_TEST

START_TEST(low_is_below)
{
	const struct perfmon_variable low = { .level = 1, .low = true };
	struct alarm al = { 0 };

	ck_assert(!alarm_step(&al, &low, 1, 5));
	ck_assert(!alarm_step(&al, &low, NAN, 5));
	ck_assert(alarm_step(&al, &low, 0.5, 5));
}
END_TEST

int
main(void)
{
	return UNIT_RUN("alarm", a_variable_is_read_with_what_it_leaves_out,
	    what_is_no_variable_is_refused,
	    whatever_is_written_is_read_or_refused,
	    limits_are_where_they_are_said_to_be,
	    names_of_old_are_sums_and_averages,
	    it_tells_after_the_period_and_then_is_silent, low_is_below);
}
