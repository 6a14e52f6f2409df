#include "base/hostname.h"

#include <arpa/inet.h>
#include <string.h>

const char *
hostname_problem(const char *name)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	const char *label = name;
	size_t n;

	if (!*name)
		return "it is empty";
	if (strlen(name) > HOSTNAME_LENGTH_MAX)
		return "it is too long";
	for (;; label += n + 1) {
		n = strspn(label, set);
		if (label[n] && label[n] != '.')
			return "it has other characters than letters, "
			    "digits, '-' and '.'";
		if (n == 0)
			return "it has an empty part at a '.'";
		if (label[0] == '-' || label[n - 1] == '-')
			return "a part begins or ends with '-'";
		if (!label[n])
			return NULL;
	}
}

const char *
server_name_problem(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET6, name, address) == 1 ? NULL :
	    hostname_problem(name);
}
