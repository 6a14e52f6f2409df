#include "http/route.h"

#include <stddef.h>
#include <string.h>

#include "http/audit.h"
#include "http/backup.h"
#include "http/blob.h"
#include "http/cli.h"
#include "http/console.h"
#include "http/database.h"
#include "http/page.h"
#include "http/raw_vdi.h"
#include "http/report.h"
#include "http/rrd.h"
#include "http/snapshot.h"
#include "http/update.h"

#define RPC(path, k) { HTTP_POST, path, ROUTE_RPC_ ## k, .page = NULL }
#define PAGE(m, path, fn) { m, path, ROUTE_PAGE, .page = fn }
#define STREAM(m, path, fn, a) { m, path, ROUTE_STREAM, .stream = fn, \
	.action = HTTP_ACTION_ ## a }

static const struct route routes[] = {
	RPC("/", XML),
	RPC("/jsonrpc", JSON),
	{ HTTP_POST, "/cli", ROUTE_CLI, .stream = http_cli_stream },
	PAGE(HTTP_POST, "/services", page_missing),
	PAGE(HTTP_POST, "/remote_db_access", page_missing),
	PAGE(HTTP_OPTIONS, "/", page_options),
	{ HTTP_GET, "/", ROUTE_SITE, .page = NULL },
	PAGE(HTTP_PUT, "/", page_forbidden),
	PAGE(HTTP_CONNECT, "/", page_forbidden),
	STREAM(HTTP_CONNECT, "/console", console_stream, CONNECT_CONSOLE),
	STREAM(HTTP_GET, "/console", console_stream, CONNECT_CONSOLE_WS),
	STREAM(HTTP_GET, "/vncsnapshot", snapshot_stream, GET_VNCSNAPSHOT),
	STREAM(HTTP_GET, "/export_raw_vdi", raw_vdi_export,
	    GET_EXPORT_RAW_VDI),
	STREAM(HTTP_PUT, "/import_raw_vdi", raw_vdi_import,
	    PUT_IMPORT_RAW_VDI),
	STREAM(HTTP_GET, "/rrd_updates", rrd_updates, RRD_UPDATES),
	STREAM(HTTP_GET, "/host_rrd", rrd_of_host, HOST_RRD),
	STREAM(HTTP_GET, "/host_rrds", rrd_of_host, GET_HOST_RRDS),
	STREAM(HTTP_GET, "/vm_rrd", rrd_of_vm, VM_RRD),
	STREAM(HTTP_GET, "/vm_rrds", rrd_of_vm, GET_VM_RRDS),
	STREAM(HTTP_GET, "/sr_rrd", rrd_of_sr, SR_RRD),
	STREAM(HTTP_GET, "/metrics", rrd_prometheus, GET_METRICS),
	STREAM(HTTP_GET, "/audit_log", audit_log, GET_AUDIT_LOG),
	STREAM(HTTP_GET, "/system-status", report_status, GET_SYSTEM_STATUS),
	STREAM(HTTP_GET, "/host_logs_download", report_logs,
	    GET_HOST_LOGS_DOWNLOAD),
	STREAM(HTTP_GET, "/pool/xmldbdump", database_dump,
	    GET_POOL_XML_DB_SYNC),
	STREAM(HTTP_PUT, "/pool/xmldbdump", database_restore,
	    PUT_POOL_XML_DB_SYNC),
	STREAM(HTTP_GET, "/blob", blob_get, GET_BLOB),
	STREAM(HTTP_PUT, "/blob", blob_put, PUT_BLOB),
	STREAM(HTTP_PUT, "/update", update_upload, PUT_UPDATE),
	STREAM(HTTP_PUT, "/pack", pack_upload, PUT_PACK),
	STREAM(HTTP_GET, "/host_backup", backup_download, GET_HOST_BACKUP),
	STREAM(HTTP_PUT, "/host_restore", restore_upload, PUT_HOST_RESTORE),
};

const struct route *
route_find(enum http_method method, const char *path)
{
	const struct route *best = NULL, *r;
	size_t i, len, best_len = 0;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		r = &routes[i];
		len = strlen(r->prefix);
		if (r->method == method && len > best_len &&
		    strncmp(r->prefix, path, len) == 0) {
			best = r;
			best_len = len;
		}
	}
	return best;
}
