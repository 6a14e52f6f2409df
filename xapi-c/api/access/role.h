/*
 * Who may do what.  A permission is a text, and every message that takes a
 * session has one: the lower-case class.message.  Some keys of maps have one of
 * their own, which counts instead of the message's (class.add_to_field/key:k,
 * where k may end in * for a prefix); so have HTTP handlers (http/action), and
 * task.destroy/any stands for tasks of others.
 *
 * Role objects are the roles of XenAPI and a pseudo-role per permission.  They
 * are made from the tables of build/gen/methods.h at start, never change and
 * have references derived from their names, so that they are the same on every
 * host.  What is local-root-only is in no role.
 */
#ifndef API_ACCESS_ROLE_H
#define API_ACCESS_ROLE_H

#include "api/call.h"
#include "gen/methods.h"

#define ROLE_ANY_TASK "task.destroy/any"

/* HTTP handlers that want a session. */
enum http_action {
	HTTP_ACTION_CONNECT_CONSOLE, HTTP_ACTION_CONNECT_CONSOLE_WS,
	HTTP_ACTION_GET_VNCSNAPSHOT,
	HTTP_ACTION_GET_EXPORT_RAW_VDI, HTTP_ACTION_PUT_IMPORT_RAW_VDI,
	HTTP_ACTION_RRD_UPDATES, HTTP_ACTION_HOST_RRD, HTTP_ACTION_VM_RRD,
	HTTP_ACTION_SR_RRD, HTTP_ACTION_GET_HOST_RRDS, HTTP_ACTION_GET_VM_RRDS,
	HTTP_ACTION_GET_METRICS,
	HTTP_ACTION_PUT_UPDATE,
	HTTP_ACTION_PUT_PACK,
	HTTP_ACTION_GET_HOST_BACKUP, HTTP_ACTION_PUT_HOST_RESTORE,
	HTTP_ACTION_GET_AUDIT_LOG,
	HTTP_ACTION_GET_SYSTEM_STATUS, HTTP_ACTION_GET_HOST_LOGS_DOWNLOAD,
	HTTP_ACTION_GET_BLOB, HTTP_ACTION_PUT_BLOB,
	HTTP_ACTION_GET_POOL_XML_DB_SYNC, HTTP_ACTION_PUT_POOL_XML_DB_SYNC,
	HTTP_ACTION_N
};
/* "get_export_raw_vdi" */
const char *role_http_name(enum http_action action);

/* Texts in the arena, or constant. */
const char *role_permission(struct arena *a, const char *method);
/* The same for a message that changes that key of a map. */
const char *role_key_permission(struct arena *a, const struct method *m,
    const char *key);
const char *role_http_permission(struct arena *a, enum http_action action);

/*
 * A field takes another value (before: NULL for a new object's).  If it is a
 * map, a key with a permission of its own that comes, goes or changes wants it.
 * -1 with RBAC_PERMISSION_DENIED.  In a write or out of it.
 */
int role_check_map(struct call *c, int class_id, int field,
    const void *before, const void *after);

/* 0 or db_write's failure. */
int role_load(struct xapi *x);

#endif
