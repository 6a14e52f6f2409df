/* Answer files, from any medium or server that a fresh host is given. */
#include <string.h>

#include "fuzz.h"
#include "installer/answers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *why = NULL;
	struct answers a;

	if (!answers_parse((const char *)data, len, &a, &why)) {
		assert(why && *why);
		return 0;
	}
	/* a shell script reads what becomes of it line by line */
	assert(!choices_problem(&a.choices));
	assert(!strpbrk(a.choices.network.interface, "\n'\"$`\\ /"));
	assert(!strpbrk(a.choices.keymap, "\n'\"$`\\ /"));
	assert(!strpbrk(a.choices.network.ntp, "\n'\"$`\\"));
	assert(a.choices.network.vlan >= 0 && a.choices.network.vlan <= NETCONF_VLAN_MAX);
	for (int i = 0; i < a.n_scripts; i++)
		assert(*a.scripts[i].from.url && (!a.scripts[i].local ||
		    !strchr(a.scripts[i].from.url, '/')));
	assert(!strpbrk(a.report.url, " \n"));
	return 0;
}
