/* Folders of a test's making in a control group's place: what was written. */
#ifndef UNIT_GROUP_FILES_H
#define UNIT_GROUP_FILES_H

#include <stdio.h>

#include "scratch.h"
#include "unit.h"

static void
expect(const char *name, const char *text)
{
	char line[64] = "";
	FILE *f = fopen(scratch_file(name), "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_str_eq(line, text);
	fclose(f);
}

#endif
