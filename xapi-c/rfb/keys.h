/* From the keys of a viewer (X keysyms) to those of a terminal. */
#ifndef RFB_KEYS_H
#define RFB_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include <vterm.h>

/* What is held down at present; zeroed: nothing. */
struct keys {
	VTermModifier held;
};

/* Types it into the terminal. */
void keys_event(struct keys *k, VTerm *vt, uint32_t keysym, bool down);

#endif
