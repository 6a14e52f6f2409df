#include "install/first.h"

#include <string.h>

#include "disk/table.h"
#include "install/files.h"

static int
tell_grub(struct install *in, const char *was)
{
	if (files_attach(in, PART_ESP, "vfat"))
		return -1;
	return files_detach(in, files_id(in, was));
}

static enum first
partition(struct install *in)
{
	const struct mark m = { .unfinished = true };
	int rc = mark_write(in->disk.path, &in->layout, &m);

	if (rc == 0)
		rc = table_put(in->disk.path, in->disk.sector, &in->layout,
		    PART_N);
	if (rc == 0)
		return FIRST_RESTART;
	install_fail(in, "cannot partition %s: %s", in->disk.path,
	    strerror(-rc));
	return FIRST_FAILED;
}

/* Once the mark says that the host is whole, its state is not made again. */
static enum first
fill(struct install *in)
{
	if (in->disk.mark.unfinished && (install_state(in) ||
	    install_sr(in) || install_finish(in)))
		return FIRST_FAILED;
	return tell_grub(in, "") ? FIRST_FAILED : FIRST_WHOLE;
}

enum first
first_start(struct install *in, const char *id)
{
	const struct disk *d = &in->disk;
	bool has_id = strcmp(id, LAYOUT_ID_NONE) != 0;
	const char *why;

	if (!(has_id ? layout_again(d->path, d->size, id, &in->layout, &why) :
	    layout_plan(d->path, d->size, &in->layout, &why))) {
		install_fail(in, "%s", why);
		return FIRST_FAILED;
	}
	if (has_id && d->has_table && strcmp(d->layout.id, id) == 0)
		return fill(in);
	if (!has_id && tell_grub(in, LAYOUT_ID_NONE))
		return FIRST_FAILED;
	return partition(in);
}
