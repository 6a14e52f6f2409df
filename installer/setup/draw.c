#include "setup/draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>
#include <form.h>
#include <menu.h>

#define KEY_CTRL_C 3
#define KEY_CTRL_H 8
#define KEY_CTRL_L 12
#define KEY_CTRL_U 21
#define KEY_ESC 27
#define KEY_RUBOUT 127

#define TEXT_ROW 2
#define INDENT 2
#define LABEL_WIDTH 18
#define FIELD_WIDTH 52
#define BAR_WIDTH 60
#define BELOW_ROWS 3			/* problem, blank, keys */

static SCREEN *screen;

/* The screen of a machine is the kernel's; what is at the other end of a
 * serial line knows as much as a VT220 does. */
bool
draw_start(void)
{
	const char *tty = ttyname(STDIN_FILENO);

	screen = newterm(tty && strncmp(tty, "/dev/tty", 8) == 0 &&
	    tty[8] >= '0' && tty[8] <= '9' ? "linux" : "vt220", stdout, stdin);
	if (!screen)
		return false;
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	return true;
}

void
draw_end(void)
{
	if (!screen)
		return;
	clear();
	refresh();
	endwin();
	delscreen(screen);
	screen = NULL;
}

/* -- what all pages have -- */

static void
bar(int row, const char *text)
{
	attron(A_REVERSE);
	mvprintw(row, 0, " %-*.*s", COLS - 2, COLS - 2, text);
	attroff(A_REVERSE);
}

/* A text of several lines, those too long broken at blanks; its rows. */
static int
paragraph(int row, const char *text)
{
	int width = COLS - 2 * INDENT, rows = 0;

	while (*text && row + rows < LINES - BELOW_ROWS) {
		int len = (int)strcspn(text, "\n"), take = len;

		if (take > width) {
			for (take = width; take > 0 && text[take] != ' ';)
				take--;
			take = take ? take : width;
		}
		mvprintw(row + rows++, INDENT, "%.*s", take, text);
		text += take;
		text += *text == '\n' || *text == ' ';
	}
	return rows;
}

/* The row below the text. */
static int
frame(const struct page *p, const char *problem, const char *keys)
{
	char title[SETUP_LINE];

	/* whatever the kernel or Xen wrote in between goes */
	clear();
	snprintf(title, sizeof title, "Bedplate installation: %s", p->title);
	bar(0, title);
	bar(LINES - 1, keys);
	if (problem) {
		attron(A_BOLD);
		mvprintw(LINES - BELOW_ROWS, INDENT, "%.*s",
		    COLS - 2 * INDENT, problem);
		attroff(A_BOLD);
	}
	return TEXT_ROW + paragraph(TEXT_ROW, p->text) + 1;
}

/* The keys that mean the same everywhere; false if it is another. */
static bool
common_key(int c, enum draw_key *out)
{
	switch (c) {
	case ERR:			/* the line was hung up */
	case KEY_CTRL_C:
		*out = DRAW_QUIT;
		return true;
	case KEY_ESC:
		*out = DRAW_BACK;
		return true;
	case '\r':
	case '\n':
	case KEY_ENTER:
		*out = DRAW_NEXT;
		return true;
	}
	return false;
}

/* -- a list -- */

struct list {
	struct setup *s;		/* NULL: none of its pages */
	struct page *p;
	MENU *menu;
	ITEM *items[SETUP_OPTIONS + 1];
	int note_row;
};

static void
list_note(struct list *l)
{
	if (l->s)
		setup_page(l->s, l->p);
	move(l->note_row, 0);
	clrtobot();
	paragraph(l->note_row, l->p->note);
}

static void
list_move(struct list *l, int c)
{
	switch (c) {
	case KEY_UP:
	case KEY_BTAB:
		menu_driver(l->menu, REQ_UP_ITEM);
		break;
	case KEY_DOWN:
	case '\t':
		menu_driver(l->menu, REQ_DOWN_ITEM);
		break;
	case KEY_CTRL_L:
		clearok(curscr, TRUE);
		break;
	}
	*l->p->fields[0].chosen = item_index(current_item(l->menu));
}

static bool
list_open(struct list *l, int row)
{
	struct field *f = &l->p->fields[0];
	int rows = LINES - row - BELOW_ROWS - 4;

	rows = rows > f->n ? f->n : rows < 1 ? 1 : rows;
	for (int i = 0; i < f->n; i++)
		l->items[i] = new_item(f->options[i], "");
	l->menu = new_menu(l->items);
	if (!l->menu)
		return false;
	set_menu_sub(l->menu, derwin(stdscr, rows, COLS - 2 * INDENT, row,
	    INDENT));
	set_menu_format(l->menu, rows, 1);
	set_menu_mark(l->menu, "> ");
	post_menu(l->menu);
	set_current_item(l->menu, l->items[*f->chosen]);
	l->note_row = row + rows + 1;
	return true;
}

