/* See storage.h: the SR on the partition that an installed host keeps for it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/fdio.h"
#include "base/log.h"
#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/storage.h"

/*
 * What lies on the device: sr_out->uuid is "" if nothing does.  What a power
 * cut left of an SR that was being made is taken away.
 */
static int
identify(struct storage *s, const char *device, struct sr *sr_out)
{
	if (storage_device_owner(s, device, sr_out))
		return sr_out->creating ? storage_fail(s, XENOPS_CODE_IN_USE,
		    "an SR is being made on '%s'", device) : 0;
	for (int type = STORAGE_SR_TYPES - 1; type >= 0; type--) {
		struct sr sr = { .type = type, .lock_fd = -1,
			.drv = s->env->drivers[type] };
		enum sr_found found = SR_NONE;

		snprintf(sr.device, sizeof(sr.device), "%s", device);
		if (sr.drv->identify)
			found = sr.drv->identify(s, &sr);
		*sr_out = sr;
		if (found == SR_WHOLE)
			return 0;
		if (found == SR_HALF) {
			log_warn("'%s' holds a half-made SR", device);
			sr_out->uuid[0] = '\0';
			return sr.drv->undo(s, &sr);
		}
	}
	sr_out->uuid[0] = '\0';
	return 0;
}

int
storage_sr_local(struct storage *s, const char *uuid, const char *name,
    struct xenops_sr_info *sr_out)
{
	const char *device = s->env->own ? s->env->own(s->env, s->arena) : NULL;
	struct xenops_sr_create_args a = { .uuid = uuid, .name = name,
		.type = XENOPS_SR_TYPE_LVM, .device = device };
	struct sr sr;
	int fd, rc;

	if (!device)
		return storage_fail(s, XENOPS_CODE_NO_SUCH_DEVICE,
		    "no partition is kept for an SR");
	/* as in disk_claim: who has begun to make an SR there has noted it */
	fd = open(device, O_RDONLY | O_CLOEXEC);
	while (fd != -1 && flock(fd, LOCK_EX) == -1 && errno == EINTR)
		;
	rc = identify(s, device, &sr);
	fdio_close(&fd);
	if (rc)
		return -1;
	return sr.uuid[0] ?
	    storage_sr_attach(s, sr.uuid, sr.type, device, sr_out) :
	    storage_sr_create(s, &a, sr_out);
}
