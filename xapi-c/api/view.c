#include "api/view.h"

const void *
view_get(const struct view *v, int class_id, const struct ref *ref)
{
	if (v->t)
		return txn_get(v->t, class_id, ref);
	return db_find(v->root, class_id, ref);
}

int
view_each(const struct view *v, int class_id,
    int (*fn)(const void *obj, void *arg), void *arg)
{
	if (v->t)
		return txn_each(v->t, class_id, fn, arg);
	return db_each(v->root, class_id, fn, arg);
}
