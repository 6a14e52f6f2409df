#include "wire/disks_xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/emit.h"
#include "wire/xml_tree.h"

static const char *
attribute(struct arena *a, xmlNodePtr node, const char *name)
{
	xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)name);
	const char *copy = text ? arena_strdup(a, (const char *)text) : "";

	xmlFree(text);
	return copy;
}

static int
parse_disk(struct arena *a, xmlNodePtr node, struct disks_xml_disk *d)
{
	const char *size = attribute(a, node, "size");
	char *end;

	errno = 0;
	d->size = strtoll(size, &end, 10);
	if (!*size || *end || errno || d->size <= 0)
		return -EBADMSG;
	d->device = attribute(a, node, "device");
	d->sr = attribute(a, node, "sr");
	d->bootable = strcmp(attribute(a, node, "bootable"), "true") == 0;
	d->type = attribute(a, node, "type");
	return *d->device ? 0 : -EBADMSG;
}

static int
parse_tree(struct arena *a, xmlNodePtr root, struct disks_xml_disk **out)
{
	int n;

	if (!root || strcmp((const char *)root->name, "provision") != 0)
		return -EBADMSG;
	n = xml_tree_count(root, "disk");
	if (n > DISKS_XML_MAX_DISKS)
		return -EBADMSG;
	*out = arena_alloc(a, (size_t)n * sizeof **out);
	n = 0;
	for (xmlNodePtr p = root->children; p; p = p->next)
		if (xml_tree_is(p, "disk") && parse_disk(a, p, &(*out)[n++]))
			return -EBADMSG;
	return n;
}

int
disks_xml_parse(struct arena *a, const char *xml,
    struct disks_xml_disk **out)
{
	xmlDocPtr doc = xml_tree_read(xml, DISKS_XML_MAX_BYTES);
	int rc = doc ? parse_tree(a, xmlDocGetRootElement(doc), out) :
	    -EBADMSG;

	xmlFreeDoc(doc);
	return rc;
}

static void
add_attribute(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, " %s=\"", name);
	emit_xml_text(b, value);
	buf_addc(b, '"');
}

const char *
disks_xml_text(struct arena *a, const struct disks_xml_disk *disks, int n)
{
	struct buf b = { 0 };
	const char *text;

	buf_adds(&b, "<provision>");
	for (int i = 0; i < n; i++) {
		buf_adds(&b, "<disk");
		add_attribute(&b, "device", disks[i].device);
		buf_addf(&b, " size=\"%lld\"", (long long)disks[i].size);
		add_attribute(&b, "sr", disks[i].sr);
		add_attribute(&b, "bootable", disks[i].bootable ? "true" :
		    "false");
		add_attribute(&b, "type", disks[i].type);
		buf_adds(&b, "/>");
	}
	buf_adds(&b, "</provision>");
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}
