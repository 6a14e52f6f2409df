#include "install/plan.h"

#include <stdarg.h>
#include <string.h>

#define TOLD 10			/* per cent at a time */
#define GIB ((double)((uint64_t)1 << 30))

int
install_fail(struct install *in, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(in->why, sizeof in->why, fmt, ap);
	va_end(ap);
	return -1;
}

void
install_progress(void *arg, double done)
{
	struct install *in = arg;
	int now = (int)((in->done + in->share * done) * 100) / TOLD * TOLD;

	if (now <= in->told)
		return;
	in->told = now;
	fprintf(in->log, "%3d %%\n", now);
	fflush(in->log);
}

void
plan_print(const struct install *in, FILE *out)
{
	fprintf(out, "disk %s: %s %s, %.1f GiB, holds %s\n", in->disk.path,
	    in->disk.model, in->disk.serial, (double)in->disk.size / GIB,
	    *in->disk.holds ? in->disk.holds : "nothing");
	for (int i = 0; i < install_n_steps; i++)
		fprintf(out, "%d. %s: %s\n", i + 1, install_steps[i].name,
		    install_steps[i].text);
	for (int i = 0; i < PART_N; i++)
		fprintf(out, "partition %d: %s, %.2f GiB\n", i + 1,
		    in->layout.parts[i].name,
		    (double)in->layout.parts[i].size / GIB);
}

static unsigned
all_weights(void)
{
	unsigned sum = 0;

	for (int i = 0; i < install_n_steps; i++)
		sum += install_steps[i].weight;
	return sum;
}

int
plan_run(struct install *in)
{
	char why[sizeof in->why];

	in->done = 0;
	for (int i = 0; i < install_n_steps; i++) {
		const struct step *s = &install_steps[i];

		in->share = (double)s->weight / all_weights();
		in->told = (int)(in->done * 100);
		fprintf(in->log, "%3d %% %s\n", in->told, s->text);
		fflush(in->log);
		if (s->run(in)) {
			memcpy(why, in->why, sizeof why);
			return install_fail(in, "%s: %.200s", s->name, why);
		}
		in->done += in->share;
	}
	return 0;
}
