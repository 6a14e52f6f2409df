/*
 * Generated from ui-protocol/xenops.xml by the scanner; do not edit.
 */
#include "gen/xenops.h"

static const char *const xenops_colour_names[] = {
	"red", "blue",
};
const struct enum_type enum_xenops_colour = {
	"colour", xenops_colour_names, 2, false
};

static const struct type type_xenops_colour_enum = {
	.kind = KIND_ENUM, .size = sizeof(int),
	.en = &enum_xenops_colour,
};
static const struct type type_xenops_bulb_record = {
	.kind = KIND_RECORD, .size = sizeof(struct xenops_bulb),
	.rec = &xenops_bulb_type,
};
static const struct type type_xenops_bulb_record_set = {
	.kind = KIND_SET, .size = sizeof(struct vec),
	.elem = &type_xenops_bulb_record,
};
static const struct type type_blob = {
	.kind = KIND_BLOB, .size = sizeof(struct blob),
};

static const struct xenops_bulb xenops_bulb_default;
static const struct field xenops_bulb_fields[] = {
	{ "watt", &type_int, 1,
	    offsetof(struct xenops_bulb, watt),
	    0, 0, -1, -1 },
	{ "colour", &type_xenops_colour_enum, 2,
	    offsetof(struct xenops_bulb, colour),
	    0, 0, -1, -1 },
};
const struct record_type xenops_bulb_type =
	{ "bulb",
	    xenops_bulb_fields, 2,
	    sizeof(struct xenops_bulb),
	    &xenops_bulb_default };

static const struct xenops_screw_args xenops_screw_args_default;
static const struct field xenops_screw_args_fields[] = {
	{ "bulbs", &type_xenops_bulb_record_set, 1,
	    offsetof(struct xenops_screw_args, bulbs),
	    0, 0, -1, -1 },
};
const struct record_type xenops_screw_args_type =
	{ "screw",
	    xenops_screw_args_fields, 1,
	    sizeof(struct xenops_screw_args),
	    &xenops_screw_args_default };

static const struct xenops_screw_result xenops_screw_result_default;
static const struct field xenops_screw_result_fields[] = {
	{ "lit", &type_xenops_bulb_record, 1,
	    offsetof(struct xenops_screw_result, lit),
	    0, 0, -1, -1 },
};
const struct record_type xenops_screw_result_type =
	{ "screw",
	    xenops_screw_result_fields, 1,
	    sizeof(struct xenops_screw_result),
	    &xenops_screw_result_default };

static const struct xenops_blown xenops_blown_default;
static const struct field xenops_blown_fields[] = {
	{ "which", &type_blob, 1,
	    offsetof(struct xenops_blown, which),
	    0, 0, -1, -1 },
};
const struct record_type xenops_blown_type =
	{ "blown",
	    xenops_blown_fields, 1,
	    sizeof(struct xenops_blown),
	    &xenops_blown_default };

const struct xenops_message_type xenops_messages[XENOPS_N] = {
	[XENOPS_SCREW] = { "screw", true, false,
	    &xenops_screw_args_type, &xenops_screw_result_type },
	[XENOPS_OFF] = { "off", false, false,
	    NULL, NULL },
	[XENOPS_BLOWN] = { "blown", false, true,
	    &xenops_blown_type, NULL },
};
