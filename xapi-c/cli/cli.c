#include "cli/cli.h"

#include <string.h>
#include <strings.h>

#define FLUSH_AT (64u << 10)
#define MAX_LINE 4096			/* that a person types */

int
cli_fail(struct cli *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	k->failure = arena_vprintf(k->c->arena, fmt, ap);
	va_end(ap);
	return -1;
}

int
cli_flush(struct cli *k)
{
	if (k->out.len && !k->gone)
		k->gone = k->io.write(k->io.arg, k->out.data, k->out.len) != 0;
	buf_reset(&k->out);
	return k->gone ? cli_fail(k, "the client is gone") : 0;
}

void
cli_send(struct cli *k, enum thin_tag tag, const char *text, const char *path)
{
	thin_add(&k->out, tag, text, path);
	if (k->out.len >= FLUSH_AT)
		cli_flush(k);
}

void
cli_message(struct cli *k, const char *text)
{
	if (!k->minimal)
		cli_send(k, THIN_PRINT, text, NULL);
}

/* In a row of --minimal a comma belongs to the value if a backslash does. */
static void
add_column(struct cli *k, const char *text)
{
	struct buf *b = &k->columns;

	if (k->any_column)
		buf_addc(b, ',');
	k->any_column = true;
	for (; *text; text++) {
		if (*text == ',' || *text == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *text);
	}
}

void
cli_value_line(struct cli *k, const char *text)
{
	if (k->minimal)
		add_column(k, text);
	else
		cli_send(k, THIN_PRINT, text, NULL);
}

void
cli_record(struct cli *k, const struct cli_cell *cells, int n)
{
	struct buf b = { 0 };
	size_t width = 0, len;
	int pad;

	if (k->minimal) {
		if (n)
			add_column(k, cells[0].value);
		return;
	}
	for (int i = 0; i < n; i++) {
		len = strlen(cells[i].label);
		width = len > width ? len : width;
	}
	width += 4;
	for (int i = 0; i < n; i++) {
		pad = (int)(width - strlen(cells[i].label));
		if (i == 0)
			buf_addf(&b, "%s%*s: %s\n", cells[i].label, pad, "",
			    cells[i].value);
		else
			buf_addf(&b, "%*s%s: %s\n", pad, "", cells[i].label,
			    cells[i].value);
	}
	buf_addc(&b, '\n');
	cli_send(k, THIN_PRINT, b.data, NULL);
	buf_release(&b);
}

void
cli_finish(struct cli *k, int status)
{
	if (k->minimal && status == 0)
		thin_add(&k->out, THIN_PRINT,
		    k->columns.len ? k->columns.data : "", NULL);
	thin_add_number(&k->out, THIN_EXIT, (uint32_t)status);
	cli_flush(k);
	buf_release(&k->columns);
	buf_release(&k->out);
}

/* The client's next message. */
static int
receive(struct cli *k, struct thin_message *m)
{
	char head[THIN_HEAD], *data;
	size_t len;

	if (cli_flush(k))
		return -1;
	if (k->io.read(k->io.arg, head, sizeof(head))) {
		k->gone = true;
		return cli_fail(k, "the client is gone");
	}
	len = thin_length(head);
	/* Nothing that a client sends is long: bytes of files are raw. */
	if (len == 0 || len > MAX_LINE) {
		k->gone = true;
		return cli_fail(k, "protocol error");
	}
	data = arena_alloc(k->c->arena, len);
	if (k->io.read(k->io.arg, data, len) ||
	    thin_decode(k->c->arena, data, len, m)) {
		k->gone = true;
		return cli_fail(k, "protocol error");
	}
	return 0;
}

int
cli_await(struct cli *k)
{
	struct thin_message m;

	do {
		if (receive(k, &m))
			return -1;
	} while (m.tag == THIN_WAIT);
	return m.tag == THIN_OK ? 0 :
	    cli_fail(k, "the client could not do its part");
}

/* A chunk of at most max bytes, and the end. */
static int
receive_blob(struct cli *k, size_t max, char **data_out, size_t *len_out)
{
	struct thin_message m;

	if (receive(k, &m))
		return -1;
	if (m.tag != THIN_CHUNK || m.number > max) {
		k->gone = m.tag == THIN_CHUNK;	/* its bytes are not read */
		return cli_fail(k, "more than %zu bytes, or none", max);
	}
	*len_out = m.number;
	*data_out = arena_alloc(k->c->arena, (size_t)m.number + 1);
	if (k->io.read(k->io.arg, *data_out, m.number) || receive(k, &m) ||
	    m.tag != THIN_END) {
		k->gone = true;
		return cli_fail(k, "protocol error");
	}
	return 0;
}

int
cli_prompt(struct cli *k, const char **line_out)
{
	size_t len;
	char *line;

	cli_send(k, THIN_PROMPT, NULL, NULL);
	if (receive_blob(k, MAX_LINE, &line, &len))
		return -1;
	line[strcspn(line, "\r\n")] = '\0';
	*line_out = line;
	return 0;
}

int
cli_load(struct cli *k, const char *file, size_t max, const char **data_out,
    size_t *len_out)
{
	char *data;

	cli_send(k, THIN_LOAD, file, NULL);
	if (cli_await(k)) {
		k->failure = NULL;
		return cli_fail(k, "cannot read the file '%s'", file);
	}
	if (receive_blob(k, max, &data, len_out))
		return -1;
	*data_out = data;
	return 0;
}

int
cli_confirm(struct cli *k, const char *what)
{
	const char *line;

	if (cli_arg_is_set(k->args, "force"))
		return 0;
	cli_send(k, THIN_PRINT, what, NULL);
	cli_send(k, THIN_PRINT, "Type 'yes' to continue", NULL);
	if (cli_prompt(k, &line))
		return -1;
	return strcasecmp(line, "yes") == 0 ? 0 :
	    cli_fail(k, "Aborted (you typed: '%s')", line);
}
