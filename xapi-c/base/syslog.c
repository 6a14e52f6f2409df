#include "base/syslog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostname.h"

#define FACILITY_DAEMON 3
#define TIME_LEN 25			/* "2026-11-28_13:45:58.12345" */
#define DATE_LEN 10

/* Splits it where its port begins, if it names one. */
static const char *
split(const char *text, const char **host, size_t *len, const char **port)
{
	const char *end;

	*host = text;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return "an address in brackets does not end";
		*host = text + 1;
		*len = (size_t)(end - *host);
		*port = end[1] ? end + 2 : NULL;
		return NULL;
	}
	end = strchr(text, ':');
	if (end && strchr(end + 1, ':'))
		end = NULL;		/* IPv6 */
	*len = end ? (size_t)(end - text) : strlen(text);
	*port = end ? end + 1 : NULL;
	return NULL;
}

static bool
is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");
	long n = len > 0 && len < SYSLOG_PORT_SIZE && !text[len] ?
	    strtol(text, NULL, 10) : 0;

	return n > 0 && n <= 65535;
}

const char *
syslog_destination_parse(const char *text, struct syslog_destination *out)
{
	const char *host, *port = NULL, *problem;
	size_t len = 0;

	problem = split(text, &host, &len, &port);
	if (problem)
		return problem;
	if (len >= sizeof(out->host))
		return "it is too long";
	memcpy(out->host, host, len);
	out->host[len] = '\0';
	problem = server_name_problem(out->host);
	if (problem)
		return problem;
	if (!port)
		port = SYSLOG_PORT;
	if (!is_port(port))
		return "the port is no number from 1 to 65535";
	snprintf(out->port, sizeof(out->port), "%s", port);
	return NULL;
}

static bool
has_time(const char *line, size_t len)
{
	static const char form[] = "dddd-dd-dd_dd:dd:dd.ddddd ";

	if (len < sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? line[i] < '0' || line[i] > '9' :
		    line[i] != form[i])
			return false;
	return true;
}

static int
severity(const char *text, size_t len)
{
	static const struct {
		const char *word;
		int severity;
	} words[] = {
		{ "error: ", 3 }, { "warning: ", 4 },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len >= strlen(words[i].word) && !memcmp(text,
		    words[i].word, strlen(words[i].word)))
			return words[i].severity;
	return 6;
}

size_t
syslog_message(const char *hostname, const char *service, const char *line,
    size_t len, char out[static SYSLOG_MESSAGE_MAX])
{
	bool timed = has_time(line, len);
	size_t skip = timed ? TIME_LEN + 1 : 0;
	const char *text = line + skip;
	size_t n;

	len -= skip;
	n = (size_t)snprintf(out, SYSLOG_MESSAGE_MAX,
	    "<%d>1 %.*s%s%.*s%s %.63s %.47s - - - ",
	    FACILITY_DAEMON * 8 + severity(text, len),
	    timed ? DATE_LEN : 0, line, timed ? "T" : "-",
	    timed ? TIME_LEN - DATE_LEN - 1 : 0,
	    timed ? line + DATE_LEN + 1 : "",
	    timed ? "Z" : "", *hostname ? hostname : "-", service);
	if (len > SYSLOG_MESSAGE_MAX - n)
		len = SYSLOG_MESSAGE_MAX - n;
	for (size_t i = 0; i < len; i++)
		out[n + i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
	return n + len;
}
