/*
 * How a plugin or an extension is asked, and what its answer means: XML-RPC both ways, with the
 * envelope of XenAPI around the answer.
 */
#ifndef API_HOST_PLUGIN_CALL_H
#define API_HOST_PLUGIN_CALL_H

#include "api/call.h"
#include "gen/xenops.h"
#include "wire/value.h"

#define PLUGIN_CALL_MAX 98304		/* bytes that one is given */

/* The call of an extension. */
const char *extension_call_text(struct arena *a, const struct request *call);
/* What it answered with, as JSON; -1 with the error that it answered with, or
 * EXTENSION_PROTOCOL_FAILURE. */
int extension_call_result(struct call *c,
    const struct xenops_plugin_run_result *run, const char **result);

/* The call of fn with a session that is none, and args. */
const char *plugin_call_text(struct arena *a, const char *fn,
    struct vec args);
/* The string it answered with; -1 with the error that it answered with, or
 * XENAPI_PLUGIN_FAILURE. */
int plugin_call_result(struct call *c,
    const struct xenops_plugin_run_result *run, const char **result);

#endif
