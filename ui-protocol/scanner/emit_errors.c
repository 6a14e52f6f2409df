#include <string.h>

#include "emit.h"

/* The parameters' C names; two of one name get a number. */
static struct list
param_names(const struct error_def *e)
{
	struct list names = { 0 };

	for (int i = 0; i < e->params.n; i++) {
		char *name = identifier(lower(e->params.v[i]));

		for (int j = 0; j < names.n; j++)
			if (!strcmp(name, names.v[j]))
				name = fmt("%s%d", name, i + 1);
		if (!strcmp(name, "c"))
			name = fmt("c_");
		list_add(&names, name);
	}
	return names;
}

static void
emit_error(FILE *f, const struct error_def *e)
{
	struct list names = param_names(e);

	emit_comment(f, "", e->doc);
	fprintf(f, "static inline int\nerr_%s(struct call *c", lower(e->name));
	for (int i = 0; i < names.n; i++)
		fprintf(f, ",%sconst char *%s", i % 3 ? " " : "\n    ",
		    (char *)names.v[i]);
	fputs(")\n{\n", f);
	if (!names.n) {
		fprintf(f, "\treturn call_error(c, \"%s\", NULL, 0);\n}\n\n",
		    e->name);
		return;
	}
	fprintf(f, "\treturn call_error(c, \"%s\",\n\t    (const char *const[])"
	    "{ ", e->name);
	for (int i = 0; i < names.n; i++)
		fprintf(f, "%s%s", i ? ", " : "", (char *)names.v[i]);
	fprintf(f, " }, %d);\n}\n\n", names.n);
}

void
emit_errors_h(FILE *f, const struct model *m)
{
	emit_banner(f, "ui-protocol/xenapi/errors.xml",
	    "Each sets the call's error and returns -1.");
	fputs("#ifndef GEN_ERRORS_H\n#define GEN_ERRORS_H\n\n"
	    "#include \"api/call.h\"\n\n", f);
	for (int i = 0; i < m->errors.n; i++)
		emit_error(f, m->errors.v[i]);
	fputs("#endif\n", f);
}
