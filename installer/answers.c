#include "answers.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "base/hostname.h"
#include "base/secret.h"
#include "disk/mark.h"
#include "state.h"

#define BLANKS " \t\r\n"

/* False, with what is wrong, and where. */
static bool __attribute__((format(printf, 3, 4)))
bad(struct answers *a, xmlNodePtr n, const char *fmt, ...)
{
	va_list ap;

	a->line = n ? (int)xmlGetLineNo(n) : 0;
	va_start(ap, fmt);
	vsnprintf(a->why, sizeof a->why, fmt, ap);
	va_end(ap);
	return false;
}

static const char *
name_of(xmlNodePtr n)
{
	return (const char *)n->name;
}

static bool
is_blank(const xmlChar *s)
{
	return !s || ((const char *)s)[strspn((const char *)s, BLANKS)] == '\0';
}

/* -- texts -- */

/* The element's text without blanks around it. */
static bool
text_of(struct answers *a, xmlNodePtr n, char *buf, size_t size)
{
	xmlChar *raw;
	const char *s;
	size_t len;
	bool ok;

	if (xmlFirstElementChild(n))
		return bad(a, n, "<%s> holds other elements", name_of(n));
	raw = xmlNodeGetContent(n);
	s = raw ? (const char *)raw : "";
	s += strspn(s, BLANKS);
	len = strlen(s);
	while (len > 0 && strchr(BLANKS, s[len - 1]))
		len--;
	ok = len < size;
	if (ok)
		snprintf(buf, size, "%.*s", (int)len, s);
	xmlFree(raw);
	return ok || bad(a, n, "<%s> is too long", name_of(n));
}

/* The same of what may be there once, by whichever of its names. */
static bool
text_once(struct answers *a, xmlNodePtr n, char *buf, size_t size)
{
	if (*buf)
		return bad(a, n, "<%s> is given twice", name_of(n));
	return text_of(a, n, buf, size) && (*buf ||
	    bad(a, n, "<%s> is empty", name_of(n)));
}

/* "" if there is none. */
static bool
attribute(struct answers *a, xmlNodePtr n, const char *name, char *buf,
    size_t size)
{
	xmlChar *raw = xmlGetNoNsProp(n, (const xmlChar *)name);
	int len = snprintf(buf, size, "%s", raw ? (const char *)raw : "");

	xmlFree(raw);
	return (size_t)len < size || bad(a, n, "%s of <%s> is too long", name,
	    name_of(n));
}

static bool
has_attribute(xmlNodePtr n, const char *name)
{
	return xmlHasProp(n, (const xmlChar *)name) != NULL;
}

/* Several servers, one element each, become one line. */
static bool
append_text(struct answers *a, xmlNodePtr n, char *list, size_t size)
{
	char one[NETCONF_TEXT] = "";
	size_t len = strlen(list);

	if (!text_once(a, n, one, sizeof one))
		return false;
	return (size_t)snprintf(list + len, size - len, "%s%s",
	    len ? " " : "", one) < size - len ||
	    bad(a, n, "<%s>: too many", name_of(n));
}

/* -- the management interface -- */

static bool
is_mac(const char *s)
{
	for (int i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !isxdigit((unsigned char)s[i]))
			return false;
	return s[17] == '\0';
}

static bool
parse_which(struct answers *a, xmlNodePtr n)
{
	struct netconf *net = &a->choices.network;

	if (has_attribute(n, "name") && has_attribute(n, "hwaddr"))
		return bad(a, n, "<admin-interface> has name and hwaddr");
	if (!has_attribute(n, "hwaddr"))
		return attribute(a, n, "name", net->interface,
		    sizeof net->interface);
	return attribute(a, n, "hwaddr", net->interface,
	    sizeof net->interface) && (is_mac(net->interface) ||
	    bad(a, n, "hwaddr=\"%s\" is no MAC address", net->interface));
}

static bool
parse_vlan(struct answers *a, xmlNodePtr n)
{
	char text[NETCONF_TEXT];

	if (!attribute(a, n, "vlan", text, sizeof text))
		return false;
	return !has_attribute(n, "vlan") ||
	    netconf_set_vlan(&a->choices.network, text) ||
	    bad(a, n, "vlan=\"%s\" is not from 1 to 4094", text);
}

