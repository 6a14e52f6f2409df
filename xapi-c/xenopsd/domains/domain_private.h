/* Between domain.c (domains come and go), suspend.c (with their memory) and shape.c (how
 * much of that). */
#ifndef XENOPSD_DOMAINS_DOMAIN_PRIVATE_H
#define XENOPSD_DOMAINS_DOMAIN_PRIVATE_H

#include "xenopsd/domains/domain.h"
#include "xenopsd/domains/image.h"

/* Keeps k with this phase. */
int domain_set_phase(struct request *rq, struct kept *k,
    enum kept_phase phase);
/* Ends the domain and everything the VM holds on the host; k NULL: it is not
 * one of ours. */
int domain_clear(struct request *rq, struct hv *hv, const char *uuid,
    struct kept *k);
/* May it be made now: is all right with it, its bridges there, and no domain of
 * that VM? */
int domain_check_new(struct request *rq, struct hv *hv,
    const struct xenops_vm_spec *vm);
/* Attaches, creates, lets run: from its image, which is taken away before, or by
 * its boot (NULL).  What it leaves on failure, domain_clear takes away. */
int domain_build(struct request *rq, struct hv *hv, struct kept *k,
    const struct image *im, bool paused, struct xenops_domain_info *out);

/* k->memory_target for a new domain: all that its VM may have, or less down to
 * its minimum where the host is short. */
int domain_fit_memory(struct request *rq, struct hv *hv, struct kept *k);

/* hv's create, with what comes out of the image (NULL: nothing). */
int domain_create(struct request *rq, struct hv *hv,
    const struct xenops_vm_spec *vm, const char *const *devices,
    const struct image *im, uint32_t *domid_out);
/* The disk of the image is no longer used; not kept yet. */
int domain_let_go_of_image(struct request *rq, struct kept *k);

#endif
