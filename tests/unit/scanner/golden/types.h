/*
 * Generated from ui-protocol/xenapi/ by the scanner; do not edit.
 * Classes, enums and roles of XenAPI.
 */
#ifndef GEN_TYPES_H
#define GEN_TYPES_H

#include "base/object.h"

/* Least first: a role may do all that the ones before it may. */
enum role_id {
	ROLE_READ_ONLY,
	ROLE_GUEST,
	ROLE_ADMIN,
	ROLE_LOCAL_ROOT_ONLY,
	ROLE_N
};
struct role_type {
	const char *name;
	const char *description;
	bool internal;	/* no object of class role */
};
extern const struct role_type role_types[ROLE_N];

enum class_id {
	CLASS_LAMP,
	CLASS_SHADE,
	CLASS_N
};
extern const struct class_type *const classes[CLASS_N];

/* What it does. */
enum lamp_state {
	LAMP_STATE_OFF, LAMP_STATE_HALF_LIT, LAMP_STATE_ON, LAMP_STATE_N
};
extern const struct enum_type enum_lamp_state;


/* A lamp, the smallest class that has one of everything. */
struct lamp {
	struct object obj;
	const char *uuid;
	const char *name_label;
	int state;	/* enum lamp_state */
	struct vec int_;	/* int set */
	struct vec labels;	/* (string -> string) map */
	struct ref next;	/* Lamp ref */
	struct vec previous;	/* Lamp ref set */
	struct ref shade;	/* Shade ref */
	struct vec shades;	/* Shade ref set */
};
enum {
	LAMP_FIELD_UUID,
	LAMP_FIELD_NAME_LABEL,
	LAMP_FIELD_STATE,
	LAMP_FIELD_INT,
	LAMP_FIELD_LABELS,
	LAMP_FIELD_NEXT,
	LAMP_FIELD_PREVIOUS,
	LAMP_FIELD_SHADE,
	LAMP_FIELD_SHADES,
	LAMP_FIELD_N
};
extern const struct class_type class_lamp;

/* A shade of lamps, which nobody makes any more. */
struct shade {
	struct object obj;
	struct vec colours;	/* string set */
	struct vec lamps;	/* Lamp ref set */
};
enum {
	SHADE_FIELD_COLOURS,
	SHADE_FIELD_LAMPS,
	SHADE_FIELD_N
};
extern const struct class_type class_shade;

extern const struct type type_lamp_ref;
extern const struct type type_lamp_ref_set;
extern const struct type type_lamp_record;
extern const struct type type_lamp_ref_to_lamp_record_map;
extern const struct type type_shade_ref;
extern const struct type type_shade_ref_set;
extern const struct type type_shade_record;
extern const struct type type_shade_ref_to_shade_record_map;
extern const struct type type_lamp_state_enum;
extern const struct type type_int_set;

#endif
