/* Hexadecimal digits, of either case, in text that others wrote.  Any thread. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

/* Two digits at p, where text may end: 0 to 255, or -1. */
int hex_byte(const char *p);

#endif
