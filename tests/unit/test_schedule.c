/* When schedules of snapshots are due. */
#include <stdint.h>

#include "api/vm/schedule_due.h"
#include "base/arena.h"
#include "unit.h"

#define HOUR 3600
#define DAY (24 * HOUR)
/* Sunday, 29 November 2026, 0:00 */
#define SUNDAY (20786ll * DAY)

static int64_t
due(int frequency, const char *min, const char *hour, const char *days,
    int64_t now)
{
	struct string_pair pairs[] = { { "days", days }, { "hour", hour },
		{ "min", min } };
	struct vmss s = { .frequency = frequency, .schedule = { pairs, 3 } };

	return schedule_due(&s, now);
}

START_TEST(an_hour_has_one_time)
{
	const int64_t noon = SUNDAY + 12 * HOUR;

	ck_assert_int_eq(due(VMSS_FREQUENCY_HOURLY, "15", "0", "", noon),
	    noon - 45 * 60);
	ck_assert_int_eq(due(VMSS_FREQUENCY_HOURLY, "15", "0", "",
	    noon + 15 * 60), noon + 15 * 60);
	ck_assert_int_eq(due(VMSS_FREQUENCY_HOURLY, "0", "0", "", noon), noon);
}
END_TEST

START_TEST(a_day_has_one_time)
{
	const int64_t noon = SUNDAY + 12 * HOUR;

	ck_assert_int_eq(due(VMSS_FREQUENCY_DAILY, "30", "22", "", noon),
	    SUNDAY - DAY + 22 * HOUR + 30 * 60);
	ck_assert_int_eq(due(VMSS_FREQUENCY_DAILY, "0", "12", "", noon), noon);
	ck_assert_int_eq(due(VMSS_FREQUENCY_DAILY, "0", "12", "", noon - 1),
	    noon - DAY);
}
END_TEST

START_TEST(a_week_has_the_days_that_it_names)
{
	const int64_t noon = SUNDAY + 12 * HOUR;
	const int week = VMSS_FREQUENCY_WEEKLY;

	ck_assert_int_eq(due(week, "0", "0", "Sunday", noon), SUNDAY);
	ck_assert_int_eq(due(week, "0", "0", "Saturday", noon), SUNDAY - DAY);
	ck_assert_int_eq(due(week, "0", "0", "Monday", noon),
	    SUNDAY - 6 * DAY);
	ck_assert_int_eq(due(week, "0", "0", "Monday,Thursday", noon),
	    SUNDAY - 3 * DAY);
	/* later today: a week ago */
	ck_assert_int_eq(due(week, "45", "12", "Sunday", noon),
	    SUNDAY - 7 * DAY + 12 * HOUR + 45 * 60);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("schedule", an_hour_has_one_time, a_day_has_one_time,
	    a_week_has_the_days_that_it_names);
}
