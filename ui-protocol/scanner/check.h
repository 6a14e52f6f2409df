/*
 * What holds across the files of the interface definition: resolves every name
 * of the model, sorts classes by their tags, and complains about what does not
 * hold.  Once, after all is parsed.
 */
#ifndef SCANNER_CHECK_H
#define SCANNER_CHECK_H

#include "model.h"

void model_check(struct model *m);

#endif
