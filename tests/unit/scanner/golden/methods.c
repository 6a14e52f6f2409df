/*
 * Generated from ui-protocol/xenapi/ by the scanner; do not edit.
 */
#include <stdlib.h>
#include <string.h>

#include "gen/methods.h"

static const struct lamp_create_args lamp_create_args_default;
static const struct field lamp_create_args_fields[] = {
	{ "args", &type_lamp_record, 1,
	    offsetof(struct lamp_create_args, args),
	    FIELD_REQUIRED, 0, -1, -1 },
};
static const struct record_type lamp_create_args_type =
	{ "Lamp.create",
	    lamp_create_args_fields, 1,
	    sizeof(struct lamp_create_args),
	    &lamp_create_args_default };
static int
run_lamp_create(struct call *c, const void *args, void *result)
{
	return api_lamp_create(c, args, result);
}

static const struct lamp_dim_args lamp_dim_args_default = {
	.by = 0.5,
};
static const struct field lamp_dim_args_fields[] = {
	{ "self", &type_lamp_ref, 1,
	    offsetof(struct lamp_dim_args, self),
	    FIELD_REQUIRED, 0, -1, -1 },
	{ "by", &type_float, 2,
	    offsetof(struct lamp_dim_args, by),
	    0, 0, -1, -1 },
};
static const struct record_type lamp_dim_args_type =
	{ "Lamp.dim",
	    lamp_dim_args_fields, 2,
	    sizeof(struct lamp_dim_args),
	    &lamp_dim_args_default };
static int
run_lamp_dim(struct call *c, const void *args, void *result)
{
	(void)result;
	return api_lamp_dim(c, args);
}

struct lamp_burn_args {
	struct ref self;	/* Lamp ref */
};
static const struct lamp_burn_args lamp_burn_args_default;
static const struct field lamp_burn_args_fields[] = {
	{ "self", &type_lamp_ref, 1,
	    offsetof(struct lamp_burn_args, self),
	    FIELD_REQUIRED, 0, -1, -1 },
};
static const struct record_type lamp_burn_args_type =
	{ "Lamp.burn",
	    lamp_burn_args_fields, 1,
	    sizeof(struct lamp_burn_args),
	    &lamp_burn_args_default };


static const char *const lamp_explode_params[] = { "glass", NULL };
static const struct refusal lamp_explode_refused = {
	"LAMP_BROKEN", lamp_explode_params, 1
};
struct lamp_explode_args {
	struct ref self;	/* Lamp ref */
};
static const struct lamp_explode_args lamp_explode_args_default;
static const struct field lamp_explode_args_fields[] = {
	{ "self", &type_lamp_ref, 1,
	    offsetof(struct lamp_explode_args, self),
	    FIELD_REQUIRED, 0, -1, -1 },
};
static const struct record_type lamp_explode_args_type =
	{ "Lamp.explode",
	    lamp_explode_args_fields, 1,
	    sizeof(struct lamp_explode_args),
	    &lamp_explode_args_default };

