#include "facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "state.h"

#define RELEASE_FILE "/etc/bedplate-release"
#define INTERFACE_FILE "/run/network/interface"
#define VLAN_FILE "/run/network/vlan"
#define BRIDGE_FILE "/run/network/bridge"	/* that has the address */
#define PROBLEM_FILE "/run/network/problem"
#define STATE_FILE "/run/bedplate/state"
#define REFUSED_FILE "/run/bedplate/state-refused"
#define TRIAL_FILE "/run/bedplate/trial"
#define TRIAL_FAILED_FILE "/state/slot/failed"
#define SSH_FILE "/run/bedplate/ssh"		/* what its service does */
#define MEDIUM_SLOT "/run/medium/bedplate/slot.img"
#define API_PORT 443

/* With a word of who else may sign updates for it. */
static void
read_version(char out[static FACT_TEXT])
{
	char line[FACT_TEXT];
	FILE *f = fopen(RELEASE_FILE, "re");
	bool developer = false;

	snprintf(out, FACT_TEXT, "unknown");
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, "VERSION=", 8) == 0)
			snprintf(out, FACT_TEXT, "%.80s", line + 8);
		if (strncmp(line, "update_keys=", 12) == 0)
			developer = strstr(line, "developer") != NULL;
	}
	if (developer)
		snprintf(out + strlen(out), FACT_TEXT - strlen(out),
		    " (takes updates signed by a developer's key)");
	if (f)
		fclose(f);
}

static void
read_interface(char out[static FACT_TEXT])
{
	char nic[FACT_TEXT / 2], vlan[FACT_TEXT / 4];

	if (!state_read_line(INTERFACE_FILE, nic, sizeof nic))
		nic[0] = '\0';
	if (!state_read_line(VLAN_FILE, vlan, sizeof vlan))
		vlan[0] = '\0';
	snprintf(out, FACT_TEXT, "%s%s%s", nic, *vlan ? ", VLAN " : "", vlan);
}

/* The bridge's address: IPv4, else a global IPv6 one. */
static void
read_address(char out[static FACT_TEXT])
{
	struct ifaddrs *all, *p;
	char bridge[FACT_TEXT];

	out[0] = '\0';
	if (!state_read_line(BRIDGE_FILE, bridge, sizeof bridge) ||
	    getifaddrs(&all) == -1)
		return;
	for (p = all; p; p = p->ifa_next) {
		int family = p->ifa_addr ? p->ifa_addr->sa_family : AF_UNSPEC;
		struct sockaddr_in *v4 = (void *)p->ifa_addr;
		struct sockaddr_in6 *v6 = (void *)p->ifa_addr;

		if (strcmp(p->ifa_name, bridge) != 0)
			continue;
		if (family == AF_INET) {
			inet_ntop(AF_INET, &v4->sin_addr, out, FACT_TEXT);
			break;
		}
		if (family == AF_INET6 && !out[0] &&
		    !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
			inet_ntop(AF_INET6, &v6->sin6_addr, out, FACT_TEXT);
	}
	freeifaddrs(all);
}

/* A connection to ourselves either is refused or completes at once. */
static bool
api_answers(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(API_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	struct sockaddr_in peer;
	socklen_t len = sizeof peer;
	bool ok;

	if (fd == -1)
		return false;
	connect(fd, (struct sockaddr *)&to, sizeof to);
	ok = getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
	close(fd);
	return ok;
}

static bool
ssh_is_open(void)
{
	char word[FACT_TEXT];

	return state_read_line(SSH_FILE, word, sizeof word) &&
	    strcmp(word, "open") == 0;
}

void
facts_read(struct facts *f)
{
	memset(f, 0, sizeof *f);
	read_version(f->version);
	if (gethostname(f->hostname, sizeof f->hostname - 1) == -1)
		f->hostname[0] = '\0';
	read_interface(f->interface);
	state_read_line(PROBLEM_FILE, f->problem, sizeof f->problem);
	read_address(f->address);
	state_read_line(STATE_FINGERPRINT, f->fingerprint,
	    sizeof f->fingerprint);
	state_read_line(STATE_FILE, f->state, sizeof f->state);
	state_read_line(STATE_SETUP, f->setup, sizeof f->setup);
	if (!state_read_line(TRIAL_FILE, f->slot, sizeof f->slot))
		state_read_line(TRIAL_FAILED_FILE, f->slot, sizeof f->slot);
	f->ssh_open = ssh_is_open();
	f->state_refused = access(REFUSED_FILE, F_OK) == 0;
	f->api_answers = api_answers();
	f->password_set = state_secret_is_set();
	f->can_install = access(MEDIUM_SLOT, R_OK) == 0;
}