static bool
parse_proto(struct answers *a, xmlNodePtr n)
{
	char four[NETCONF_TEXT], six[NETCONF_TEXT];

	if (!attribute(a, n, "proto", four, sizeof four) ||
	    !attribute(a, n, "protov6", six, sizeof six))
		return false;
	if (!*four)
		return bad(a, n, "<admin-interface> has no proto");
	if (has_attribute(n, "protov6") && strcmp(six, "none") != 0)
		return bad(a, n, "protov6=\"%s\": IPv6 of the management "
		    "interface is not supported yet", six);
	if (strcmp(four, "none") == 0)
		return bad(a, n, "proto=\"none\": IPv6 alone is not supported "
		    "yet");
	if (strcmp(four, "dhcp") != 0 && strcmp(four, "static") != 0)
		return bad(a, n, "proto=\"%s\" is not static or dhcp", four);
	a->choices.network.dhcp = strcmp(four, "dhcp") == 0;
	return true;
}

struct plan {
	char ip[NETCONF_TEXT], mask[NETCONF_TEXT];
};

/* What belongs to a static address. */
static bool
parse_part(struct answers *a, xmlNodePtr p, struct plan *plan)
{
	static const struct {
		const char *name;
		enum { IP, MASK, GATEWAY, LATER } what;
	} parts[] = {
		{ "ip", IP }, { "ipaddr", IP }, { "subnet", MASK },
		{ "subnet-mask", MASK }, { "netmask", MASK },
		{ "gateway", GATEWAY }, { "ipv6", LATER },
		{ "gatewayv6", LATER },
	};
	char *to[] = { plan->ip, plan->mask, a->choices.network.gateway };

	if (p->properties)
		return bad(a, p, "<%s> has attributes", name_of(p));
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strcmp(name_of(p), parts[i].name) != 0)
			continue;
		if (parts[i].what == LATER)
			return bad(a, p, "<%s>: IPv6 of the management "
			    "interface is not supported yet", name_of(p));
		if (a->choices.network.dhcp)
			return bad(a, p, "<%s> needs proto=\"static\"",
			    name_of(p));
		return text_once(a, p, to[parts[i].what], NETCONF_TEXT);
	}
	return bad(a, p, "<%s> is not known in <admin-interface>", name_of(p));
}

static bool
parse_interface(struct answers *a, xmlNodePtr n)
{
	struct plan plan = { .ip = "" };
	struct netconf *net = &a->choices.network;

	if (a->choices.has_network)
		return bad(a, n, "<admin-interface> is given twice");
	a->choices.has_network = true;
	if (!parse_which(a, n) || !parse_proto(a, n) || !parse_vlan(a, n))
		return false;
	for (xmlNodePtr p = n->children; p; p = p->next) {
		if (p->type == XML_ELEMENT_NODE && !parse_part(a, p, &plan))
			return false;
		if (p->type == XML_TEXT_NODE && !is_blank(p->content))
			return bad(a, n, "<admin-interface> holds a text");
	}
	if (!net->dhcp && !netconf_set_address(net, plan.ip, plan.mask))
		return bad(a, n, "<admin-interface>: ip and subnet-mask are "
		    "no address");
	return true;
}

/* -- the other elements -- */

/* "!!" is XenServer's word for none yet. */
static bool
take_hash(struct answers *a, xmlNodePtr n, const char *text)
{
	struct choices *c = &a->choices;

	if (secret_is_none(text))
		return true;
	if (!secret_is_hash(text))
		return bad(a, n, "<root-password>: the hash is no whole "
		    "sha512crypt ($6$) hash");
	snprintf(c->password_hash, sizeof c->password_hash, "%.*s",
	    SECRET_SIZE - 1, text);
	return true;
}

static bool
take_plain(struct answers *a, xmlNodePtr n, const char *text)
{
	const char *problem = choices_set_password(&a->choices, text);

	return !problem || bad(a, n, "<root-password>: %s", problem);
}

