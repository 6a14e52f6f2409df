/*
 * Generated from ui-protocol/xenops.xml by the scanner; do not edit.
 * The messages between xapi and xenopsd.
 */
#ifndef GEN_XENOPS_H
#define GEN_XENOPS_H

#include "base/type.h"

#define XENOPS_VERSION 3

enum xenops_colour {
	XENOPS_COLOUR_RED, XENOPS_COLOUR_BLUE, XENOPS_COLOUR_N
};
extern const struct enum_type enum_xenops_colour;

struct xenops_bulb {
	int64_t watt;
	int colour;	/* enum xenops_colour */
};
extern const struct record_type xenops_bulb_type;

/* Puts bulbs in. */
struct xenops_screw_args {
	struct vec bulbs;	/* record bulb set */
};
extern const struct record_type xenops_screw_args_type;

struct xenops_screw_result {
	struct xenops_bulb lit;
};
extern const struct record_type xenops_screw_result_type;

/* A bulb is gone. */
struct xenops_blown {
	struct blob which;
};
extern const struct record_type xenops_blown_type;

enum xenops_message {
	XENOPS_SCREW,
	XENOPS_OFF,
	XENOPS_BLOWN,
	XENOPS_N
};

struct xenops_message_type {
	const char *name;
	bool worker;	/* runs in a process of its own */
	bool event;
	const struct record_type *args;		/* NULL: none */
	const struct record_type *result;	/* NULL: none */
};
extern const struct xenops_message_type xenops_messages[XENOPS_N];

#endif
