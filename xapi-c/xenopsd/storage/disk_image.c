#include "xenopsd/storage/disk_image.h"

#include <stddef.h>

#include "gen/xenops.h"

static const char *
form_name(int form)
{
	static const char *const names[XENOPS_DISK_FORM_N] = {
		[XENOPS_DISK_FORM_VHD] = "vhd",
		[XENOPS_DISK_FORM_QCOW2] = "qcow2",
	};

	return form >= 0 && form < XENOPS_DISK_FORM_N ? names[form] : NULL;
}

int
disk_image_open(const struct spawn_program *p, int form, bool in, int disk,
    int lock)
{
	const char *name = form_name(form);
	const char *const argv[] = { name ? p->path : NULL, in ? "in" : "out",
		name, p->user, NULL };

	return spawn_on_socket(&(struct spawn){ .argv = argv, .lock = lock,
	    .group = p->group,
	    .limits = { DISK_IMAGE_MEMORY, DISK_IMAGE_CPU } }, 0, disk);
}
