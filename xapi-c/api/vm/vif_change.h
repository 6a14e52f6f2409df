/* What VIF.create and sync/ need of vif_change.c. */
#ifndef API_VM_VIF_CHANGE_H
#define API_VM_VIF_CHANGE_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

/* ipv4_allowed and ipv6_allowed: INVALID_IP_ADDRESS_SPECIFIED, or too many. */
int vif_check_allowed(struct call *c, const struct vif *vif);
/* Tells xenopsd what the record of an attached VIF says now. */
int vif_tell(struct call *c, const struct ref *vif);
/* Tells it of those whose records say something else than it was told, as after
 * a kill of this process between the two. */
void vifs_agree(struct call *c, struct vec domains);

#endif
