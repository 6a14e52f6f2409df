#include "xenopsd/domains/xl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/type.h"
#include "xenopsd/domains/model.h"

#define PATH_SIZE 256

/* libxl's messages go to our log; the first error is kept for the client. */
struct logger {
	xentoollog_logger vtable;	/* first: libxl's view */
	char error[256];
};

/* The first one says most, unless the hotplug program had something to say. */
static void
keep_error(struct logger *lg, const char *text)
{
	/* "libxl_exec.c:117:libxl_report_child_exitstatus: what happened" */
	const char *p = strncmp(text, "libxl", 5) ? NULL : strstr(text, ": ");

	if (p)
		text = p + 2;
	if (!lg->error[0] || !strncmp(text, "script: ", 8))
		snprintf(lg->error, sizeof(lg->error), "%.*s",
		    (int)sizeof(lg->error) - 1, text);
}

static void
logger_message(xentoollog_logger *l, xentoollog_level level, int errnoval,
    const char *context, const char *format, va_list ap)
{
	struct logger *lg = (struct logger *)l;
	char text[1024];
	size_t n;

	(void)context;
	if (level < XTL_WARN)
		return;
	vsnprintf(text, sizeof(text), format, ap);
	n = strlen(text);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (errnoval >= 0 && n < sizeof(text) - 1)
		snprintf(text + n, sizeof(text) - n, ": %s",
		    strerror(errnoval));
	if (level < XTL_ERROR) {
		log_info("libxl: %s", text);
		return;
	}
	log_warn("libxl: %s", text);
	keep_error(lg, text);
}

static void
logger_progress(xentoollog_logger *l, const char *context,
    const char *doing_what, int percent, unsigned long done,
    unsigned long total)
{
	(void)l;
	(void)context;
	(void)doing_what;
	(void)percent;
	(void)done;
	(void)total;
}

static void
logger_destroy(xentoollog_logger *l)
{
	free(l);
}

struct xl *
xl_new(const struct hv_ops *ops)
{
	struct xl *xl = mem_zalloc(sizeof(*xl));
	struct logger *lg = mem_zalloc(sizeof(*lg));

	lg->vtable.vmessage = logger_message;
	lg->vtable.progress = logger_progress;
	lg->vtable.destroy = logger_destroy;
	xl->hv.ops = ops;
	xl->logger = &lg->vtable;
	if (libxl_ctx_alloc(&xl->ctx, LIBXL_VERSION, 0, xl->logger)) {
		log_error("cannot open libxl");
		goto fail;
	}
	xl->xs = xs_open(0);
	if (!xl->xs) {
		log_error("cannot open xenstore");
		goto fail;
	}
	return xl;
fail:
	xl_free(xl);
	return NULL;
}

void
xl_free(struct xl *xl)
{
	if (!xl)
		return;
	models_free(xl->models);
	if (xl->xs)
		xs_close(xl->xs);
	if (xl->ctx)
		libxl_ctx_free(xl->ctx);
	xl->logger->destroy(xl->logger);
	free(xl);
}

const char *
xl_error(const struct xl *xl)
{
	return ((const struct logger *)xl->logger)->error;
}

void
xl_forget_errors(struct xl *xl)
{
	((struct logger *)xl->logger)->error[0] = '\0';
}

static void
format_path(char path[static PATH_SIZE], const char *fmt, va_list ap)
{
	if (vsnprintf(path, PATH_SIZE, fmt, ap) >= PATH_SIZE)
		path[0] = '\0';
}

const char *
xl_read(struct xl *xl, struct arena *a, const char *fmt, ...)
{
	char path[PATH_SIZE];
	const char *copy;
	unsigned int len;
	char *value;
	va_list ap;

	va_start(ap, fmt);
	format_path(path, fmt, ap);
	va_end(ap);
	value = xs_read(xl->xs, XBT_NULL, path, &len);
	if (!value)
		return NULL;
	copy = arena_strdup(a, value);
	free(value);
	return copy;
}

bool
xl_exists(struct xl *xl, const char *fmt, ...)
{
	char path[PATH_SIZE];
	unsigned int len;
	char *value;
	va_list ap;

	va_start(ap, fmt);
	format_path(path, fmt, ap);
	va_end(ap);
	value = xs_read(xl->xs, XBT_NULL, path, &len);
	free(value);
	return value != NULL;
}

bool
xl_write(struct xl *xl, const char *value, const char *fmt, ...)
{
	char path[PATH_SIZE];
	va_list ap;

	va_start(ap, fmt);
	format_path(path, fmt, ap);
	va_end(ap);
	return xs_write(xl->xs, XBT_NULL, path, value,
	    (unsigned int)strlen(value));
}
