/* The tables of tests/unit/model.h; included by one file of each program. */
#ifndef UNIT_MODEL_TABLES_H
#define UNIT_MODEL_TABLES_H

#include "model.h"

#define FIELD(s, m, ty, tg, fl) \
	{ .name = #m, .type = (ty), .tag = (tg), \
	  .offset = offsetof(struct s, m), .flags = (fl), \
	  .far_class = -1, .far_field = -1 }
#define RELATION(s, m, ty, tg, fl, cl, fd) \
	{ .name = #m, .type = (ty), .tag = (tg), \
	  .offset = offsetof(struct s, m), .flags = (fl), \
	  .far_class = (cl), .far_field = (fd) }
#define FIELDS(a) .fields = (a), .n = sizeof(a) / sizeof((a)[0])

static const char *const colour_names[] = { "red", "green", "blue" };
static const struct enum_type enum_colour = { "colour", colour_names, 3, false };
static const struct type type_colour = {
	.kind = KIND_ENUM, .size = sizeof(int), .en = &enum_colour,
};
static const struct type type_colour_map = {
	.kind = KIND_MAP, .size = sizeof(struct vec),
	.key = &type_string, .elem = &type_colour,
};
static const struct type type_any_ref = {
	.kind = KIND_REF, .size = sizeof(struct ref),
};
static const struct type type_ref_set = {
	.kind = KIND_SET, .size = sizeof(struct vec), .elem = &type_any_ref,
};

static const struct field size_fields[] = {
	FIELD(size, width, &type_int, 1, 0),
	FIELD(size, unit, &type_string, 2, 0),
};
static const struct size size_default = { .unit = "mm" };
static const struct record_type size_record = {
	.name = "size", FIELDS(size_fields), .size = sizeof(struct size),
	.dflt = &size_default,
};
static const struct type type_size = {
	.kind = KIND_RECORD, .size = sizeof(struct size), .rec = &size_record,
};

static const struct field box_fields[] = {
	FIELD(box, uuid, &type_string, 1, FIELD_DURABLE),
	FIELD(box, name_label, &type_string, 2, FIELD_DURABLE),
	RELATION(box, things, &type_ref_set, 3, FIELD_DURABLE | FIELD_DERIVED,
	    CLASS_THING, 7),
	RELATION(box, visits, &type_ref_set, 4,
	    FIELD_DURABLE | FIELD_DERIVED | FIELD_CASCADE, CLASS_VISIT, 1),
};
static const struct box box_default;
const struct class_type class_box = {
	.rec = { .name = "Box", FIELDS(box_fields), .size = sizeof(struct box),
	    .dflt = &box_default },
	.event_name = "box", .id = CLASS_BOX, .uuid_field = 0, .name_field = 1,
	.flags = CLASS_DURABLE | CLASS_EVENTS, .tag = 11,
};

static const struct field thing_fields[] = {
	FIELD(thing, uuid, &type_string, 1, FIELD_DURABLE),
	FIELD(thing, name_label, &type_string, 2, FIELD_DURABLE),
	FIELD(thing, weight, &type_int, 3, FIELD_DURABLE),
	FIELD(thing, price, &type_float, 4, FIELD_DURABLE),
	FIELD(thing, broken, &type_bool, 5, FIELD_DURABLE),
	FIELD(thing, colour, &type_colour, 6, FIELD_DURABLE),
	FIELD(thing, bought, &type_datetime, 7, FIELD_DURABLE),
	RELATION(thing, box, &type_any_ref, 8, FIELD_DURABLE, CLASS_BOX, 2),
	RELATION(thing, labels, &type_ref_set, 9, FIELD_DURABLE, CLASS_LABEL,
	    1),
	FIELD(thing, tags, &type_string_set, 10, FIELD_DURABLE),
	FIELD(thing, other_config, &type_string_map, 11, FIELD_DURABLE),
	FIELD(thing, colours, &type_colour_map, 12, FIELD_DURABLE),
	FIELD(thing, size, &type_size, 13, FIELD_DURABLE),
	FIELD(thing, temperature, &type_int, 14, FIELD_VOLATILE),
	FIELD(thing, slot, &type_string, 15, FIELD_LOCAL),
};
static const struct thing thing_default = {
	.weight = 7, .colour = GREEN, .size = { 3, "mm" }, .slot = "none",
};
const struct class_type class_thing = {
	.rec = { .name = "Thing", FIELDS(thing_fields),
	    .size = sizeof(struct thing), .dflt = &thing_default },
	.event_name = "thing", .id = CLASS_THING, .uuid_field = 0,
	.name_field = 1, .flags = CLASS_DURABLE | CLASS_EVENTS, .tag = 12,
};

static const struct field label_fields[] = {
	FIELD(label, uuid, &type_string, 1, FIELD_DURABLE),
	RELATION(label, things, &type_ref_set, 2,
	    FIELD_DURABLE | FIELD_DERIVED, CLASS_THING, 8),
};
static const struct label label_default;
const struct class_type class_label = {
	.rec = { .name = "Label", FIELDS(label_fields),
	    .size = sizeof(struct label), .dflt = &label_default },
	.event_name = "label", .id = CLASS_LABEL, .uuid_field = 0,
	.name_field = -1, .flags = CLASS_DURABLE | CLASS_EVENTS, .tag = 13,
};

static const struct field visit_fields[] = {
	FIELD(visit, uuid, &type_string, 1, FIELD_DURABLE),
	RELATION(visit, box, &type_any_ref, 2, FIELD_DURABLE, CLASS_BOX, 3),
	FIELD(visit, note, &type_string, 3, FIELD_DURABLE),
	FIELD(visit, key, &type_any_ref, 4, FIELD_DURABLE | FIELD_CASCADE),
};
static const struct visit visit_default;
const struct class_type class_visit = {
	.rec = { .name = "Visit", FIELDS(visit_fields),
	    .size = sizeof(struct visit), .dflt = &visit_default },
	.event_name = "visit", .id = CLASS_VISIT, .uuid_field = 0,
	.name_field = -1, .flags = CLASS_VOLATILE, .tag = 14,
};

static const struct field key_fields[] = {
	FIELD(key, secret, &type_string, 1, FIELD_LOCAL | FIELD_SECRET),
};
static const struct key key_default;
const struct class_type class_key = {
	.rec = { .name = "Key", FIELDS(key_fields), .size = sizeof(struct key),
	    .dflt = &key_default },
	.event_name = "key", .id = CLASS_KEY, .uuid_field = -1,
	.name_field = -1, .flags = CLASS_LOCAL, .tag = 15,
};

const struct class_type *const model_classes[CLASS_N] = {
	&class_box, &class_thing, &class_label, &class_visit, &class_key,
};

#endif
