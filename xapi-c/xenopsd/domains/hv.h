/*
 * What xenopsd wants of a hypervisor: the narrow side of everything it does
 * with domains.  Behind it are libxl and xenstore (hv_xl.c) or the simulated
 * host (sim/hv.c); above it the state machine of domains (domain.h, vms.h),
 * which is one and the same for both, and for the unit tests.
 *
 * A back end is a struct that begins with a struct hv.  One per process and
 * thread.  Functions return 0 or -errno where nothing else is said; after a
 * failure error() has a text.  Only those marked "waits" may take longer than
 * a round trip; the main process calls none of them.
 */
#ifndef XENOPSD_DOMAINS_HV_H
#define XENOPSD_DOMAINS_HV_H

#include "xenopsd/core/request.h"

struct hv {
	const struct hv_ops *ops;
};

/* How a guest ended by itself. */
enum hv_end { HV_END_SHUTDOWN, HV_END_REBOOT, HV_END_SUSPEND, HV_END_CRASH };

struct hv_domain {
	char uuid[UUID_TEXT_LEN + 1];
	uint32_t domid;
	bool paused;
	bool shutdown;			/* ended; then end says how */
	enum hv_end end;
	int type;			/* enum xenops_domain_type */
	int64_t vcpus;
	int64_t memory;			/* bytes */
};

enum hv_event_kind {
	HV_EVENT_DOMAINS,	/* one came, went, or ended by itself */
	HV_EVENT_GUEST,		/* a watched guest wrote something */
};

struct hv_event {
	enum hv_event_kind kind;
	char uuid[UUID_TEXT_LEN + 1];	/* of HV_EVENT_GUEST */
};

struct hv_ops {
	/* All domains but dom0 and those that are being torn down, in the
	 * arena: one question to the hypervisor however many there are. */
	int (*list)(struct hv *hv, struct arena *a, struct hv_domain **v_out,
	    uint32_t *n_out);
	/* -ENOENT: there is none, or it is being torn down. */
	int (*get)(struct hv *hv, uint32_t domid, struct hv_domain *d_out);
	/* Of a VM's domain, also one that is being torn down. */
	bool (*find)(struct hv *hv, const char *uuid, bool dying,
	    uint32_t *domid_out);
	/* What the guest says of itself: bounded and printable; a round trip
	 * for each entry. */
	struct vec (*guest_data)(struct hv *hv, struct arena *a,
	    uint32_t domid);
	bool (*has_disk)(struct hv *hv, uint32_t domid, int64_t device);
	bool (*has_nic)(struct hv *hv, uint32_t domid, int64_t device);
	/* The terminal of its console; NULL: not there yet. */
	const char *(*console)(struct hv *hv, struct arena *a, uint32_t domid);

	/* A new viewer of its own screen, which speaks the remote framebuffer
	 * protocol: a descriptor for the caller, -ENOENT: it has no screen, or
	 * another -errno. */
	int (*screen)(struct hv *hv, const struct hv_domain *d);

	bool (*has_bridge)(struct hv *hv, const char *name);
	/* Of the host, for domains; bytes. */
	int (*free_memory)(struct hv *hv, int64_t *bytes_out);

	/* Readable when event() has something; -1: cannot tell. */
	int (*event_fd)(struct hv *hv);
	bool (*event)(struct hv *hv, struct hv_event *e_out);
	/* From now on (or no longer) HV_EVENT_GUEST for that VM; begins with
	 * at least one. */
	void (*watch_guest)(struct hv *hv, uint32_t domid, const char *uuid,
	    bool on);

	int (*pause)(struct hv *hv, uint32_t domid, bool on);
	int (*sysrq)(struct hv *hv, uint32_t domid, char key);
	int (*trigger)(struct hv *hv, uint32_t domid,
	    enum xenops_trigger trigger);
	/* Waits.  Tells the guest how much memory to have, and takes care that
	 * it gets no more; when it has come there, is its own affair. */
	int (*set_memory)(struct hv *hv, uint32_t domid, int64_t bytes);
	/* Waits.  devices[i]: block device of disk i; NULL: left out.  image:
	 * what suspend() wrote, to be read once, from its begin to its end; -1:
	 * the guest boots.  The domain is paused.  0, or -1 after request_fail; what is left then,
	 * destroy takes away. */
	int (*create)(struct hv *hv, struct request *rq,
	    const struct xenops_vm_spec *vm, const char *const *devices,
	    int image, uint32_t *domid_out);
	/* Waits.  Asks the guest to stop, and writes all that it is to image;
	 * the domain stays, ended by HV_END_SUSPEND.  -ETIMEDOUT: the guest
	 * does not.  After a failure it may have ended all the same. */
	int (*suspend)(struct hv *hv, uint32_t domid, int image);
	/* Waits.  A domain that ended by HV_END_SUSPEND goes on. */
	int (*wake)(struct hv *hv, uint32_t domid);
	/* Waits.  An entry of the guest's own tree, which it may change. */
	int (*write_data)(struct hv *hv, uint32_t domid, const char *key,
	    const char *value);
	int (*destroy)(struct hv *hv, uint32_t domid);		/* waits */
	/* Asks the guest to "poweroff" or "reboot". */
	int (*ask)(struct hv *hv, uint32_t domid, const char *what);
	/* Waits until a domain somewhere ends or came near to it, or the time
	 * is over: false.  wait_begin before ask(), wait_end at last. */
	int (*wait_begin)(struct hv *hv);
	bool (*wait)(struct hv *hv, int64_t deadline_mono);
	void (*wait_end)(struct hv *hv);
	/* All wait.  force: without the guest's consent. */
	int (*disk_add)(struct hv *hv, struct arena *a, uint32_t domid,
	    const struct xenops_disk_spec *d, const char *device);
	int (*disk_remove)(struct hv *hv, struct arena *a, uint32_t domid,
	    int64_t device, bool force);
	/* What is in the drive d of an HVM guest; device NULL: nothing. */
	int (*disk_change)(struct hv *hv, struct arena *a, uint32_t domid,
	    const struct xenops_disk_spec *d, const char *device);
	int (*nic_add)(struct hv *hv, uint32_t domid,
	    const struct xenops_nic_spec *n);
	int (*nic_remove)(struct hv *hv, uint32_t domid, int64_t device,
	    bool force);
	/* It passes nothing before: its lock and bridge, now and later.  0 or
	 * -errno. */
	int (*nic_set)(struct hv *hv, uint32_t domid,
	    const struct xenops_nic_spec *n);
	/* The lock of one that is no more. */
	void (*nic_clear)(struct hv *hv, const struct xenops_nic_spec *n);

	/* The first error since forget_errors; "" if none. */
	const char *(*error)(struct hv *hv);
	void (*forget_errors)(struct hv *hv);
};

#endif
