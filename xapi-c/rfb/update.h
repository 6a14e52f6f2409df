/* What has changed on a screen, as an update for its viewer. */
#ifndef RFB_UPDATE_H
#define RFB_UPDATE_H

#include "rfb/rfb.h"
#include "rfb/screen.h"
#include "rfb/zrle.h"

/* Whether the viewer waits for something that is there. */
bool update_due(const struct rfb *r, const struct screen *s);
/* Appends it, at most 1.1 MB; the viewer has to ask for the next. */
void update_make(struct rfb *r, struct screen *s, struct zrle *z,
    struct buf *out);

#endif
