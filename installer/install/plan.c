#include "install/plan.h"

#include <string.h>
#include <time.h>

#define GIB ((double)((uint64_t)1 << 30))
#define GUESS 0.05		/* so much must be done to tell what is left */

static const char *const part_names[] = { "an empty disk", "partitions",
	"a system", "a state volume", "room for an SR", "boot files",
	"boot code", "a whole installation" };
#define PART_NAMES (sizeof part_names / sizeof part_names[0])

/* -- progress -- */

static double
now_mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
tell(struct install *in, double done, bool begins)
{
	double spent = now_mono() - in->began_mono;
	struct progress p = {
		.text = in->step->text, .begins = begins,
		.percent = (int)(done * 100), .left_s = -1,
	};

	if (done >= GUESS)
		p.left_s = (int)(spent / done * (1 - done) + 0.5);
	if (begins || p.percent > in->told)
		in->tell(in->arg, &p);
	in->told = p.percent;
}

void
install_progress(void *arg, double done)
{
	struct install *in = arg;

	tell(in, in->done + in->share * done, false);
}

/* -- the plan -- */

static bool
is_done(const struct install *in, const struct step *s)
{
	return !in->over || !s->not_over;
}

bool
plan_init(struct install *in, const struct disk *d, bool over,
    const char **why)
{
	in->disk = *d;
	in->over = over;
	if (!over)
		return layout_plan(d->path, d->size, &in->layout, why);
	in->layout = d->layout;
	return true;
}

bool
plan_is_whole(const struct install *in)
{
	unsigned have = in->over ? PARTITIONS | SR : 0;

	for (int i = 0; i < install_n_steps; i++) {
		const struct step *s = &install_steps[i];

		if (!is_done(in, s))
			continue;
		if ((have & s->needs) != s->needs)
			return false;
		have |= s->gives;
	}
	return have & WHOLE;
}

static void
print_parts(FILE *out, const char *what, unsigned parts)
{
	const char *comma = "";

	if (!parts)
		return;
	fprintf(out, "   %s ", what);
	for (size_t i = 0; i < PART_NAMES; i++)
		if (parts & 1u << i) {
			fprintf(out, "%s%s", comma, part_names[i]);
			comma = ", ";
		}
	fputc('\n', out);
}

static void
print_steps(const struct install *in, FILE *out)
{
	int n = 0;

	for (int i = 0; i < install_n_steps; i++) {
		const struct step *s = &install_steps[i];

		if (!is_done(in, s))
			continue;
		fprintf(out, "%d. %s: %s\n", ++n, s->name, s->text);
		print_parts(out, "needs", s->needs);
		print_parts(out, "gives", s->gives);
		fprintf(out, "   if it fails: %s\n", s->remains);
	}
}

void
plan_print(const struct install *in, FILE *out)
{
	fprintf(out, "disk %s: %s %s, %.1f GiB, holds %s\n", in->disk.path,
	    in->disk.model, in->disk.serial, (double)in->disk.size / GIB,
	    *in->disk.holds.text ? in->disk.holds.text : "nothing");
	if (in->over)
		fprintf(out, "its host is installed anew, %s is kept\n",
		    in->layout.parts[PART_SR].path);
	print_steps(in, out);
	for (int i = 0; i < in->scripts.n; i++)
		fprintf(out, "script of %s: %s\n",
		    script_stage_name(in->scripts.v[i].stage),
		    in->scripts.v[i].path);
	for (int i = 0; i < PART_N; i++)
		fprintf(out, "partition %d: %s, %.2f GiB\n", i + 1,
		    in->layout.parts[i].name,
		    (double)in->layout.parts[i].size / GIB);
}

static unsigned
all_weights(const struct install *in)
{
	unsigned sum = 0;

	for (int i = 0; i < install_n_steps; i++)
		if (is_done(in, &install_steps[i]))
			sum += install_steps[i].weight;
	return sum;
}

static int
run_step(struct install *in, const struct step *s)
{
	char why[sizeof in->why];

	in->step = s;
	in->share = (double)s->weight / all_weights(in);
	tell(in, in->done, true);
	if (s->run(in)) {
		memcpy(why, in->why, sizeof why);
		in->remains = s->remains;
		return install_fail(in, "%s: %.200s", s->name, why);
	}
	in->done += in->share;
	return 0;
}

static int
run_scripts(struct install *in, enum script_stage stage, const char *arg,
    const char *remains)
{
	char why[SCRIPT_WHY];

	if (scripts_run(&in->scripts, stage, arg, why) == 0)
		return 0;
	in->remains = remains;
	return install_fail(in, "%s", why);
}

static int
run_steps(struct install *in)
{
	for (int i = 0; i < install_n_steps; i++)
		if (is_done(in, &install_steps[i]) &&
		    run_step(in, &install_steps[i]))
			return -1;
	return 0;
}

/* Those of the end hear of a failure, and what they say of it changes nothing:
 * why it failed stays what is told. */
static int
give_up(struct install *in)
{
	char why[SCRIPT_WHY];

	if (scripts_run(&in->scripts, STAGE_COMPLETE, "1", why))
		fprintf(stderr, "%s\n", why);
	return -1;
}

int
plan_run(struct install *in)
{
	in->done = 0;
	in->began_mono = now_mono();
	if (run_scripts(in, STAGE_START, NULL,
	    "nothing was written, the disk is as it was") || run_steps(in))
		return give_up(in);
	return run_scripts(in, STAGE_COMPLETE, "0",
	    "the disk starts the new system");
}
