#include "rfb/output.h"

#include <stdbool.h>

#define ESC 0x1b
#define CANCEL "\030"			/* of the sequence that has begun */

enum verdict { PASS, DROP, REPEAT };

static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/* Controls are done within sequences, but for those that end them, and for those
 * right behind an escape. */
static enum verdict
control(struct output *o, unsigned char c)
{
	if (c == ESC)
		o->in = OUTPUT_ESCAPE;
	else if (c == 0x18 || c == 0x1a)
		o->in = OUTPUT_TEXT;
	else if (o->in == OUTPUT_ESCAPE)
		return DROP;
	return PASS;
}

/* A byte that would make a control of what came before, or is none of text. */
static bool
is_high_control(const struct output *o, unsigned char c)
{
	return c >= 0x80 && c < 0xa0 && (o->before < 0x80 || o->before == 0xc2);
}

static enum verdict
text(struct output *o, unsigned char c)
{
	if (is_high_control(o, c))
		return DROP;
	o->before = c;
	if ((c & 0xc0) != 0x80 || o->n_last == sizeof(o->last))
		o->n_last = 0;
	o->last[o->n_last++] = (char)c;
	return PASS;
}

/* What is not ASCII does not end it. */
static enum verdict
escape(struct output *o, unsigned char c)
{
	if (c == '[') {
		o->in = OUTPUT_SEQUENCE;
		o->args = 1;
		o->number = 0;
	} else if (c >= 0x30 && c < 0x7f) {
		o->in = OUTPUT_TEXT;
	}
	return PASS;
}

static enum verdict
digit(struct output *o, unsigned char c)
{
	int number = o->number * 10 + c - '0';

	if (o->args > OUTPUT_ARGS || number > OUTPUT_NUMBER)
		return DROP;
	o->number = number;
	return PASS;
}

static enum verdict
next_argument(struct output *o)
{
	o->number = 0;
	if (o->args <= OUTPUT_ARGS)
		o->args++;
	return o->args > OUTPUT_ARGS ? DROP : PASS;
}

static enum verdict
sequence(struct output *o, unsigned char c)
{
	if (c >= '0' && c <= '9')
		return digit(o, c);
	if (c == ';' || c == ':')
		return next_argument(o);
	if (c >= 0x40)
		o->in = OUTPUT_TEXT;
	return c == 'b' ? REPEAT : PASS;
}

static enum verdict
take(struct output *o, unsigned char c)
{
	if (is_control(c) || o->in != OUTPUT_TEXT)
		o->before = 0;
	if (is_control(c))
		return control(o, c);
	switch (o->in) {
	case OUTPUT_ESCAPE:
		return escape(o, c);
	case OUTPUT_SEQUENCE:
		return sequence(o, c);
	case OUTPUT_TEXT:
		break;
	}
	return text(o, c);
}

static void
repeat(const struct output *o, VTerm *vt)
{
	int n = o->number ? o->number : 1;

	vterm_input_write(vt, CANCEL, 1);
	if (n > OUTPUT_REPEATS)
		n = OUTPUT_REPEATS;
	for (; o->n_last && n; n--)
		vterm_input_write(vt, o->last, o->n_last);
}

void
output_print(struct output *o, VTerm *vt, const char *data, size_t len)
{
	enum verdict v;
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		v = take(o, (unsigned char)data[i]);
		if (v == PASS)
			continue;
		if (i > from)
			vterm_input_write(vt, data + from, i - from);
		if (v == REPEAT)
			repeat(o, vt);
		from = i + 1;
	}
	if (len > from)
		vterm_input_write(vt, data + from, len - from);
}