static void
list_close(struct list *l)
{
	WINDOW *sub = l->menu ? menu_sub(l->menu) : NULL;

	if (l->menu) {
		unpost_menu(l->menu);
		free_menu(l->menu);
	}
	if (sub)
		delwin(sub);
	for (int i = 0; l->items[i]; i++)
		free_item(l->items[i]);
}

/* The keys' line is written again with each note, which clears to the end. */
static enum draw_key
list_run(struct setup *s, struct page *p, const char *problem)
{
	static const char keys[] =
	    "Enter next    Up/Down choose    Esc back    Ctrl-C end";
	struct list l = { .s = s, .p = p };
	enum draw_key key = DRAW_QUIT;
	int row = frame(p, problem, keys), c = 0;

	curs_set(0);
	if (p->fields[0].n && !list_open(&l, row))
		goto out;
	do {
		if (l.menu) {
			list_move(&l, c);
			list_note(&l);
		}
		bar(LINES - 1, keys);
		if (problem && c == 0)
			mvprintw(LINES - BELOW_ROWS, INDENT, "%s", problem);
		refresh();
		c = getch();
	} while (!common_key(c, &key));
out:
	list_close(&l);
	return key;
}

enum draw_key
draw_list(struct page *p)
{
	return list_run(NULL, p, NULL);
}

/* -- a form -- */

struct sheet {
	struct setup *s;
	struct page p;
	FORM *form;
	FIELD *fields[SETUP_FIELDS + 1];
	int row;			/* of the first field */
};

static struct field *
sheet_field(struct sheet *sh)
{
	return &sh->p.fields[field_index(current_field(sh->form))];
}

/* What the form shows of a field that it does not edit itself. */
static void
sheet_show(struct sheet *sh, int i)
{
	struct field *f = &sh->p.fields[i];
	char text[FIELD_WIDTH + 1];
	size_t n;

	if (f->kind == FIELD_CHOICE) {
		snprintf(text, sizeof text, "< %.46s >",
		    f->options[*f->chosen]);
	} else {
		n = strlen(f->text);
		n = n > FIELD_WIDTH ? FIELD_WIDTH : n;
		memset(text, '*', n);
		text[n] = '\0';
	}
	set_field_buffer(sh->fields[i], 0, text);
}

/* A choice decides which fields there are, and the place where keys go is
 * marked. */
static void
sheet_refresh(struct sheet *sh)
{
	FIELD *now = current_field(sh->form);

	setup_page(sh->s, &sh->p);
	for (int i = 0; i < sh->p.n_fields; i++) {
		bool on = sh->p.fields[i].enabled;

		if (sh->fields[i] != now)
			(on ? field_opts_on : field_opts_off)(sh->fields[i],
			    O_ACTIVE | O_VISIBLE);
		set_field_back(sh->fields[i], sh->fields[i] == now ?
		    A_REVERSE : A_UNDERLINE);
		mvprintw(sh->row + i, INDENT, "%-*s", LABEL_WIDTH - 1,
		    on ? sh->p.fields[i].label : "");
	}
	pos_form_cursor(sh->form);
	refresh();
}

/* What was typed goes into the model. */
static void
sheet_sync(struct sheet *sh)
{
	form_driver(sh->form, REQ_VALIDATION);
	for (int i = 0; i < sh->p.n_fields; i++) {
		struct field *f = &sh->p.fields[i];
		const char *text = field_buffer(sh->fields[i], 0);
		size_t n;

		if (f->kind != FIELD_TEXT)
			continue;
		text += strspn(text, " ");
		n = strlen(text);
		while (n > 0 && text[n - 1] == ' ')
			n--;
		snprintf(f->text, f->size, "%.*s", (int)n, text);
	}
}

static void
sheet_choose(struct sheet *sh, int c)
{
	struct field *f = sheet_field(sh);
	int step = c == KEY_LEFT ? f->n - 1 : c == KEY_RIGHT || c == ' ';

	sheet_sync(sh);
	*f->chosen = (*f->chosen + step) % f->n;
	sheet_show(sh, field_index(current_field(sh->form)));
}

static void
sheet_secret(struct sheet *sh, int c)
{
	struct field *f = sheet_field(sh);
	size_t n = strlen(f->text);

	if (c == KEY_CTRL_U)
		explicit_bzero(f->text, f->size);
	else if ((c == KEY_BACKSPACE || c == KEY_RUBOUT || c == KEY_CTRL_H) &&
	    n > 0)
		f->text[n - 1] = '\0';
	else if (c >= ' ' && c < 256 && c != KEY_RUBOUT && n + 1 < f->size) {
		f->text[n] = (char)c;
		f->text[n + 1] = '\0';
	}
	sheet_show(sh, field_index(current_field(sh->form)));
	form_driver(sh->form, REQ_END_FIELD);
}

