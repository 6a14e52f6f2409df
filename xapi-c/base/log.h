/*
 * Log lines to standard error, one write each; svlogd stores and bounds them.
 * Lower case, no full stop, failure first, subject quoted.  Any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
