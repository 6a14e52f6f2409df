/*
 * What the console screen shows about the host, read afresh each time.
 */
#ifndef INSTALLER_FACTS_H
#define INSTALLER_FACTS_H

#include <stdbool.h>

#define FACT_TEXT 128

struct facts {
	char version[FACT_TEXT];
	char hostname[FACT_TEXT];
	char interface[FACT_TEXT];	/* NIC of the management network */
	char problem[FACT_TEXT];	/* what is wrong with that; "": nothing */
	char address[FACT_TEXT];	/* "": none yet */
	char fingerprint[FACT_TEXT];	/* "": no certificate yet */
	char state[FACT_TEXT];		/* where what is set up is kept */
	char setup[FACT_TEXT];		/* how far an answer file is; "" */
	char slot[FACT_TEXT];		/* of a trial, or that one failed; "" */
	bool state_refused;		/* its volume cannot be used */
	bool api_answers;		/* port 443 accepts connections */
	bool ssh_open;
	bool password_set;
	bool can_install;		/* started from a medium */
};

/* Never blocks. */
void facts_read(struct facts *f);

#endif
