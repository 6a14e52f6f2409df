#include "api/storage/library.h"

#include <string.h>

bool
sr_is_library(const struct sr *sr)
{
	return strcmp(sr->type, "iso") == 0;
}
