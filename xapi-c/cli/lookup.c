#include "cli/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "cli/call.h"
#include "cli/device.h"
#include "cli/host.h"
#include "cli/network.h"
#include "cli/other.h"
#include "cli/select.h"
#include "cli/storage.h"
#include "cli/vm.h"
#include "gen/errors.h"
#include "gen/types.h"

static const struct cli_table *const tables[] = {
	&cli_vm_commands, &cli_device_commands, &cli_storage_commands,
	&cli_network_commands, &cli_host_commands, &cli_other_commands,
};
#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

const struct cli_command *
cli_lookup(const char *name)
{
	for (size_t i = 0; i < N_TABLES; i++)
		for (int j = 0; j < tables[i]->n; j++)
			if (strcmp(tables[i]->v[j].name, name) == 0)
				return &tables[i]->v[j];
	return NULL;
}

void
cli_lookup_each(void (*fn)(const char *name, void *arg), void *arg)
{
	for (size_t i = 0; i < N_TABLES; i++)
		for (int j = 0; j < tables[i]->n; j++)
			fn(tables[i]->v[j].name, arg);
}

static int
run_one(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	const char *method = cmd->method;
	struct answer a;

	if (cmd->run)
		return cmd->run(k, cmd, subject);
	if (cmd->forced && cli_arg_is_set(k->args, "force"))
		method = cmd->forced;
	if (cli_call_words(k, method, cmd->words, subject, &a))
		return -1;
	cli_show_answer(k, &a);
	return 0;
}

/* Of many, each is told of, and none keeps the others from their turn. */
static int
run_each(struct cli *k, const struct cli_command *cmd, const struct vec *set)
{
	const struct ref *refs = set->v;
	int bad = 0;

	for (uint32_t i = 0; i < set->n && !k->gone; i++) {
		if (!run_one(k, cmd, &refs[i]))
			continue;
		bad++;
		cli_send(k, THIN_STDERR, arena_printf(k->c->arena,
		    "operation failed on %s: %s\n",
		    call_ref_text(k->c, &refs[i]), k->failure ? k->failure :
		    k->c->err.code ? k->c->err.code : ""), NULL);
		k->failure = NULL;
		k->c->err = (struct error){ 0 };
	}
	return bad ? cli_fail(k, "%d of %u operations failed", bad,
	    (unsigned)set->n) : 0;
}

static const struct {
	enum cli_subject subject;
	int class_id;
	struct cli_pair only[2];
	int n;
	const char *what;
} choices[] = {
	{ CLI_VMS, CLASS_VM, { { "is-a-template", "false" },
	    { "is-control-domain", "false" } }, 2, "VMs" },
	{ CLI_ANY_VM, CLASS_VM, { { "is-control-domain", "false" } }, 1,
	    "VMs" },
	{ CLI_TEMPLATES, CLASS_VM, { { "is-a-template", "true" },
	    { "is-a-snapshot", "false" } }, 2, "templates" },
	{ CLI_SNAPSHOTS, CLASS_VM, { { "is-a-snapshot", "true" } }, 1,
	    "snapshots" },
	{ CLI_HOSTS, CLASS_HOST, {}, 0, "hosts" },
};

int
cli_lookup_run(struct cli *k, const struct cli_command *cmd)
{
	size_t i = 0;
	struct vec set;

	if (cmd->subject == CLI_NOTHING)
		return run_one(k, cmd, NULL);
	while (choices[i].subject != cmd->subject)
		i++;
	if (cli_select(k, choices[i].class_id, cmd->words, choices[i].only,
	    choices[i].n, &set))
		return -1;
	if (set.n == 0)
		return cli_fail(k, "No matching %s found", choices[i].what);
	if (set.n == 1)
		return run_one(k, cmd, set.v);
	if (!cli_arg_is_set(k->args, "multiple"))
		return cli_fail(k, "Multiple matches: %u %s found.  Use "
		    "--multiple to work on all of them", (unsigned)set.n,
		    choices[i].what);
	return run_each(k, cmd, &set);
}
