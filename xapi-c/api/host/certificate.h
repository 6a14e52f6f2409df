/*
 * The record of the certificate that this host shows, of type host.  What is
 * shown is a file of net/tls.h; the record follows it.
 */
#ifndef API_HOST_CERTIFICATE_H
#define API_HOST_CERTIFICATE_H

#include "api/call.h"

/* Another certificate is another object.  Changes nothing that is right already;
 * -1 with c->err set. */
int certificate_record(struct call *c);

#endif