static bool
parse_password(struct answers *a, xmlNodePtr n)
{
	char type[NETCONF_TEXT], text[CHOICES_TEXT];
	bool ok;

	if (a->has_password)
		return bad(a, n, "<root-password> is given twice");
	a->has_password = true;
	if (!attribute(a, n, "type", type, sizeof type) ||
	    !text_of(a, n, text, sizeof text))
		return false;
	if (strcmp(type, "hash") == 0)
		ok = take_hash(a, n, text);
	else if (strcmp(type, "plaintext") == 0)
		ok = take_plain(a, n, text);
	else
		ok = bad(a, n, "<root-password>: type=\"%s\" is not "
		    "plaintext or hash", type);
	explicit_bzero(text, sizeof text);
	return ok;
}

static bool
parse_hostname(struct answers *a, xmlNodePtr n)
{
	return text_once(a, n, a->choices.hostname, sizeof a->choices.hostname) &&
	    (!hostname_problem(a->choices.hostname) ||
	    bad(a, n, "<hostname>: not a host name: %s",
		hostname_problem(a->choices.hostname)));
}

static bool
parse_name_server(struct answers *a, xmlNodePtr n)
{
	return append_text(a, n, a->choices.network.dns, sizeof a->choices.network.dns);
}

static bool
parse_ntp_server(struct answers *a, xmlNodePtr n)
{
	return append_text(a, n, a->choices.network.ntp, sizeof a->choices.network.ntp);
}

static bool
parse_ntp(struct answers *a, xmlNodePtr n)
{
	static const char *const later[] = { "default", "none" };

	if (*a->ntp_source)
		return bad(a, n, "<ntp> is given twice");
	if (!attribute(a, n, "source", a->ntp_source, sizeof a->ntp_source))
		return false;
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		if (strcmp(a->ntp_source, later[i]) == 0)
			return bad(a, n, "<ntp source=\"%s\"> is not supported "
			    "yet", later[i]);
	return strcmp(a->ntp_source, "dhcp") == 0 ||
	    strcmp(a->ntp_source, "manual") == 0 ||
	    bad(a, n, "<ntp>: source=\"%s\" is not dhcp, manual, default or "
	    "none", a->ntp_source);
}

/* An element of which one value is what this host has anyhow. */
static bool
only(struct answers *a, xmlNodePtr n, const char *const *values)
{
	char text[NETCONF_TEXT] = "";

	if (!text_once(a, n, text, sizeof text))
		return false;
	for (const char *const *v = values; *v; v++)
		if (strcmp(text, *v) == 0)
			return true;
	return bad(a, n, "<%s>: '%s' is not supported yet, only '%s'",
	    name_of(n), text, values[0]);
}

static bool
parse_keymap(struct answers *a, xmlNodePtr n)
{
	char *name = a->choices.keymap;

	if (!text_once(a, n, name, sizeof a->choices.keymap))
		return false;
	a->keymap_line = (int)xmlGetLineNo(n);
	return keymap_is_plain(name) || bad(a, n, "<keymap>: '%s' is no name "
	    "of one", name);
}

static bool
parse_timezone(struct answers *a, xmlNodePtr n)
{
	char *zone = a->choices.timezone;

	if (!text_once(a, n, zone, sizeof a->choices.timezone))
		return false;
	a->timezone_line = (int)xmlGetLineNo(n);
	return timezone_is_plain(zone) || bad(a, n, "<timezone>: '%s' is no "
	    "name of one", zone);
}

static bool
take_product(struct answers *a, xmlNodePtr n, const char *attr,
    const char *key, char out[static PRODUCT_TEXT_MAX + 1])
{
	if (!attribute(a, n, attr, out, PRODUCT_TEXT_MAX + 1))
		return false;
	return !has_attribute(n, attr) || !product_problem(key, out) ||
	    bad(a, n, "<product>: %s=\"%s\" is %s", attr, out,
		product_problem(key, out));
}

static bool
parse_product(struct answers *a, xmlNodePtr n)
{
	struct choices *c = &a->choices;

	if (*c->product_brand || *c->product_version || *c->platform_version)
		return bad(a, n, "<product> is given twice");
	return take_product(a, n, "brand", "product_brand",
	    c->product_brand) &&
	    take_product(a, n, "version", "product_version",
	    c->product_version) &&
	    take_product(a, n, "platform-version", "platform_version",
	    c->platform_version);
}

