#include "xe/session.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "wire/thin.h"
#include "xe/connect.h"
#include "xe/transfer.h"

#define MAX_LINE 4096

struct xe {
	struct arena *a;		/* of the message that is being done */
	const struct xe_options *o;
	struct dial *d;
	int status;			/* -1: not over */
};

static int
read_all(struct xe *x, void *data, size_t len)
{
	char *p = data;
	ssize_t r;

	for (; len > 0; p += r, len -= (size_t)r) {
		r = dial_read(x->d, p, len);
		if (r <= 0)
			return -1;
	}
	return 0;
}

static int
send_and_forget(struct xe *x, struct buf *b)
{
	int rc = dial_write(x->d, b->data, b->len);

	buf_release(b);
	return rc;
}

static int
answer(struct xe *x, enum thin_tag tag)
{
	struct buf b = { 0 };

	thin_add(&b, tag, NULL, NULL);
	return send_and_forget(x, &b);
}

/* -- what servers ask for -- */

/* Is it a file that some argument names? */
static bool
is_named(struct xe *x, const char *file)
{
	for (int i = 0; i < x->o->n; i++) {
		const char *eq = strchr(x->o->args[i], '=');

		if (eq && eq[1] && strcmp(eq + 1, file) == 0)
			return true;
	}
	fprintf(stderr, "Blocked upload/download of the file %s, which was "
	    "requested by the server. The file name was not present on the "
	    "command line\n", file);
	return false;
}

static int
send_bytes(struct xe *x, int fd, size_t left)
{
	char piece[65536];
	ssize_t r;

	while (left > 0) {
		r = read(fd, piece, left < sizeof(piece) ? left :
		    sizeof(piece));
		/* A promise of so many bytes was made. */
		if (r <= 0 || dial_write(x->d, piece, (size_t)r))
			return -1;
		left -= (size_t)r;
	}
	return 0;
}

static int
load(struct xe *x, const char *file)
{
	struct buf b = { 0 };
	struct stat st;
	int fd = is_named(x, file) ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	int rc;

	if (fd == -1)
		return answer(x, THIN_FAILED);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size > INT32_MAX) {
		close(fd);
		return answer(x, THIN_FAILED);
	}
	thin_add(&b, THIN_OK, NULL, NULL);
	thin_add_number(&b, THIN_CHUNK, (uint32_t)st.st_size);
	rc = send_and_forget(x, &b) ||
	    send_bytes(x, fd, (size_t)st.st_size) ? -1 : answer(x, THIN_END);
	close(fd);
	return rc;
}

static int
prompt(struct xe *x)
{
	char line[MAX_LINE] = "";
	struct buf b = { 0 };
	size_t len;

	if (!fgets(line, sizeof(line), stdin))
		line[0] = '\0';
	len = strcspn(line, "\n");
	thin_add_number(&b, THIN_CHUNK, (uint32_t)len);
	buf_add(&b, line, len);
	thin_add(&b, THIN_END, NULL, NULL);
	return send_and_forget(x, &b);
}

static void
heartbeat(void *arg)
{
	answer(arg, THIN_WAIT);
}

static int
transfer(struct xe *x, const struct thin_message *m)
{
	const struct xe_transfer t = {
		.o = x->o, .file = m->text,
		.path = m->tag == THIN_HTTP_CONNECT ? m->text : m->path,
		.beat = heartbeat, .arg = x,
	};
	int rc;

	if (m->tag == THIN_HTTP_CONNECT)
		rc = xe_console(&t);
	else if (*t.file && !is_named(x, t.file))
		rc = -1;
	else
		rc = m->tag == THIN_HTTP_PUT ? xe_put(&t) : xe_get(&t);
	return answer(x, rc ? THIN_FAILED : THIN_OK);
}

static void
show_error(const struct thin_message *m)
{
	fprintf(stderr, "Error code: %s\nError parameters: ", m->text);
	for (int i = 0; i < m->n_params; i++)
		fprintf(stderr, "%s%s", i ? ", " : "", m->params[i]);
	fputc('\n', stderr);
}

static int
obey(struct xe *x, const struct thin_message *m)
{
	switch (m->tag) {
	case THIN_PRINT:
		puts(m->text);
		return fflush(stdout) ? -1 : 0;
	case THIN_STDERR:
		fputs(m->text, stderr);
		return 0;
	case THIN_DEBUG:
		if (x->o->debug)
			fprintf(stderr, "debug from server: %s\n", m->text);
		return 0;
	case THIN_ERROR:
		show_error(m);
		return 0;
	case THIN_EXIT:
		x->status = (int)(m->number & 0xff);
		return 0;
	case THIN_LOAD:
		return load(x, m->text);
	case THIN_PROMPT:
		return prompt(x);
	case THIN_HTTP_GET:
	case THIN_HTTP_PUT:
	case THIN_HTTP_CONNECT:
		return transfer(x, m);
	default:
		fputs("Unexpected message from server\n", stderr);
		return -1;
	}
}

/* -- the talk -- */

static int
begin(struct xe *x)
{
	struct buf body = { 0 }, head = { 0 };
	int rc;

	for (int i = 0; i < x->o->n; i++)
		buf_addf(&body, "%s\n", x->o->args[i]);
	buf_addf(&body, "username=%s\npassword=%s", x->o->user,
	    x->o->password);
	buf_addf(&head, "POST /cli HTTP/1.0\r\nUser-agent: xe-cli/Unix/%d.%d"
	    "\r\ncontent-length: %zu\r\n\r\n", THIN_MAJOR, THIN_MINOR,
	    body.len);
	buf_add(&head, body.data, body.len);
	thin_magic(&head);
	memset(body.data, 0, body.len);
	buf_release(&body);
	rc = send_and_forget(x, &head);
	if (rc)
		fputs("Lost connection to the server.\n", stderr);
	return rc;
}

static int
meet(struct xe *x)
{
	char hello[THIN_MAGIC_LEN];

	if (read_all(x, hello, sizeof(hello))) {
		fputs("Unable to contact server. Please check server and port "
		    "settings.\n", stderr);
		return -1;
	}
	if (thin_check_magic(hello) == 0)
		return 0;
	fputs(memcmp(hello, "HTTP", 4) == 0 ? "Server internal error.\n" :
	    "Failed to contact a running management agent.\n", stderr);
	return -1;
}

static int
next(struct xe *x)
{
	char head[THIN_HEAD], *data;
	struct thin_message m;
	size_t len;
	int rc;

	if (read_all(x, head, sizeof(head))) {
		fputs("Lost connection to the server.\n", stderr);
		return -1;
	}
	len = thin_length(head);
	x->a = arena_new();
	data = arena_alloc(x->a, len + 1);
	if (!len || read_all(x, data, len) ||
	    thin_decode(x->a, data, len, &m)) {
		fputs("Unexpected message from server\n", stderr);
		rc = -1;
	} else {
		rc = obey(x, &m);
	}
	arena_free(x->a);
	return rc;
}

int
xe_session(struct arena *a, const struct xe_options *o)
{
	struct xe x = { .a = a, .o = o, .status = -1 };
	char why[DIAL_WHY];

	x.d = xe_connect(o, why);
	if (!x.d) {
		fprintf(stderr, "Error: %s\n", why);
		return 1;
	}
	if (begin(&x) == 0 && meet(&x) == 0)
		while (x.status == -1 && next(&x) == 0)
			;
	dial_free(x.d);
	return x.status == -1 ? 1 : x.status;
}
