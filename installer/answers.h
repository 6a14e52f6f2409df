/*
 * The answer file (XML, a superset of XenServer's), as far as a host that runs
 * from its medium needs it:
 *
 *     <installation>
 *       <root-password type="hash">$6$...</root-password>
 *       <hostname>host1</hostname>
 *       <admin-interface name="eth0" vlan="100" proto="static">
 *         <ip>192.0.2.10</ip> <subnet-mask>255.255.255.0</subnet-mask>
 *         <gateway>192.0.2.1</gateway>
 *       </admin-interface>
 *       <name-server>192.0.2.1</name-server>
 *       <ntp-server>ntp.example.org</ntp-server>
 *       <keymap>de</keymap> <timezone>Europe/Berlin</timezone>
 *     </installation>
 *
 * <product brand="XenServer" version="8.4.0" platform-version="3.4.0"/> is what the
 * host calls itself to clients, see base/product.h.
 *
 * type="plaintext" is accepted for the password, and the hash "!!": none yet.
 * Every element and attribute of XenServer's files is either honoured or
 * refused by name and line; none is passed over, since what it asks for would
 * not be there.  <primary-disk wipe="yes">NAME</primary-disk> installs the
 * host to that disk, with mode="reinstall" serial="TEXT" of <installation> over
 * the host that is there.  Then its scripts run (script.h), of a URL or, of a
 * file on a volume, beside it:
 *
 *       <script stage="filesystem-populated" type="url" cert="sha256:HEX"
 *           digest="sha256:HEX">https://192.0.2.1/a.sh</script>
 *       <script stage="installation-complete" type="local">b.sh</script>
 *
 * <report cert="sha256:HEX">URL</report> says where a failure is to be told.
 * What else XenServer's files say of an installation is refused until it is
 * there.  A file is taken as a whole or not at all.
 */
#ifndef INSTALLER_ANSWERS_H
#define INSTALLER_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "choices.h"
#include "script.h"

#define ANSWERS_MAX_BYTES (256 * 1024)
#define ANSWERS_WHY 512
#define ANSWERS_URL 512
#define ANSWERS_DIGEST 80		/* "sha256:HEX" */

/* What lies on a server. */
struct answers_url {
	char url[ANSWERS_URL];		/* "": none */
	char cert[ANSWERS_DIGEST];	/* of an https server; "": none */
	char digest[ANSWERS_DIGEST];	/* of the file; "": any */
};

struct answers_script {
	enum script_stage stage;
	bool local;			/* from.url is a name, no path */
	struct answers_url from;
	int line;
};

struct answers {
	struct choices choices;
	bool has_password;		/* or said that there is none yet */
	struct answers_script scripts[SCRIPTS_MAX];	/* in their order */
	int n_scripts;
	struct answers_url report;
	char ntp_source[NETCONF_TEXT];	/* "": not said */
	/* whether there is such a zone or keyboard is the caller's to ask */
	int timezone_line, keymap_line;
	int line;			/* of what is wrong; 0: of all */
	char why[ANSWERS_WHY];
};

/* False with *why (out->why), for a person, and out->line if the text is no
 * good answer file. */
bool answers_parse(const char *xml, size_t len, struct answers *out,
    const char **why);

#endif