static bool
parse_backend(struct answers *a, xmlNodePtr n)
{
	return only(a, n, (const char *const[]){ "bridge", NULL });
}

static bool
parse_primary_disk(struct answers *a, xmlNodePtr n)
{
	char wipe[NETCONF_TEXT];

	if (!attribute(a, n, "wipe", wipe, sizeof wipe))
		return false;
	a->choices.wipe = strcmp(wipe, "yes") == 0;
	if (has_attribute(n, "wipe") && !a->choices.wipe && strcmp(wipe, "no") != 0)
		return bad(a, n, "<primary-disk>: wipe=\"%s\" is not yes or "
		    "no", wipe);
	return text_once(a, n, a->choices.disk, sizeof a->choices.disk);
}

/* -- scripts, and who hears of a failure -- */

static bool
digest_of(struct answers *a, xmlNodePtr n, const char *name,
    char out[static ANSWERS_DIGEST])
{
	const char *hex = out + strlen("sha256:");

	if (!attribute(a, n, name, out, ANSWERS_DIGEST))
		return false;
	if (!has_attribute(n, name))
		return true;
	return (strncmp(out, "sha256:", strlen("sha256:")) == 0 &&
	    strlen(hex) == 64 && strspn(hex, "0123456789abcdefABCDEF") == 64) ||
	    bad(a, n, "%s of <%s> is not sha256:HEX", name, name_of(n));
}

/* What bedplate-fetch can use: a server is known by its certificate. */
static bool
parse_url(struct answers *a, xmlNodePtr n, struct answers_url *u)
{
	bool secure = strncmp(u->url, "https://", 8) == 0;
	const char *host = u->url + (secure ? 8 : 7);

	if (!secure && strncmp(u->url, "http://", 7) != 0)
		return bad(a, n, "<%s>: '%s' is no URL of http or https",
		    name_of(n), u->url);
	for (const char *p = u->url; *p; p++)
		if (*p <= ' ' || *p > '~')
			return bad(a, n, "<%s> is no URL", name_of(n));
	if (strcspn(host, "/@") == 0 || host[strcspn(host, "/@")] == '@')
		return bad(a, n, "<%s>: no host in the URL, or a user",
		    name_of(n));
	if (!digest_of(a, n, "cert", u->cert))
		return false;
	return !secure || *u->cert || bad(a, n, "<%s>: https needs "
	    "cert=\"sha256:HEX\", of the server's certificate", name_of(n));
}

/* Beside the answer file, and nowhere else. */
static bool
parse_name(struct answers *a, xmlNodePtr n, char *name)
{
	static const char file[] = "file:///";

	if (strncmp(name, file, strlen(file)) == 0)
		memmove(name, name + strlen(file),
		    strlen(name + strlen(file)) + 1);
	if (has_attribute(n, "cert") || has_attribute(n, "digest"))
		return bad(a, n, "<script>: cert and digest are for "
		    "type=\"url\"");
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			return bad(a, n, "<script>: '%s' is no name of a file "
			    "beside this one", name);
	return (*name && *name != '.') || bad(a, n, "<script>: no name of a "
	    "file");
}

static bool
parse_stage(struct answers *a, xmlNodePtr n, struct answers_script *s)
{
	char stage[NETCONF_TEXT], type[NETCONF_TEXT];

	if (!attribute(a, n, "stage", stage, sizeof stage) ||
	    !attribute(a, n, "type", type, sizeof type))
		return false;
	s->stage = script_stage(stage, strlen(stage));
	if (s->stage == STAGE_N)
		return bad(a, n, "<script>: stage=\"%s\" is not "
		    "installation-start, filesystem-populated or "
		    "installation-complete", stage);
	s->local = strcmp(type, "local") == 0;
	if (strcmp(type, "nfs") == 0)
		return bad(a, n, "<script>: type=\"nfs\" is not supported "
		    "yet");
	return s->local || strcmp(type, "url") == 0 ||
	    bad(a, n, "<script>: type=\"%s\" is not url or local", type);
}

