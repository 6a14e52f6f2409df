/* The disks of a template, which any client may write into other_config. */
#include <string.h>

#include "fuzz.h"
#include "wire/disks_xml.h"
#include "wire/xmlrpc.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	xmlrpc_init();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *a = arena_new();
	char *text = arena_strndup(a, (const char *)data, len);
	struct disks_xml_disk *d, *again;
	int i, n = disks_xml_parse(a, text, &d);

	assert(n <= DISKS_XML_MAX_DISKS);
	for (i = 0; i < n; i++) {
		assert(d[i].size > 0 && *d[i].device);
		assert(strlen(d[i].sr) + strlen(d[i].type) < len);
	}
	if (n > 0 && (text = (char *)disks_xml_text(a, d, n)) &&
	    strlen(text) <= DISKS_XML_MAX_BYTES) {
		assert(disks_xml_parse(a, text, &again) == n);
		for (i = 0; i < n; i++)
			assert(again[i].size == d[i].size);
	}
	arena_free(a);
	return 0;
}
