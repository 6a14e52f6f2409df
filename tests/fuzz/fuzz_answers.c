/* Answer files, from any medium or server that a fresh host is given. */
#include <string.h>

#include "fuzz.h"
#include "base/hostname.h"
#include "base/secret.h"
#include "installer/answers.h"
#include "installer/netconf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *why = NULL;
	struct answers a;
	size_t n;

	if (!answers_parse((const char *)data, len, &a, &why)) {
		assert(why && *why);
		return 0;
	}
	assert(!*a.hostname || !hostname_problem(a.hostname));
	n = strnlen(a.password, sizeof(a.password));
	assert(n < sizeof(a.password));
	assert(n == 0 || (a.password_is_hash ? secret_is_hash(a.password) :
	    !password_problem(a.password)));
	/* a shell script reads it line by line */
	assert(!a.has_network || !netconf_problem(&a.network));
	assert(!strpbrk(a.network.interface, "\n'\"$`\\ /"));
	assert(!strpbrk(a.network.ntp, "\n'\"$`\\"));
	return 0;
}