static bool
parse_script(struct answers *a, xmlNodePtr n)
{
	struct answers_script *s = &a->scripts[a->n_scripts];

	if (a->n_scripts == SCRIPTS_MAX)
		return bad(a, n, "more than %d of <script>", SCRIPTS_MAX);
	s->line = (int)xmlGetLineNo(n);
	if (!parse_stage(a, n, s) ||
	    !text_once(a, n, s->from.url, sizeof s->from.url))
		return false;
	a->n_scripts++;
	return s->local ? parse_name(a, n, s->from.url) :
	    parse_url(a, n, &s->from) &&
	    digest_of(a, n, "digest", s->from.digest);
}

static bool
parse_report(struct answers *a, xmlNodePtr n)
{
	return text_once(a, n, a->report.url, sizeof a->report.url) &&
	    parse_url(a, n, &a->report);
}

static bool
parse_installing(struct answers *a, xmlNodePtr n)
{
	return bad(a, n, "<%s> is not supported yet", name_of(n));
}

#define ATTRIBUTES_MAX 6

/* XenServer's elements, all of them, ours, and the attributes that are looked at. */
static const struct element {
	const char *name;
	bool (*parse)(struct answers *a, xmlNodePtr n);
	const char *attributes[ATTRIBUTES_MAX];
} elements[] = {
	{ "root-password", parse_password, { "type" } },
	{ "hostname", parse_hostname, { NULL } },
	{ "admin-interface", parse_interface,
		{ "name", "hwaddr", "proto", "protov6", "vlan" } },
	{ "name-server", parse_name_server, { NULL } },
	{ "nameserver", parse_name_server, { NULL } },
	{ "ntp-server", parse_ntp_server, { NULL } },
	{ "ntp-servers", parse_ntp_server, { NULL } },
	{ "ntp", parse_ntp, { "source" } },
	{ "keymap", parse_keymap, { NULL } },
	{ "timezone", parse_timezone, { NULL } },
	{ "product", parse_product, { "brand", "version", "platform-version" } },
	{ "network-backend", parse_backend, { NULL } },
	{ "primary-disk", parse_primary_disk, { "wipe" } },
	{ "guest-disks", parse_installing, { NULL } },
	{ "guest-disk", parse_installing, { NULL } },
	{ "source", parse_installing, { NULL } },
	{ "driver-source", parse_installing, { NULL } },
	{ "script", parse_script, { "stage", "type", "cert", "digest" } },
	{ "report", parse_report, { "cert" } },
	{ "post-install-script", parse_installing, { NULL } },
	{ "install-failed-script", parse_installing, { NULL } },
	{ "bootloader", parse_installing, { NULL } },
	{ "fcoe-interface", parse_installing, { NULL } },
	{ "ui-confirmation-prompt", parse_installing, { NULL } },
	{ "existing-installation", parse_installing, { NULL } },
	{ "backup-disk", parse_installing, { NULL } },
};

static bool
check_attributes(struct answers *a, xmlNodePtr n,
    const char *const known[static ATTRIBUTES_MAX])
{
	for (xmlAttrPtr t = n->properties; t; t = t->next) {
		bool found = false;

		for (int i = 0; i < ATTRIBUTES_MAX && known[i]; i++)
			found |= strcmp((const char *)t->name, known[i]) == 0;
		if (!found || t->ns)
			return bad(a, n, "%s of <%s> is not known",
			    (const char *)t->name, name_of(n));
	}
	return true;
}

static bool
parse_child(struct answers *a, xmlNodePtr n)
{
	for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
		const struct element *e = &elements[i];

		if (n->ns || strcmp(name_of(n), e->name) != 0)
			continue;
		/* it says more than that an attribute is not known */
		if (e->parse == parse_installing)
			return e->parse(a, n);
		return check_attributes(a, n, e->attributes) && e->parse(a, n);
	}
	return bad(a, n, "<%s> is not known", name_of(n));
}

/* -- the whole -- */

