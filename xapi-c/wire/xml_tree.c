#include "wire/xml_tree.h"

#include <string.h>

#include <libxml/parser.h>

xmlDocPtr
xml_tree_read(const char *text, size_t max)
{
	size_t len = strlen(text);
	xmlDocPtr doc;

	if (len > max)
		return NULL;
	doc = xmlReadMemory(text, (int)len, NULL, NULL, XML_PARSE_NONET |
	    XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (doc && xmlGetIntSubset(doc)) {
		xmlFreeDoc(doc);
		return NULL;
	}
	return doc;
}

bool
xml_tree_is(xmlNodePtr node, const char *name)
{
	return node->type == XML_ELEMENT_NODE &&
	    strcmp((const char *)node->name, name) == 0;
}

int
xml_tree_count(xmlNodePtr parent, const char *name)
{
	int n = 0;

	for (xmlNodePtr p = parent->children; p; p = p->next)
		n += xml_tree_is(p, name);
	return n;
}
