/*
 * The frame of a unit test program: START_TEST functions in an array, run
 * each in a process of its own.
 *
 *     int
 *     main(void)
 *     {
 *             return UNIT_RUN("arena", alloc_is_zeroed, large_pieces_work);
 *     }
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIT_TIMEOUT_S 120

#define UNIT_RUN(name, ...) \
	unit_run(name, (const TTest *const[]){ __VA_ARGS__, NULL })

static inline int
unit_run(const char *name, const TTest *const tests[])
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, UNIT_TIMEOUT_S);
	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Says what this machine cannot run, for run.sh; no failure. */
static inline int
unit_skip(const char *what, const char *why)
{
	printf("SKIP %s: %s\n", what, why);
	return EXIT_SUCCESS;
}

#endif
