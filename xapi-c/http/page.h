/*
 * Replies that need neither body nor database work, made on the epoll thread.
 */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "http/conn.h"

struct site;

/* Each fills in the whole reply. */
void page_file(struct conn *c, const struct site *site);
void page_options(struct conn *c);
void page_missing(struct conn *c);
void page_forbidden(struct conn *c);
/* Plain HTTP while the pool wants HTTPS: 301 for GET, else 403. */
void page_https(struct conn *c, int https_port);

#endif
