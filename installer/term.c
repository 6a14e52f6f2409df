#include "term.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define KEY_CTRL_C 3
#define KEY_CTRL_U 21
#define KEY_ESC 27
#define KEY_DELETE 127

static struct termios before;
static bool is_known, is_raw, is_gone;

void
term_raw(void)
{
	struct termios t;

	/* once: a shell that ran in between may have left others */
	is_known = is_known || tcgetattr(STDIN_FILENO, &before) == 0;
	if (is_raw || !is_known)
		return;
	t = before;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	t.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
}

void
term_restore(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	is_raw = false;
}

int
term_key(int timeout_ms)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned char c;
	ssize_t r;

	if (poll(&p, 1, timeout_ms) <= 0)
		return -1;
	r = read(STDIN_FILENO, &c, 1);
	if (r == 1)
		return c;
	if (r == 0 || (errno != EINTR && errno != EAGAIN))
		is_gone = true;
	return -1;
}

bool
term_is_gone(void)
{
	return is_gone;
}

void
term_clear(void)
{
	fputs("\033[H\033[2J", stdout);
}

static void
erase(size_t *len, bool secret)
{
	if (*len == 0)
		return;
	(*len)--;
	if (!secret)
		fputs("\b \b", stdout);
}

/* One key of a line; true when the line is complete. */
static bool
edit(int key, char *buf, size_t size, size_t *len, bool secret)
{
	if (key == '\r' || key == '\n')
		return true;
	if (key == KEY_CTRL_U) {
		while (*len > 0)
			erase(len, secret);
	} else if (key == '\b' || key == KEY_DELETE) {
		erase(len, secret);
	} else if (key >= ' ' && *len + 1 < size) {
		buf[(*len)++] = (char)key;
		if (!secret)
			putchar(key);
	}
	return false;
}

bool
term_ask(const char *prompt, char *buf, size_t size, bool secret)
{
	size_t len = 0;

	printf("%s", prompt);
	for (;;) {
		int key;

		fflush(stdout);
		key = term_key(-1);
		if (key == KEY_CTRL_C || key == KEY_ESC || is_gone) {
			fputs("\r\n", stdout);
			return false;
		}
		if (key != -1 && edit(key, buf, size, &len, secret))
			break;
	}
	buf[len] = '\0';
	fputs("\r\n", stdout);
	return true;
}
