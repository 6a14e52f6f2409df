/*
 * What a guest prints, on its way to the terminal, without what libvterm does
 * not bear: sequences of more than OUTPUT_ARGS arguments, which it writes
 * behind their array; controls between an escape and what it escapes, after
 * which it reads behind what was printed; U+0080 to U+009F, which it prints
 * with a width of -1; and repeats of a character (REP, CSI
 * Ps b), which do not end after one that takes no column, or after none.  These
 * are printed here, OUTPUT_REPEATS at the most.  No argument is above
 * OUTPUT_NUMBER.
 */
#ifndef RFB_OUTPUT_H
#define RFB_OUTPUT_H

#include <stddef.h>
#include <vterm.h>

#define OUTPUT_ARGS 16
#define OUTPUT_NUMBER 9999
#define OUTPUT_REPEATS 80		/* a row */

enum output_in { OUTPUT_TEXT, OUTPUT_ESCAPE, OUTPUT_SEQUENCE };

/* All zero at first. */
struct output {
	enum output_in in;
	int args;			/* of the sequence; the last is */
	int number;
	unsigned char before;		/* byte of text; 0: none */
	char last[4];			/* character, UTF-8 */
	size_t n_last;
};

void output_print(struct output *o, VTerm *vt, const char *data, size_t len);

#endif
