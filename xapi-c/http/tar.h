/*
 * The head of a file in an archive of the ustar form, which every tar reads.
 * After the file's bytes come zeros up to a whole block, after the last file two
 * blocks of zeros.
 */
#ifndef HTTP_TAR_H
#define HTTP_TAR_H

#include <stdint.h>

#define TAR_BLOCK 512
#define TAR_NAME 99			/* bytes of a name at most */
#define TAR_MAX_BYTES (1ull << 33)	/* of a file: less */

/* A plain file that root owns and others may read; seconds of the wall clock. */
void tar_head(char block[static TAR_BLOCK], const char *name, uint64_t bytes,
    int64_t changed_s);

#endif
