#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/sim/sim.h"

#define LINE_MAX_LEN 512
#define WORDS_MAX 6

enum rule_kind { RULE_FAIL, RULE_DELAY, RULE_DIE };

struct rule {
	struct rule *next;
	enum rule_kind kind;
	int message;			/* -1: any */
	int code;
	long delay_ms;
	long after;			/* requests still let through */
	long count;			/* failures left; 0: no end */
};

struct sim_faults {
	struct rule *rules;
	int fd;
	struct watch *watch;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* One client of the control socket. */
struct control {
	struct sim *m;
	struct watch *watch;
	int fd;
	size_t len;
	char line[LINE_MAX_LEN];
};

static void
clear_rules(struct sim_faults *f)
{
	while (f->rules) {
		struct rule *r = f->rules;

		f->rules = r->next;
		free(r);
	}
}

static bool
parse_message(const char *name, int *message_out)
{
	*message_out = -1;
	if (!strcmp(name, "*"))
		return true;
	for (int i = 0; i < XENOPS_N; i++) {
		if (!strcmp(xenops_messages[i].name, name)) {
			*message_out = i;
			return true;
		}
	}
	return false;
}

static bool
parse_number(const char *text, long dflt, long *out)
{
	char *end;

	*out = dflt;
	if (!text)
		return true;
	errno = 0;
	*out = strtol(text, &end, 10);
	return !*end && !errno && *out >= 0;
}

/* Adds the rule of a line "fail|delay|die MESSAGE ..."; NULL or what is bad. */
static const char *
add_rule(struct sim_faults *f, char **w)
{
	struct rule r = { 0 };
	struct rule **at = &f->rules;
	bool ok;

	if (!w[1] || !parse_message(w[1], &r.message))
		return "no such message";
	if (!strcmp(w[0], "fail")) {
		r.kind = RULE_FAIL;
		r.code = w[2] ? enum_parse(&enum_xenops_code, w[2]) : -1;
		if (r.code < 0)
			return "no such code";
		ok = parse_number(w[3], 0, &r.after) &&
		    parse_number(w[3] ? w[4] : NULL, 1, &r.count);
	} else if (!strcmp(w[0], "delay")) {
		r.kind = RULE_DELAY;
		ok = w[2] && parse_number(w[2], 0, &r.delay_ms) &&
		    parse_number(w[3], 0, &r.after);
	} else {
		r.kind = RULE_DIE;
		ok = parse_number(w[2], 0, &r.after);
	}
	if (!ok)
		return "bad number";
	while (*at)
		at = &(*at)->next;
	*at = mem_zalloc(sizeof(r));
	**at = r;
	return NULL;
}

/* Does what a line says; NULL or what is bad about it. */
static const char *
obey(struct sim *m, char *line)
{
	char *w[WORDS_MAX + 1] = { 0 };
	char *rest = line;
	int n = 0;
	long ms;

	while (n < WORDS_MAX && (w[n] = strsep(&rest, " \t\r")))
		if (*w[n])
			n++;
	w[n] = NULL;
	if (n == 0)
		return NULL;
	if (!strcmp(w[0], "fail") || !strcmp(w[0], "delay") ||
	    !strcmp(w[0], "die"))
		return add_rule(m->faults, w);
	if (!strcmp(w[0], "clear")) {
		clear_rules(m->faults);
	} else if (!strcmp(w[0], "boot") || !strcmp(w[0], "stop")) {
		if (!w[1] || !parse_number(w[1], 0, &ms))
			return "bad number";
		*(w[0][0] == 'b' ? &m->times.boot_ms :
		    &m->times.stop_ms) = ms;
	} else if (!strcmp(w[0], "guest")) {
		if (n != 3 || !sim_machine_guest(m->machine, w[1],
		    w[2]))
			return "no such guest or action";
	} else if (!strcmp(w[0], "address") && n == 2) {
		snprintf(m->address, sizeof(m->address), "%s", w[1]);
		m->cfg.address = m->address;
		sim_host_changed(m);
	} else if (!strcmp(w[0], "event")) {
		sim_host_changed(m);
	} else {
		return "unknown command";
	}
	return NULL;
}

/* "nic UUID DEVICE": NULL if it asks for something else. */
static const char *
tell(struct sim *m, const char *line)
{
	char uuid[UUID_TEXT_LEN + 1];
	const char *set;
	int device;

	if (sscanf(line, "nic %36s %d", uuid, &device) != 2)
		return NULL;
	set = sim_machine_nic(m->machine, uuid, device);
	return set ? set : "none";
}

static void
control_free(struct control *c)
{
	watch_free(c->watch);
	close(c->fd);
	free(c);
}

static void
control_ready(void *arg, uint32_t events)
{
	struct control *c = arg;
	char answer[VM_MAX_DATA_VALUE + 16];
	const char *bad, *told;
	char *end;
	ssize_t r;

	(void)events;
	r = read(c->fd, c->line + c->len, sizeof(c->line) - 1 - c->len);
	if (r <= 0) {
		control_free(c);
		return;
	}
	c->len += (size_t)r;
	c->line[c->len] = '\0';
	end = strchr(c->line, '\n');
	if (!end && c->len < sizeof(c->line) - 1)
		return;
	if (end)
		*end = '\0';
	told = tell(c->m, c->line);
	bad = told ? NULL : obey(c->m, c->line);
	snprintf(answer, sizeof(answer), "%s%s\n", bad ? "error: " :
	    told ? "ok " : "ok", bad ? bad : told ? told : "");
	send(c->fd, answer, strlen(answer), MSG_NOSIGNAL);
	control_free(c);
}

static void
control_accept(void *arg, uint32_t events)
{
	struct sim *m = arg;
	struct control *c;
	int fd;

	(void)events;
	fd = accept4(m->faults->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1)
		return;
	c = mem_zalloc(sizeof(*c));
	c->m = m;
	c->fd = fd;
	c->watch = loop_watch(m->d.loop, fd, EPOLLIN, control_ready, c);
}

static int
control_listen(struct sim *m)
{
	struct sim_faults *f = m->faults;
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (snprintf(f->path, sizeof(f->path), "%s/control.sock",
	    m->cfg.state_dir) >= (int)sizeof(f->path))
		return -ENAMETOOLONG;
	memcpy(un.sun_path, f->path, sizeof(f->path));
	unlink(f->path);
	f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (f->fd == -1 ||
	    bind(f->fd, (struct sockaddr *)&un, sizeof(un)) == -1 ||
	    listen(f->fd, 8) == -1)
		return -errno;
	f->watch = loop_watch(m->d.loop, f->fd, EPOLLIN, control_accept, m);
	return 0;
}

int
sim_faults_init(struct sim *m)
{
	const char *env = getenv("SIM_FAULTS");
	char *copy, *rest, *line;

	m->faults = mem_zalloc(sizeof(*m->faults));
	m->faults->fd = -1;
	copy = mem_strdup(env ? env : "");
	rest = copy;
	while ((line = strsep(&rest, ";"))) {
		const char *bad = obey(m, line);

		if (bad)
			log_error("SIM_FAULTS: %s", bad);
	}
	free(copy);
	return control_listen(m);
}

void
sim_faults_release(struct sim *m)
{
	struct sim_faults *f = m->faults;

	if (!f)
		return;
	clear_rules(f);
	watch_free(f->watch);
	if (f->fd != -1) {
		close(f->fd);
		unlink(f->path);
	}
	free(f);
	m->faults = NULL;
}

int64_t
sim_fault_apply(struct sim *m, struct request *rq)
{
	int64_t delay_ms = 0;

	for (struct rule *r = m->faults->rules; r; r = r->next) {
		if (r->message != -1 && r->message != rq->message)
			continue;
		if (r->count < 0)
			continue;	/* used up */
		if (r->after > 0) {
			r->after--;
			continue;
		}
		if (r->kind == RULE_DELAY) {
			delay_ms = r->delay_ms;
			continue;
		}
		if (r->kind == RULE_DIE) {
			log_warn("told to die of '%s'",
			    xenops_messages[rq->message].name);
			_exit(3);
		}
		if (r->count > 0 && --r->count == 0)
			r->count = -1;
		return request_fail(rq, (enum xenops_code)r->code,
		    "told to fail");
	}
	return delay_ms;
}