static void
sheet_edit(struct sheet *sh, int c)
{
	switch (c) {
	case KEY_LEFT:
		form_driver(sh->form, REQ_LEFT_CHAR);
		break;
	case KEY_RIGHT:
		form_driver(sh->form, REQ_RIGHT_CHAR);
		break;
	case KEY_HOME:
		form_driver(sh->form, REQ_BEG_FIELD);
		break;
	case KEY_END:
		form_driver(sh->form, REQ_END_FIELD);
		break;
	case KEY_BACKSPACE:
	case KEY_RUBOUT:
	case KEY_CTRL_H:
		form_driver(sh->form, REQ_DEL_PREV);
		break;
	case KEY_DC:
		form_driver(sh->form, REQ_DEL_CHAR);
		break;
	case KEY_CTRL_U:
		form_driver(sh->form, REQ_CLR_FIELD);
		break;
	default:
		if (c >= ' ' && c < KEY_RUBOUT)
			form_driver(sh->form, c);
	}
}

static void
sheet_key(struct sheet *sh, int c)
{
	static void (*const by_kind[])(struct sheet *, int) =
	    { sheet_edit, sheet_secret, sheet_choose };

	switch (c) {
	case KEY_DOWN:
	case '\t':
		form_driver(sh->form, REQ_NEXT_FIELD);
		form_driver(sh->form, REQ_END_FIELD);
		break;
	case KEY_UP:
	case KEY_BTAB:
		form_driver(sh->form, REQ_PREV_FIELD);
		form_driver(sh->form, REQ_END_FIELD);
		break;
	case KEY_CTRL_L:
		clearok(curscr, TRUE);
		break;
	default:
		by_kind[sheet_field(sh)->kind](sh, c);
	}
}

static bool
sheet_open(struct sheet *sh, int focus)
{
	for (int i = 0; i < sh->p.n_fields; i++) {
		struct field *f = &sh->p.fields[i];
		FIELD *to = new_field(1, FIELD_WIDTH, i, 0, 0, 0);

		if (!to)
			return false;
		sh->fields[i] = to;
		field_opts_off(to, O_AUTOSKIP | O_STATIC);
		if (!f->enabled)
			field_opts_off(to, O_ACTIVE | O_VISIBLE);
		if (f->kind == FIELD_TEXT) {
			set_max_field(to, (int)f->size - 1);
			set_field_buffer(to, 0, f->text);
		} else {
			field_opts_off(to, O_EDIT);
			sheet_show(sh, i);
		}
	}
	sh->form = new_form(sh->fields);
	if (!sh->form)
		return false;
	set_form_sub(sh->form, derwin(stdscr, sh->p.n_fields, FIELD_WIDTH,
	    sh->row, INDENT + LABEL_WIDTH));
	form_opts_off(sh->form, O_BS_OVERLOAD | O_NL_OVERLOAD);
	if (post_form(sh->form) != E_OK)
		return false;
	set_current_field(sh->form, sh->fields[focus]);
	form_driver(sh->form, REQ_INS_MODE);
	form_driver(sh->form, REQ_END_FIELD);
	return true;
}

static void
sheet_close(struct sheet *sh)
{
	WINDOW *sub = sh->form ? form_sub(sh->form) : NULL;

	if (sh->form) {
		unpost_form(sh->form);
		free_form(sh->form);
	}
	if (sub)
		delwin(sub);
	for (int i = 0; sh->fields[i]; i++)
		free_field(sh->fields[i]);
}

static enum draw_key
sheet_run(struct sheet *sh, int focus, const char *problem)
{
	enum draw_key key = DRAW_QUIT;
	int c;

	sh->row = frame(&sh->p, problem,
	    "Enter next    Tab, arrows move    Esc back    Ctrl-C end");
	curs_set(1);
	if (!sheet_open(sh, focus))
		goto out;
	for (;;) {
		sheet_refresh(sh);
		c = getch();
		if (common_key(c, &key))
			break;
		sheet_key(sh, c);
	}
	sheet_sync(sh);
out:
	sheet_close(sh);
	return key;
}

enum draw_key
draw_page(struct setup *s, int focus, const char *problem)
{
	struct sheet sh = { .s = s };

	setup_page(s, &sh.p);
	return sh.p.is_list ? list_run(s, &sh.p, problem) :
	    sheet_run(&sh, focus, problem);
}

/* -- while it works -- */

void
draw_progress(const char *what, int percent, int left_s)
{
	struct page p = { .title = "Installing" };
	int full = percent * BAR_WIDTH / 100, row;

	snprintf(p.text, sizeof p.text, "%s ...", what);
	row = frame(&p, NULL, "Do not switch off");
	curs_set(0);
	for (int i = 0; i < BAR_WIDTH; i++) {
		attrset(i < full ? A_REVERSE : A_UNDERLINE);
		mvaddch(row, INDENT + i, ' ');
	}
	attrset(A_NORMAL);
	printw("  %d %%", percent);
	if (left_s >= 0)
		mvprintw(row + 2, INDENT, "about %d:%02d minutes left",
		    left_s / 60, left_s % 60);
	refresh();
}
