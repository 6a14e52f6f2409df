/*
 * XML to model.  Complains (file:line) about anything the schema would not
 * allow: unknown elements and attributes, missing ones, missing prose.  The
 * line is the one where the start tag ends.
 */
#ifndef SCANNER_PARSE_H
#define SCANNER_PARSE_H

#include "model.h"

/* One file: root element class, errors, roles or protocol. */
void parse_file(struct model *m, const char *path);

#endif
