/* Does a libxl program link and start?  Only check.sh compiles this. */
#include <stdio.h>
#include <libxl.h>
#include <libxl_utils.h>
#include <libxlutil.h>
#include <xenctrl.h>
#include <xenstore.h>

int
main(void)
{
	xentoollog_logger_stdiostream *log;
	libxl_ctx *ctx = NULL;
	int rc;

	log = xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	rc = libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, (xentoollog_logger *)log);
	printf("%d\n", rc);
	libxl_ctx_free(ctx);
	return 0;
}
