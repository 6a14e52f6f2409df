#include "answers.h"

#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>

#include "state.h"

static bool
is_element(xmlNodePtr n, const char *name)
{
	return n->type == XML_ELEMENT_NODE &&
	    strcmp((const char *)n->name, name) == 0;
}

/* The element's text without blanks around it; false if it is too long. */
static bool
text_of(xmlNodePtr n, char *buf, size_t size)
{
	xmlChar *raw = xmlNodeGetContent(n);
	const char *s = raw ? (const char *)raw : "";
	size_t len;
	bool ok;

	s += strspn(s, " \t\r\n");
	len = strlen(s);
	while (len > 0 && strchr(" \t\r\n", s[len - 1]))
		len--;
	ok = len < size;
	if (ok)
		snprintf(buf, size, "%.*s", (int)len, s);
	xmlFree(raw);
	return ok;
}

/* "" if there is none; false if it is too long. */
static bool
attribute(xmlNodePtr n, const char *name, char *buf, size_t size)
{
	xmlChar *raw = xmlGetNoNsProp(n, (const xmlChar *)name);
	int len = snprintf(buf, size, "%s", raw ? (const char *)raw : "");

	xmlFree(raw);
	return (size_t)len < size;
}

/* Several servers, one element each, become one line. */
static bool
append_text(xmlNodePtr n, char *list, size_t size)
{
	char one[NETCONF_TEXT];
	size_t len = strlen(list);

	if (!text_of(n, one, sizeof one))
		return false;
	return (size_t)snprintf(list + len, size - len, "%s%s",
	    len ? " " : "", one) < size - len;
}

static bool
parse_password(xmlNodePtr n, struct answers *a)
{
	char type[NETCONF_TEXT];

	if (!attribute(n, "type", type, sizeof type))
		return false;
	a->password_is_hash = strcmp(type, "hash") == 0;
	return text_of(n, a->password, sizeof a->password);
}

static bool
parse_interface(xmlNodePtr n, struct answers *a, const char **why)
{
	char proto[NETCONF_TEXT], ip[NETCONF_TEXT] = "";
	char mask[NETCONF_TEXT] = "";
	struct netconf *net = &a->network;
	bool ok = attribute(n, "name", net->interface, sizeof net->interface) &&
	    attribute(n, "proto", proto, sizeof proto);

	if (!ok)
		return false;
	a->has_network = true;
	net->dhcp = strcmp(proto, "static") != 0;
	for (xmlNodePtr p = n->children; p && ok; p = p->next) {
		if (is_element(p, "ip") || is_element(p, "ipaddr"))
			ok = text_of(p, ip, sizeof ip);
		else if (is_element(p, "subnet-mask") ||
		    is_element(p, "subnet") || is_element(p, "netmask"))
			ok = text_of(p, mask, sizeof mask);
		else if (is_element(p, "gateway"))
			ok = text_of(p, net->gateway, sizeof net->gateway);
	}
	if (!ok || (!net->dhcp && !netconf_set_address(net, ip, mask))) {
		*why = "admin-interface: ip and subnet-mask are no address";
		return false;
	}
	return true;
}

static bool
parse_child(xmlNodePtr p, struct answers *a, const char **why)
{
	*why = "a text is too long";
	if (is_element(p, "root-password"))
		return parse_password(p, a);
	if (is_element(p, "hostname"))
		return text_of(p, a->hostname, sizeof a->hostname);
	if (is_element(p, "admin-interface"))
		return parse_interface(p, a, why);
	if (is_element(p, "name-server") || is_element(p, "nameserver"))
		return append_text(p, a->network.dns, sizeof a->network.dns);
	if (is_element(p, "ntp-server"))
		return append_text(p, a->network.ntp, sizeof a->network.ntp);
	return true;
}

static bool
check(const struct answers *a, const char **why)
{
	size_t len = strlen(a->password);

	if (a->password_is_hash && strncmp(a->password, "$6$", 3) != 0)
		*why = "root-password: the hash is no sha512crypt ($6$) hash";
	else if (len > 0 && !a->password_is_hash && len < PASSWORD_MIN)
		*why = "root-password: shorter than 6 characters";
	else if (*a->hostname && !hostname_is_valid(a->hostname))
		*why = "hostname: not a host name";
	else if (a->has_network && netconf_problem(&a->network))
		*why = netconf_problem(&a->network);
	else
		return true;
	return false;
}

static bool
parse_tree(xmlNodePtr root, struct answers *a, const char **why)
{
	if (!root || (!is_element(root, "installation") &&
	    !is_element(root, "answerfile"))) {
		*why = "the root element is not <installation>";
		return false;
	}
	for (xmlNodePtr p = root->children; p; p = p->next)
		if (!parse_child(p, a, why))
			return false;
	if (!a->has_network && (*a->network.dns || *a->network.ntp)) {
		a->has_network = true;
		a->network.dhcp = true;
	}
	return check(a, why);
}

bool
answers_parse(const char *xml, size_t len, struct answers *out,
    const char **why)
{
	xmlDocPtr doc;
	bool ok = false;

	memset(out, 0, sizeof *out);
	if (len > ANSWERS_MAX_BYTES) {
		*why = "larger than 256 KiB";
		return false;
	}
	*why = "not well-formed XML";
	doc = xmlReadMemory(xml, (int)len, NULL, NULL, XML_PARSE_NONET |
	    XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (doc && xmlGetIntSubset(doc))
		*why = "has a DTD, which is not allowed";
	else if (doc)
		ok = parse_tree(xmlDocGetRootElement(doc), out, why);
	xmlFreeDoc(doc);
	return ok;
}
