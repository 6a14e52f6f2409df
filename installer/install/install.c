#include "install/install.h"

#include <stdarg.h>
#include <stdio.h>

int
install_fail(struct install *in, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(in->why, sizeof in->why, fmt, ap);
	va_end(ap);
	return -1;
}
