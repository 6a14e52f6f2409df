/*
 * Generated from ui-protocol/xenapi/ by the scanner; do not edit.
 */
#include "gen/types.h"

const struct role_type role_types[ROLE_N] = {
	{ "read-only",
	    "Sees.", false },
	{ "guest",
	    "Dims.", false },
	{ "admin",
	    "May do everything.", false },
	{ "local-root-only",
	    "Root.", true },
};

static const char *const lamp_state_names[] = {
	"Off", "half-lit", "On",
};
const struct enum_type enum_lamp_state = {
	"lamp_state", lamp_state_names, 3, false
};

const struct type type_lamp_ref = {
	.kind = KIND_REF, .size = sizeof(struct ref),
	.cls = "Lamp",
};
const struct type type_lamp_ref_set = {
	.kind = KIND_SET, .size = sizeof(struct vec),
	.elem = &type_lamp_ref,
};
const struct type type_lamp_record = {
	.kind = KIND_RECORD, .size = sizeof(struct lamp),
	.rec = &class_lamp.rec,
};
const struct type type_lamp_ref_to_lamp_record_map = {
	.kind = KIND_MAP, .size = sizeof(struct vec),
	.key = &type_lamp_ref,
	.elem = &type_lamp_record,
};
const struct type type_shade_ref = {
	.kind = KIND_REF, .size = sizeof(struct ref),
	.cls = "Shade",
};
const struct type type_shade_ref_set = {
	.kind = KIND_SET, .size = sizeof(struct vec),
	.elem = &type_shade_ref,
};
const struct type type_shade_record = {
	.kind = KIND_RECORD, .size = sizeof(struct shade),
	.rec = &class_shade.rec,
};
const struct type type_shade_ref_to_shade_record_map = {
	.kind = KIND_MAP, .size = sizeof(struct vec),
	.key = &type_shade_ref,
	.elem = &type_shade_record,
};
const struct type type_lamp_state_enum = {
	.kind = KIND_ENUM, .size = sizeof(int),
	.en = &enum_lamp_state,
};
const struct type type_int_set = {
	.kind = KIND_SET, .size = sizeof(struct vec),
	.elem = &type_int,
};

static const int64_t lamp_default_int_[] = {
	3,
	4,
};
static const struct string_pair lamp_default_labels[] = {
	{ "a", "b" },
};
static const struct lamp lamp_default = {
	.name_label = "lamp",
	.state = LAMP_STATE_ON,
	.int_ = { lamp_default_int_, 2 },
	.labels = { lamp_default_labels, 1 },
};
static const struct field lamp_fields[] = {
	{ "uuid", &type_string, 1,
	    offsetof(struct lamp, uuid),
	    FIELD_DURABLE, ROLE_LOCAL_ROOT_ONLY, -1, -1 },
	{ "name_label", &type_string, 2,
	    offsetof(struct lamp, name_label),
	    FIELD_DURABLE | FIELD_RW | FIELD_CTOR, ROLE_ADMIN, -1, -1 },
	{ "state", &type_lamp_state_enum, 3,
	    offsetof(struct lamp, state),
	    FIELD_DURABLE | FIELD_CTOR, ROLE_LOCAL_ROOT_ONLY, -1, -1 },
	{ "int", &type_int_set, 4,
	    offsetof(struct lamp, int_),
	    FIELD_VOLATILE, ROLE_LOCAL_ROOT_ONLY, -1, -1 },
	{ "labels", &type_string_map, 5,
	    offsetof(struct lamp, labels),
	    FIELD_DURABLE | FIELD_RW | FIELD_CTOR, ROLE_ADMIN, -1, -1 },
	{ "next", &type_lamp_ref, 6,
	    offsetof(struct lamp, next),
	    FIELD_DURABLE | FIELD_CTOR | FIELD_REQUIRED,
	    ROLE_LOCAL_ROOT_ONLY, CLASS_LAMP, LAMP_FIELD_PREVIOUS },
	{ "previous", &type_lamp_ref_set, 7,
	    offsetof(struct lamp, previous),
	    FIELD_DERIVED | FIELD_CASCADE,
	    ROLE_LOCAL_ROOT_ONLY, CLASS_LAMP, LAMP_FIELD_NEXT },
	{ "shade", &type_shade_ref, 8,
	    offsetof(struct lamp, shade),
	    FIELD_DURABLE, ROLE_LOCAL_ROOT_ONLY, -1, -1 },
	{ "shades", &type_shade_ref_set, 9,
	    offsetof(struct lamp, shades),
	    FIELD_DERIVED,
	    ROLE_LOCAL_ROOT_ONLY, CLASS_SHADE, SHADE_FIELD_LAMPS },
};
const struct class_type class_lamp = {
	.rec = { "Lamp",
	    lamp_fields, 9,
	    sizeof(struct lamp),
	    &lamp_default },
	.event_name = "lamp",
	.id = CLASS_LAMP,
	.tag = 1,
	.flags = CLASS_DURABLE | CLASS_EVENTS,
	.uuid_field = 0,
	.name_field = 1,
};

static const struct shade shade_default;
static const struct field shade_fields[] = {
	{ "colours", &type_string_set, 1,
	    offsetof(struct shade, colours),
	    FIELD_VOLATILE, ROLE_LOCAL_ROOT_ONLY, -1, -1 },
	{ "lamps", &type_lamp_ref_set, 2,
	    offsetof(struct shade, lamps),
	    FIELD_VOLATILE,
	    ROLE_LOCAL_ROOT_ONLY, CLASS_LAMP, LAMP_FIELD_SHADES },
};
const struct class_type class_shade = {
	.rec = { "Shade",
	    shade_fields, 2,
	    sizeof(struct shade),
	    &shade_default },
	.event_name = "shade",
	.id = CLASS_SHADE,
	.tag = 2,
	.flags = CLASS_VOLATILE,
	.uuid_field = -1,
	.name_field = -1,
};

const struct class_type *const classes[CLASS_N] = {
	&class_lamp,
	&class_shade,
};
