/*
 * A small data model for tests of the store: boxes hold things (a relation),
 * things have labels (a relation of many to many), a visit lives in memory
 * only and goes with its box, a key is local to the host and has a secret.
 * Written by hand in the form that the scanner emits.
 */
#ifndef UNIT_MODEL_H
#define UNIT_MODEL_H

#include "db/db.h"

enum { CLASS_BOX, CLASS_THING, CLASS_LABEL, CLASS_VISIT, CLASS_KEY, CLASS_N };

enum colour { RED, GREEN, BLUE };

struct box {
	struct object obj;
	const char *uuid;
	const char *name_label;
	struct vec things;		/* derived */
	struct vec visits;		/* derived */
};

struct size {
	int64_t width;
	const char *unit;
};

struct thing {
	struct object obj;
	const char *uuid;
	const char *name_label;
	int64_t weight;
	double price;
	bool broken;
	int colour;
	int64_t bought;
	struct ref box;
	struct vec labels;		/* refs, near end */
	struct vec tags;
	struct vec other_config;
	struct vec colours;		/* map string -> enum */
	struct size size;
	int64_t temperature;		/* volatile */
	const char *slot;		/* local */
};

struct label {
	struct object obj;
	const char *uuid;
	struct vec things;		/* derived */
};

struct visit {
	struct object obj;
	const char *uuid;
	struct ref box;
	const char *note;
	struct ref key;			/* goes with the visit */
};

struct key {
	struct object obj;
	const char *secret;
};

extern const struct class_type *const model_classes[CLASS_N];
extern const struct class_type class_box, class_thing, class_label,
    class_visit, class_key;

#endif
