/*
 * The stream of a console: raw after CONNECT, in WebSocket frames after GET.
 * On a stream's thread; the reply is its own.
 */
#ifndef HTTP_CONSOLE_H
#define HTTP_CONSOLE_H

#include "http/stream.h"

void console_stream(struct stream *s);

#endif
