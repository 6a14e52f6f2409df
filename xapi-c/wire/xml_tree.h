/*
 * XML that clients put into maps, as libxml2's tree.  A text with a DTD is none:
 * so there are no entities, and nothing outside of the text is read.
 */
#ifndef WIRE_XML_TREE_H
#define WIRE_XML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include <libxml/tree.h>

/* The caller frees it by xmlFreeDoc; NULL: longer than max bytes, or no XML. */
xmlDocPtr xml_tree_read(const char *text, size_t max);
bool xml_tree_is(xmlNodePtr node, const char *name);
/* How many children of that name there are. */
int xml_tree_count(xmlNodePtr parent, const char *name);

#endif
