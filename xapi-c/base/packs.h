/*
 * The folder of the extension packs that are installed: one folder for each,
 * named as the pack, with
 *
 *	about		pack.h
 *	plugins/	programs for host.call_plugin
 *	extensions/	programs for host.call_extension
 *	lib/		what these read
 *
 * A pack is put there (update/pack_add.h) and removed by one rename, under a
 * lock; a name that begins with a dot is no pack's.  Under such names lies what
 * is left of a change that was cut short, and packs that were replaced or removed
 * while programs ran: they go with a later change, when none runs.  Processes of
 * root only.  0 or -errno.
 */
#ifndef BASE_PACKS_H
#define BASE_PACKS_H

#include "base/arena.h"
#include "base/pack.h"

#define PACKS_DIR "/state/packs"
#define PACKS_MAX 16			/* installed */
#define PACKS_OLD_MAX 4			/* kept for programs that run */
#define PACKS_NEW ".new"		/* where one is put together, and what
					 * it replaces lies then */

/* A descriptor that keeps others from changing packs until it is closed; makes
 * the folder if need be, and clears it.  Or -errno; -EBUSY: PACKS_OLD_MAX packs
 * wait for programs to end. */
int packs_lock(const char *packs);
/* -ENOENT: there is none.  Under the lock. */
int packs_remove(const char *packs, const char *name);
/* Takes away PACKS_NEW; under the lock. */
int packs_clear(const char *packs);
/* A descriptor that keeps all files where they can be found by who has found
 * them, until it is closed; or -errno. */
int packs_use(const char *packs);

/* Names in a folder, sorted, in the arena; how many, 0 if there is no such
 * folder. */
int packs_names(const char *folder, struct arena *a, const char **names,
    int max);
/* -ENOENT: there is none, -EBADMSG: it says nothing sensible of itself. */
int packs_about(const char *packs, const char *name, struct pack_about *out);
/* In which pack a program is: kind is "plugins" or "extensions".  False: in
 * none. */
bool packs_find(const char *packs, const char *kind, const char *program,
    struct pack_about *out);

#endif
