#include "http/page.h"

#include <string.h>

#include "http/site.h"

#define CORS "Access-Control-Allow-Origin: *\r\n"
/* A page takes scripts, styles and data from this host's files and API only,
 * makes no markup of text, and is drawn in nobody's frame. */
#define CONFINED \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; " \
	"style-src 'self'; img-src 'self' data:; connect-src 'self'; " \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " \
	"require-trusted-types-for 'script'; trusted-types 'none'\r\n" \
	"X-Frame-Options: DENY\r\n" \
	"Referrer-Policy: no-referrer\r\n" \
	"Cross-Origin-Opener-Policy: same-origin\r\n" \
	"X-Content-Type-Options: nosniff\r\n"

void
page_file(struct conn *c, const struct site *site)
{
	const struct site_file *f = site_find(site, c->head.path);

	if (!f) {
		page_missing(c);
		return;
	}
	conn_reply_begin(c, 200, f->type);
	buf_adds(&c->out, CONFINED);
	reply_bytes(&c->reply, f->data, f->len);
	conn_reply_end(c);
}

void
page_missing(struct conn *c)
{
	bool keep = c->head.keep_alive && c->head.length <= 0;

	conn_reply_begin(c, 404, "text/html");
	c->keep = keep;
	buf_adds(&c->reply.text,
	    "<html><body><h1>HTTP 404 Not Found</h1></body></html>");
	conn_reply_end(c);
}

void
page_forbidden(struct conn *c)
{
	conn_reply_page(c, 403, "There is nothing to send to at this path.");
}

/* A header value that is safe to send back. */
static bool
is_plain(const char *s, const char *allowed)
{
	return s && *s && strspn(s, allowed) == strlen(s);
}

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

void
page_options(struct conn *c)
{
	const char *asked = http_header(&c->head,
	    "Access-Control-Request-Headers");

	conn_reply_begin(c, 200, NULL);
	buf_adds(&c->out, CORS "Access-Control-Allow-Methods: PUT\r\n");
	if (is_plain(asked, WORD ", "))
		buf_addf(&c->out, "Access-Control-Allow-Headers: %s\r\n",
		    asked);
	conn_reply_end(c);
}

/* The host of the Host header without its port. */
static size_t
host_len(const char *host)
{
	const char *end;

	if (*host == '[') {
		end = strchr(host, ']');
		return end ? (size_t)(end + 1 - host) : 0;
	}
	return strcspn(host, ":");
}

void
page_https(struct conn *c, int https_port)
{
	const char *host = http_header(&c->head, "Host");
	char *to;

	if (c->head.method != HTTP_GET || !is_plain(host, WORD ".:[]") ||
	    strpbrk(c->head.target, "\r\n<>\"")) {
		conn_reply_page(c, 403,
		    "This host accepts requests over HTTPS only.");
		return;
	}
	to = https_port == 443 ?
	    arena_printf(c->arena, "https://%.*s%s", (int)host_len(host),
		host, c->head.target) :
	    arena_printf(c->arena, "https://%.*s:%d%s", (int)host_len(host),
		host, https_port, c->head.target);
	conn_reply_page(c, 301, to);
}
