/*
 * An extension pack from a descriptor to the folder of those that are installed
 * (base/packs.h).  All of it is read and verified before a byte is written:
 * signed by a key of this role, for this machine, whole, nothing in it that a
 * pack has not.  It then takes the place of one of the same name, which must not
 * be newer; a kill at any moment leaves the one or the other.
 */
#ifndef UPDATE_PACK_ADD_H
#define UPDATE_PACK_ADD_H

#include "base/pack.h"
#include "update/image.h"

struct pack_add {
	const char *packs;		/* folder */
	const char *keys;		/* folder */
	const char *machine;		/* as uname has it */
	bool look;			/* write nothing: would it be taken? */
	/* of the run */
	struct pack_about about;	/* once it was taken */
	char why[IMAGE_WHY];		/* after a failure, for a person */
};

enum pack_result {
	PACK_OK,
	PACK_REFUSED,			/* nothing was written */
	PACK_FAILED,			/* by the disk: all is as it was */
};

enum pack_result pack_add(struct pack_add *p, int from);

#endif
