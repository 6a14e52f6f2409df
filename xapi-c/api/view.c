#include "api/view.h"

const void *
view_get(const struct view *v, int class_id, const struct ref *ref)
{
	if (v->t)
		return txn_get(v->t, class_id, ref);
	return db_find(v->root, class_id, ref);
}