static bool
parse_mode(struct answers *a, xmlNodePtr root)
{
	struct choices *c = &a->choices;
	char mode[NETCONF_TEXT], serial[MARK_SERIAL_MAX + 1];

	if (!attribute(a, root, "mode", mode, sizeof mode) ||
	    !attribute(a, root, "serial", serial, sizeof serial))
		return false;
	if (strcmp(mode, "reinstall") == 0) {
		if (!*serial || strpbrk(serial, "\r\n"))
			return bad(a, root, "mode=\"reinstall\" needs a "
			    "serial, another each time");
		snprintf(c->reinstall, sizeof c->reinstall, "%s", serial);
		return true;
	}
	if (has_attribute(root, "serial"))
		return bad(a, root, "serial is for mode=\"reinstall\"");
	return !has_attribute(root, "mode") || strcmp(mode, "fresh") == 0 ||
	    bad(a, root, "mode=\"%s\" is not supported yet, only fresh and "
	    "reinstall", mode);
}

static bool
parse_root(struct answers *a, xmlNodePtr root)
{
	static const char *const known[ATTRIBUTES_MAX] = { "mode", "serial",
		"sr-type", "srtype" };

	if (root && strcmp(name_of(root), "restore") == 0)
		return parse_installing(a, root);
	if (!root || (strcmp(name_of(root), "installation") != 0 &&
	    strcmp(name_of(root), "answerfile") != 0))
		return bad(a, root, "the root element is not <installation>");
	if (!check_attributes(a, root, known) || !parse_mode(a, root))
		return false;
	for (int i = 2; known[i]; i++)
		if (has_attribute(root, known[i]))
			return bad(a, root, "%s is not supported yet",
			    known[i]);
	return true;
}

/* What only the whole file shows. */
static bool
check(struct answers *a, xmlNodePtr root)
{
	bool manual = strcmp(a->ntp_source, "manual") == 0;
	const char *problem;

	if (*a->choices.reinstall && !*a->choices.disk)
		return bad(a, root, "mode=\"reinstall\" without "
		    "<primary-disk>");
	if (a->n_scripts && !*a->choices.disk) {
		bad(a, root, "<script> without <primary-disk>: nothing is "
		    "installed");
		a->line = a->scripts[0].line;
		return false;
	}
	if (manual && !*a->choices.network.ntp)
		return bad(a, root, "<ntp source=\"manual\"> without "
		    "<ntp-server>");
	if (!manual && *a->ntp_source && *a->choices.network.ntp)
		return bad(a, root, "<ntp-server> with <ntp source=\"%s\">",
		    a->ntp_source);
	if (!a->choices.has_network && (*a->choices.network.dns || *a->choices.network.ntp)) {
		a->choices.has_network = true;
		a->choices.network.dhcp = true;
	}
	problem = a->choices.has_network ? netconf_problem(&a->choices.network) : NULL;
	return !problem || bad(a, root, "%s", problem);
}

static bool
parse_tree(struct answers *a, xmlNodePtr root)
{
	if (!parse_root(a, root))
		return false;
	for (xmlNodePtr p = root->children; p; p = p->next) {
		if (p->type == XML_ELEMENT_NODE && !parse_child(a, p))
			return false;
		if ((p->type == XML_TEXT_NODE ||
		    p->type == XML_CDATA_SECTION_NODE) && !is_blank(p->content))
			return bad(a, p, "a text between the elements");
	}
	return check(a, root);
}

static bool
parse_document(struct answers *a, const char *xml, size_t len)
{
	xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
	const xmlError *error;
	xmlDocPtr doc;
	bool ok = false;

	if (!ctxt)
		return bad(a, NULL, "no memory");
	doc = xmlCtxtReadMemory(ctxt, xml, (int)len, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	error = xmlCtxtGetLastError(ctxt);
	if (!doc) {
		bad(a, NULL, "not well-formed XML");
		a->line = error ? error->line : 0;
	} else if (xmlGetIntSubset(doc)) {
		bad(a, NULL, "has a DTD, which is not allowed");
	} else {
		ok = parse_tree(a, xmlDocGetRootElement(doc));
	}
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(ctxt);
	return ok;
}

bool
answers_parse(const char *xml, size_t len, struct answers *out,
    const char **why)
{
	memset(out, 0, sizeof *out);
	*why = out->why;
	if (len > ANSWERS_MAX_BYTES)
		return bad(out, NULL, "larger than 256 KiB");
	return parse_document(out, xml, len);
}
