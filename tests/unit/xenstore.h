/* As much of Xen's xenstore.h as hotplug.c and hv_xl.c use; their tests are the
 * store. */
#ifndef UNIT_XENSTORE_H
#define UNIT_XENSTORE_H

#include <stdbool.h>
#include <stdint.h>

#define XBT_NULL 0
#define XS_PERM_NONE 0
#define XS_WATCH_TOKEN 1		/* of what xs_check_watch gives */

typedef uint32_t xs_transaction_t;
struct xs_handle;

struct xs_permissions {
	unsigned int id;
	unsigned int perms;
};

struct xs_handle *xs_open(unsigned long flags);
void xs_close(struct xs_handle *h);
void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
    unsigned int *len);
bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
    const void *data, unsigned int len);
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
    unsigned int *num);
bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
    const char *path, struct xs_permissions *perms, unsigned int num_perms);
bool xs_watch(struct xs_handle *h, const char *path, const char *token);
bool xs_unwatch(struct xs_handle *h, const char *path, const char *token);
int xs_fileno(struct xs_handle *h);
char **xs_check_watch(struct xs_handle *h);

#endif