const struct method methods[] = {
	{ "Lamp.add_to_labels", METHOD_ADD_TO, CLASS_LAMP,
	    LAMP_FIELD_LABELS, 0, ROLE_ADMIN,
	    NULL, &type_void, NULL, 3, 3,
	    NULL },
	{ "Lamp.burn", METHOD_EXPLICIT, CLASS_LAMP,
	    -1, METHOD_LATER, ROLE_ADMIN,
	    &lamp_burn_args_type, &type_void,
	    NULL, 1, 1, NULL },
	{ "Lamp.create", METHOD_CTOR, CLASS_LAMP,
	    -1, METHOD_ASYNC, ROLE_ADMIN,
	    &lamp_create_args_type, &type_lamp_ref,
	    run_lamp_create, 1, 1, NULL },
	{ "Lamp.dim", METHOD_EXPLICIT, CLASS_LAMP,
	    -1, 0, ROLE_GUEST,
	    &lamp_dim_args_type, &type_void,
	    run_lamp_dim, 1, 2, NULL },
	{ "Lamp.explode", METHOD_EXPLICIT, CLASS_LAMP,
	    -1, 0, ROLE_ADMIN,
	    &lamp_explode_args_type, &type_void,
	    NULL, 1, 1, &lamp_explode_refused },
	{ "Lamp.flicker", METHOD_EXPLICIT, CLASS_LAMP,
	    -1, METHOD_REMOVED, ROLE_GUEST,
	    NULL, &type_void,
	    NULL, 0, 0, NULL },
	{ "Lamp.get_all", METHOD_GET_ALL, CLASS_LAMP,
	    -1, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref_set, NULL, 0, 0,
	    NULL },
	{ "Lamp.get_all_records", METHOD_GET_ALL_RECORDS, CLASS_LAMP,
	    -1, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref_to_lamp_record_map, NULL, 0, 0,
	    NULL },
	{ "Lamp.get_all_records_where", METHOD_GET_ALL_RECORDS_WHERE, CLASS_LAMP,
	    -1, METHOD_HIDDEN, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref_to_lamp_record_map, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_all_where", METHOD_GET_ALL_WHERE, CLASS_LAMP,
	    -1, METHOD_HIDDEN, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref_set, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_by_name_label", METHOD_GET_BY_NAME_LABEL, CLASS_LAMP,
	    -1, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref_set, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_by_uuid", METHOD_GET_BY_UUID, CLASS_LAMP,
	    -1, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_int", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_INT, 0, ROLE_READ_ONLY,
	    NULL, &type_int_set, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_labels", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_LABELS, 0, ROLE_READ_ONLY,
	    NULL, &type_string_map, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_name_label", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_NAME_LABEL, 0, ROLE_READ_ONLY,
	    NULL, &type_string, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_next", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_NEXT, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_previous", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_PREVIOUS, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref_set, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_record", METHOD_GET_RECORD, CLASS_LAMP,
	    -1, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_record, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_shade", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_SHADE, 0, ROLE_READ_ONLY,
	    NULL, &type_shade_ref, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_shades", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_SHADES, 0, ROLE_READ_ONLY,
	    NULL, &type_shade_ref_set, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_state", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_STATE, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_state_enum, NULL, 1, 1,
	    NULL },
	{ "Lamp.get_uuid", METHOD_GET, CLASS_LAMP,
	    LAMP_FIELD_UUID, 0, ROLE_READ_ONLY,
	    NULL, &type_string, NULL, 1, 1,
	    NULL },
	{ "Lamp.remove_from_labels", METHOD_REMOVE_FROM, CLASS_LAMP,
	    LAMP_FIELD_LABELS, 0, ROLE_ADMIN,
	    NULL, &type_void, NULL, 2, 2,
	    NULL },
	{ "Lamp.set_labels", METHOD_SET, CLASS_LAMP,
	    LAMP_FIELD_LABELS, 0, ROLE_ADMIN,
	    NULL, &type_void, NULL, 2, 2,
	    NULL },
	{ "Lamp.set_name_label", METHOD_SET, CLASS_LAMP,
	    LAMP_FIELD_NAME_LABEL, 0, ROLE_ADMIN,
	    NULL, &type_void, NULL, 2, 2,
	    NULL },
	{ "Shade.get_all", METHOD_GET_ALL, CLASS_SHADE,
	    -1, METHOD_REMOVED, ROLE_GUEST,
	    NULL, &type_shade_ref_set, NULL, 0, 0,
	    NULL },
	{ "Shade.get_all_records", METHOD_GET_ALL_RECORDS, CLASS_SHADE,
	    -1, METHOD_REMOVED, ROLE_GUEST,
	    NULL, &type_shade_ref_to_shade_record_map, NULL, 0, 0,
	    NULL },
	{ "Shade.get_all_records_where", METHOD_GET_ALL_RECORDS_WHERE, CLASS_SHADE,
	    -1, METHOD_HIDDEN | METHOD_REMOVED, ROLE_GUEST,
	    NULL, &type_shade_ref_to_shade_record_map, NULL, 1, 1,
	    NULL },
	{ "Shade.get_all_where", METHOD_GET_ALL_WHERE, CLASS_SHADE,
	    -1, METHOD_HIDDEN | METHOD_REMOVED, ROLE_GUEST,
	    NULL, &type_shade_ref_set, NULL, 1, 1,
	    NULL },
	{ "Shade.get_colours", METHOD_GET, CLASS_SHADE,
	    SHADE_FIELD_COLOURS, METHOD_REMOVED, ROLE_ADMIN,
	    NULL, &type_string_set, NULL, 1, 1,
	    NULL },
	{ "Shade.get_lamps", METHOD_GET, CLASS_SHADE,
	    SHADE_FIELD_LAMPS, 0, ROLE_READ_ONLY,
	    NULL, &type_lamp_ref_set, NULL, 1, 1,
	    NULL },
	{ "Shade.get_record", METHOD_GET_RECORD, CLASS_SHADE,
	    -1, METHOD_REMOVED, ROLE_GUEST,
	    NULL, &type_shade_record, NULL, 1, 1,
	    NULL },
};
const int n_methods = 32;

const struct key_role key_roles[] = {
	{ CLASS_LAMP, LAMP_FIELD_LABELS, "x*", ROLE_GUEST },
	{ -1, -1, NULL, 0 },
};
const int n_key_roles = 1;

const struct later laters[] = {
	{ CLASS_LAMP, LAMP_FIELD_STATE, NULL, "half-lit", NULL,
	    "it has no dimmer" },
	{ CLASS_LAMP, LAMP_FIELD_LABELS, "colour", NULL, "white",
	    "it has one bulb" },
	{ -1, -1, NULL, NULL, NULL, NULL },
};
const int n_laters = 2;

const struct error_doc error_docs[] = {
	{ "LAMP_BROKEN",
	    "It is broken.",
	    "lamp" },
	{ NULL, NULL, NULL },
};
const int n_error_docs = 1;

static int
compare_method(const void *name, const void *m)
{
	return strcmp(name, ((const struct method *)m)->name);
}

const struct method *
method_find(const char *name)
{
	return bsearch(name, methods, (size_t)n_methods, sizeof(methods[0]),
	    compare_method);
}
