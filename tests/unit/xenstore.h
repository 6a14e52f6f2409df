/* As much of Xen's xenstore.h as hotplug.c uses: test_hotplug.c is the store. */
#ifndef UNIT_XENSTORE_H
#define UNIT_XENSTORE_H

#include <stdbool.h>
#include <stdint.h>

#define XBT_NULL 0

typedef uint32_t xs_transaction_t;
struct xs_handle;

struct xs_handle *xs_open(unsigned long flags);
void xs_close(struct xs_handle *h);
void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
    unsigned int *len);
bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
    const void *data, unsigned int len);

#endif
