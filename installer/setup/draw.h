/*
 * The pages on a terminal of 80 columns and 24 lines or more, with ncurses, its
 * forms and menus; nothing else includes those.  One terminal, standard input
 * and output; one thread.
 */
#ifndef INSTALLER_SETUP_DRAW_H
#define INSTALLER_SETUP_DRAW_H

#include <stdbool.h>

#include "setup/setup.h"

enum draw_key {
	DRAW_NEXT,			/* Enter */
	DRAW_BACK,			/* Esc */
	DRAW_QUIT			/* Ctrl-C, or the line was hung up */
};

/* False if the terminal cannot be used.  draw_end undoes it. */
bool draw_start(void);
void draw_end(void);

/* Lets the page that s is at be filled in, beginning with its field number
 * focus; problem, which may be NULL, is shown below. */
enum draw_key draw_page(struct setup *s, int focus, const char *problem);
/* The same for one that is a list and none of setup.h's; its choice may have no
 * option at all, then any of the keys will do. */
enum draw_key draw_list(struct page *p);
/* How far the installation is; left_s: seconds, -1 if not known yet. */
void draw_progress(const char *what, int percent, int left_s);

#endif
