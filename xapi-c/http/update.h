/*
 * PUT /update: the body is an update image for this host, of a stated length;
 * PUT /pack: an extension pack, which is installed; PUT /host_restore: a backup
 * of the host.  xapi does not look into them: a program of
 * xenopsd's takes each, or says why not (api/stream.h).  The reply, text, comes
 * at the end; a task goes along, and if the client has named it, a restore's
 * reply comes first and the task tells how it went.  On a stream's thread.
 */
#ifndef HTTP_UPDATE_H
#define HTTP_UPDATE_H

#include "http/stream.h"

void update_upload(struct stream *s);
void pack_upload(struct stream *s);
void restore_upload(struct stream *s);

#endif
