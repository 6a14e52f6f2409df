/*
 * The device models of HVM guests: one QEMU per domain, in its box (box.c).
 * A guest whose QEMU is gone hangs in its next access to a device; so xenopsd
 * watches the process of each, and ends the domain as crashed when its process
 * ends first.  That also covers those which libxl started for an earlier
 * xenopsd.  Main process only, where nothing else is said.
 */
#ifndef XENOPSD_DOMAINS_MODEL_H
#define XENOPSD_DOMAINS_MODEL_H

#include <libxl.h>
#include <stdint.h>
#include <sys/types.h>

#define MODEL_PROGRAM "/usr/sbin/bedplate-box"
/* The group of all; the user of a domain's is this plus its domid.  libxl takes
 * it from /etc/passwd: xen-qemuuser-range-base. */
#define MODEL_UID_BASE 131072
#define MODEL_RUN "/run/xen"
#define MODEL_LOGS "/var/log/xen"
#define MODEL_PATH 100			/* bytes: fits a socket's address */
/* What dom0 must have to start one, bytes. */
#define MODEL_MEMORY (64ll << 20)

struct models;

/* ctx and logger must outlive them.  NULL: errno.  *fd_out becomes readable
 * when models_look() has something to do, or other is readable; it stays the
 * models'. */
struct models *models_new(libxl_ctx *ctx, xentoollog_logger *logger,
    int other, int *fd_out);
void models_free(struct models *m);
/* The domain's process is pid; one that is not its user's counts as gone. */
void models_add(struct models *m, uint32_t domid, pid_t pid);
void models_remove(struct models *m, uint32_t domid);
/* Ends the domains of which the process has ended. */
void models_look(struct models *m);

/* Where in folder, MODEL_RUN, QEMU listens for viewers of the VM's screen. */
void model_screen_path(char path[static MODEL_PATH], const char *folder,
    const char *uuid);
/* A connection to it, or -errno; -ENOENT: the VM has no screen. */
int model_screen(const char *folder, const char *uuid);
/* What libxl and QEMU leave of a domain's in folder: its empty root folder, and
 * sockets that QEMU cannot remove from there; name: the domain's, a UUID, or
 * NULL.  Any process. */
void model_clean(const char *folder, uint32_t domid, const char *name);
/* And the files that its QEMU wrote, named by the domain's name, a UUID; folder:
 * MODEL_LOGS.  What it said last goes to the log.  Any process. */
void model_remove_logs(const char *folder, const char *name);
/* What dom0 has for more of them, in bytes; meminfo: the kernel's file.  -1:
 * cannot tell.  Any process. */
int64_t model_room(const char *meminfo);

#endif
