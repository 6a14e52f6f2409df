/*
 * The thin protocol of xe and the server's /cli: both greet with a magic text
 * and two numbers, then each message is a little-endian length of 4 bytes and
 * as many bytes, integers of 4 bytes and texts with their length before them.
 * The server sends commands; the client answers some, and sends a file's bytes,
 * raw, between a chunk's header and the end.  Pure functions on bytes; texts of
 * a decoded message live in the arena.
 */
#ifndef WIRE_THIN_H
#define WIRE_THIN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

#define THIN_MAJOR 0
#define THIN_MINOR 2
#define THIN_MAGIC_LEN 35
#define THIN_HEAD 4
#define THIN_MAX_MESSAGE (4u << 20)	/* bytes of one, without its length */
#define THIN_MAX_PARAMS 64		/* of an error */

/* As on the wire. */
enum thin_tag {
	THIN_PRINT = 0, THIN_LOAD = 1, THIN_PROMPT = 3, THIN_EXIT = 4,
	THIN_OK = 5, THIN_FAILED = 6, THIN_CHUNK = 7, THIN_END = 8,
	THIN_COMMAND = 9, THIN_RESPONSE = 10, THIN_BLOB = 11,
	THIN_HTTP_GET = 12, THIN_HTTP_PUT = 13, THIN_ERROR = 14,
	THIN_DEBUG = 15, THIN_STDERR = 16, THIN_HTTP_CONNECT = 17,
	THIN_WAIT = 18,
};

struct thin_message {
	enum thin_tag tag;		/* none of COMMAND, RESPONSE, BLOB */
	const char *text;		/* text, file name, URL or code */
	const char *path;		/* of HTTP_GET and HTTP_PUT */
	uint32_t number;		/* of EXIT; bytes that follow a CHUNK */
	const char *params[THIN_MAX_PARAMS];	/* of ERROR */
	int n_params;
};

void thin_magic(struct buf *b);
/* 0, or -1: another protocol, or a version of it that is not ours. */
int thin_check_magic(const char p[static THIN_MAGIC_LEN]);

/* Appends a message: text, and for HTTP_GET and HTTP_PUT also path. */
void thin_add(struct buf *b, enum thin_tag tag, const char *text,
    const char *path);
/* EXIT and CHUNK. */
void thin_add_number(struct buf *b, enum thin_tag tag, uint32_t number);
void thin_add_error(struct buf *b, const char *code,
    const char *const *params, int n);

/* What the length says; 0 if it is beyond the limit, or 0. */
size_t thin_length(const char head[static THIN_HEAD]);
/* One message without its length.  -1: malformed. */
int thin_decode(struct arena *a, const char *data, size_t len,
    struct thin_message *out);

#endif
