/*
 * What surrounds a result: XML-RPC's Status/Value struct, JSON-RPC 1.0's or
 * 2.0's object.  Failures travel in the same place with HTTP status 200.
 */
#ifndef RPC_ENVELOPE_H
#define RPC_ENVELOPE_H

#include "api/call.h"
#include "rpc/answer.h"
#include "rpc/reply.h"

enum rpc_format { RPC_XML, RPC_JSON };

struct envelope {
	enum rpc_format format;
	bool v2;			/* JSON-RPC 2.0 */
	bool bare;			/* XML: without the Status struct */
	char *id;			/* JSON text, on the heap */
};

void envelope_release(struct envelope *e);

/* A result is what is put into r->text between these two. */
void envelope_open(const struct envelope *e, struct reply *r);
void envelope_close(const struct envelope *e, struct reply *r);
void envelope_failure(const struct envelope *e, struct reply *r,
    const struct error *err);
/* open, the answer, close. */
void envelope_answer(const struct envelope *e, struct reply *r,
    const struct answer *a);

#endif
