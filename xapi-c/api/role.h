/*
 * Role objects: the five roles of XenAPI and a pseudo-role per permission
 * (lower-case class.message).  They are made from the table of messages at
 * start, never change and have references derived from their names, so that
 * they are the same on every host.
 */
#ifndef API_ROLE_H
#define API_ROLE_H

#include "api/xapi.h"

/* 0 or db_write's failure. */
int role_load(struct xapi *x);

#endif
