#include "rfb/keys.h"

#include <stddef.h>

#define UNICODE 0x01000000u		/* keysyms of all other characters */
#define FUNCTION_1 0xffbe
#define FUNCTION_12 0xffc9
#define KEYPAD_FIRST 0xffaa		/* * + , - . / 0 to 9 */
#define KEYPAD_LAST 0xffb9

static const struct {
	uint32_t keysym;
	VTermModifier modifier;
} modifiers[] = {
	{ 0xffe1, VTERM_MOD_SHIFT }, { 0xffe2, VTERM_MOD_SHIFT },
	{ 0xffe3, VTERM_MOD_CTRL }, { 0xffe4, VTERM_MOD_CTRL },
	{ 0xffe7, VTERM_MOD_ALT }, { 0xffe9, VTERM_MOD_ALT },
};

static const struct {
	uint32_t keysym;
	VTermKey key;
} keys[] = {
	{ 0xff08, VTERM_KEY_BACKSPACE }, { 0xff09, VTERM_KEY_TAB },
	{ 0xfe20, VTERM_KEY_TAB },	/* with shift */
	{ 0xff0d, VTERM_KEY_ENTER }, { 0xff8d, VTERM_KEY_ENTER },
	{ 0xff1b, VTERM_KEY_ESCAPE },
	{ 0xff50, VTERM_KEY_HOME }, { 0xff51, VTERM_KEY_LEFT },
	{ 0xff52, VTERM_KEY_UP }, { 0xff53, VTERM_KEY_RIGHT },
	{ 0xff54, VTERM_KEY_DOWN }, { 0xff55, VTERM_KEY_PAGEUP },
	{ 0xff56, VTERM_KEY_PAGEDOWN }, { 0xff57, VTERM_KEY_END },
	{ 0xff63, VTERM_KEY_INS }, { 0xffff, VTERM_KEY_DEL },
	/* the same of the keypad */
	{ 0xff95, VTERM_KEY_HOME }, { 0xff96, VTERM_KEY_LEFT },
	{ 0xff97, VTERM_KEY_UP }, { 0xff98, VTERM_KEY_RIGHT },
	{ 0xff99, VTERM_KEY_DOWN }, { 0xff9a, VTERM_KEY_PAGEUP },
	{ 0xff9b, VTERM_KEY_PAGEDOWN }, { 0xff9c, VTERM_KEY_END },
	{ 0xff9e, VTERM_KEY_INS }, { 0xff9f, VTERM_KEY_DEL },
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

static bool
hold(struct keys *k, uint32_t keysym, bool down)
{
	for (size_t i = 0; i < N(modifiers); i++) {
		if (modifiers[i].keysym != keysym)
			continue;
		if (down)
			k->held |= modifiers[i].modifier;
		else
			k->held &= ~modifiers[i].modifier;
		return true;
	}
	return false;
}

static VTermKey
special(uint32_t keysym)
{
	for (size_t i = 0; i < N(keys); i++) {
		if (keys[i].keysym == keysym)
			return keys[i].key;
	}
	if (keysym >= FUNCTION_1 && keysym <= FUNCTION_12)
		return VTERM_KEY_FUNCTION(1 + keysym - FUNCTION_1);
	return VTERM_KEY_NONE;
}

/* 0: it is none. */
static uint32_t
character(uint32_t keysym)
{
	if (keysym >= KEYPAD_FIRST && keysym <= KEYPAD_LAST)
		return keysym - KEYPAD_FIRST + '*';
	if ((keysym >= 0x20 && keysym <= 0x7e) ||
	    (keysym >= 0xa0 && keysym <= 0xff))
		return keysym;
	return keysym > UNICODE && keysym <= UNICODE + 0x10ffff ?
	    keysym - UNICODE : 0;
}

/* As terminals always sent it: libvterm has newer ways for some. */
static uint32_t
controlled(uint32_t c)
{
	if (c == ' ' || (c >= '@' && c <= '_') || (c >= 'a' && c <= 'z'))
		return c & 0x1f;
	return c;
}

static void
type(VTerm *vt, uint32_t c, VTermModifier held)
{
	if (held & VTERM_MOD_CTRL)
		c = controlled(c);
	/* that shift was held, the character says already */
	vterm_keyboard_unichar(vt, c, held & VTERM_MOD_ALT);
}

void
keys_event(struct keys *k, VTerm *vt, uint32_t keysym, bool down)
{
	VTermKey key = special(keysym);
	uint32_t c = character(keysym);

	if (hold(k, keysym, down) || !down)
		return;
	if (key != VTERM_KEY_NONE)
		vterm_keyboard_key(vt, key, k->held);
	else if (c)
		type(vt, c, k->held);
}
