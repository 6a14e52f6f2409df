/*
 * Many clients at once that send random messages about the same objects:
 *     storm PORT PLAN SEED CLIENTS SECONDS CALLS
 * over plain HTTP, until so many seconds or calls are over (0: no limit).
 * PLAN is made by concurrent.py, one thing a line:
 *     session REF           one that clients share
 *     root PASSWORD         makes some clients log in and out
 *     class NAME            whose references fill the places @NAME@
 *     value KIND JSON       a text that may stand for an argument
 *     message WEIGHT NAME [KIND...]
 * Each client draws from a generator of its own, which SEED and its number
 * make.  Says on stdout how many calls were made, how many succeeded, and each
 * answer that xapi should never give; exit code 1 if there was one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REF_LEN 46		/* OpaqueRef: and a uuid */
#define REFS_MAX 4096		/* of a class; more are not used */
#define ARGS_MAX 12
#define BODY_MAX (1u << 16)
#define LINE_MAX_LEN (1u << 16)
#define REFRESH_CALLS 40	/* a client lists one class after so many */
#define LOGIN_CALLS 400
#define REPLY_S 120		/* longest that a message may take */

struct kind {
	char *name;
	char **values;		/* JSON */
	int n;
};

struct message {
	char *name;
	struct kind *args[ARGS_MAX];
	int n;
};

struct shared_class {
	char *name;
	pthread_mutex_t lock;
	char refs[REFS_MAX][REF_LEN + 1];
	int n;
};

struct storm {
	int port;
	uint64_t seed;
	double end_s;
	long long calls_max;
	const char *password;
	char *sessions[64];
	int n_sessions;
	struct kind *kinds;
	int n_kinds;
	struct message *messages;	/* as often as it weighs */
	int n_messages;
	struct shared_class *classes;
	int n_classes;
	atomic_llong calls, good;
	atomic_int bad;
};

struct client {
	struct storm *s;
	pthread_t thread;
	uint64_t rng;
	int fd;
	char session[REF_LEN + 1];
	bool own;			/* it logs in and out */
	char body[BODY_MAX];
	char *reply;			/* as large as one was */
	size_t reply_size;
};

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *
must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* splitmix64 */
static uint32_t
draw(struct client *c, uint32_t n)
{
	uint64_t z = c->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) % n);
}

static void
complain(struct client *c, const char *what, const char *reply)
{
	if (atomic_fetch_add(&c->s->bad, 1) < 20)
		printf("BAD %s: %.*s -> %.*s\n", what, 1500, c->body, 600,
		    reply ? reply : "");
	fflush(stdout);
}

/* -- the plan -- */

static struct kind *
kind_of(struct storm *s, const char *name)
{
	for (int i = 0; i < s->n_kinds; i++)
		if (strcmp(s->kinds[i].name, name) == 0)
			return &s->kinds[i];
	fprintf(stderr, "no value of kind %s\n", name);
	exit(2);
}

/* Kinds come before the messages that use them: they do not move after. */
static void
add_value(struct storm *s, const char *name, const char *json)
{
	struct kind *k = s->n_kinds ? &s->kinds[s->n_kinds - 1] : NULL;

	if (!k || strcmp(k->name, name)) {
		s->kinds = must(realloc(s->kinds,
		    sizeof(*k) * (size_t)(s->n_kinds + 1)));
		k = &s->kinds[s->n_kinds++];
		*k = (struct kind){ .name = must(strdup(name)) };
	}
	k->values = must(realloc(k->values,
	    sizeof(k->values[0]) * (size_t)(k->n + 1)));
	k->values[k->n++] = must(strdup(json));
}

static void
add_message(struct storm *s, char *rest)
{
	struct message m = { 0 };
	char *save, *word;
	long weight = strtol(strtok_r(rest, " ", &save), NULL, 10);

	m.name = must(strdup(strtok_r(NULL, " ", &save)));
	while ((word = strtok_r(NULL, " ", &save)) && m.n < ARGS_MAX)
		m.args[m.n++] = kind_of(s, word);
	s->messages = must(realloc(s->messages,
	    sizeof(m) * (size_t)(s->n_messages + weight)));
	while (weight--)
		s->messages[s->n_messages++] = m;
}

static void
add_class(struct storm *s, const char *name)
{
	struct shared_class *k;

	s->classes = must(realloc(s->classes,
	    sizeof(*k) * (size_t)(s->n_classes + 1)));
	k = &s->classes[s->n_classes++];
	memset(k, 0, sizeof(*k));
	k->name = must(strdup(name));
	pthread_mutex_init(&k->lock, NULL);
}

static void
read_plan(struct storm *s, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = must(malloc(LINE_MAX_LEN)), *rest, *json;

	if (!f) {
		perror(path);
		exit(2);
	}
	while (fgets(line, LINE_MAX_LEN, f)) {
		line[strcspn(line, "\n")] = '\0';
		rest = strchr(line, ' ');
		if (!rest)
			continue;
		*rest++ = '\0';
		if (strcmp(line, "session") == 0 && s->n_sessions < 64)
			s->sessions[s->n_sessions++] = must(strdup(rest));
		else if (strcmp(line, "root") == 0)
			s->password = must(strdup(rest));
		else if (strcmp(line, "class") == 0)
			add_class(s, rest);
		else if (strcmp(line, "message") == 0)
			add_message(s, rest);
		json = strchr(rest, ' ');
		if (strcmp(line, "value") || !json)
			continue;
		*json++ = '\0';
		add_value(s, rest, json);
	}
	fclose(f);
	free(line);
}

/* -- one message -- */

static bool
dial(struct client *c)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)c->s->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval limit = { .tv_sec = REPLY_S };

	if (c->fd != -1)
		close(c->fd);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool
send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t r = send(fd, p, n, MSG_NOSIGNAL);

		if (r <= 0)
			return false;
		p += r;
		n -= (size_t)r;
	}
	return true;
}

static bool
more(struct client *c, size_t *have)
{
	ssize_t r;

	if (*have + 1 >= c->reply_size) {
		c->reply_size = c->reply_size ? c->reply_size * 2 : 65536;
		c->reply = must(realloc(c->reply, c->reply_size));
	}
	r = recv(c->fd, c->reply + *have, c->reply_size - 1 - *have, 0);
	if (r <= 0)
		return false;
	*have += (size_t)r;
	c->reply[*have] = '\0';
	return true;
}

/* The body of the reply; NULL: the connection ended. */
static const char *
receive(struct client *c)
{
	size_t have = 0, head, size;
	const char *end = NULL, *length;

	while (!end) {
		if (!more(c, &have))
			return NULL;
		end = strstr(c->reply, "\r\n\r\n");
	}
	length = strcasestr(c->reply, "\ncontent-length:");
	if (!length || length > end)
		return NULL;
	head = (size_t)(end + 4 - c->reply);
	size = head + strtoul(length + 16, NULL, 10);
	while (have < size)
		if (!more(c, &have))
			return NULL;
	return c->reply + head;
}

/* Posts c->body; NULL if xapi did not answer, even on a new connection.  What
 * takes too long is not asked for twice: it may still be at work. */
static const char *
post(struct client *c)
{
	char head[200];
	const char *body = NULL;
	int n = snprintf(head, sizeof(head), "POST /jsonrpc HTTP/1.1\r\n"
	    "Host: localhost\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n", strlen(c->body));

	errno = 0;
	for (int i = 0; i < 3 && !body && errno != EAGAIN; i++)
		if ((c->fd != -1 || dial(c)) &&
		    send_all(c->fd, head, (size_t)n) &&
		    send_all(c->fd, c->body, strlen(c->body)))
			body = receive(c);
		else
			dial(c);
	if (!body)
		complain(c, "no answer", NULL);
	c->s->calls++;
	return body;
}

/* What an answer must never be. */
static void
judge(struct client *c, const char *reply)
{
	if (strstr(reply, "\"INTERNAL_ERROR\""))
		complain(c, "internal error", reply);
	else if (strncmp(c->reply, "HTTP/1.1 200", 12) != 0)
		complain(c, "HTTP", c->reply);
	else if (!strstr(reply, "\"error\":{"))
		c->s->good++;
}

/* -- what goes in -- */

static size_t
put_ref(struct client *c, const char *name, size_t len, char *out)
{
	struct shared_class *k = NULL;
	const char *ref = "OpaqueRef:NULL";

	for (int i = 0; i < c->s->n_classes && !k; i++)
		if (strncmp(c->s->classes[i].name, name, len) == 0 &&
		    !c->s->classes[i].name[len])
			k = &c->s->classes[i];
	if (!k)
		return (size_t)snprintf(out, REF_LEN + 1, "%s", ref);
	pthread_mutex_lock(&k->lock);
	if (k->n)
		ref = k->refs[draw(c, (uint32_t)k->n)];
	len = (size_t)snprintf(out, REF_LEN + 1, "%s", ref);
	pthread_mutex_unlock(&k->lock);
	return len;
}

/* Appends a value of that kind, its places filled. */
static size_t
put_value(struct client *c, const struct kind *k, size_t at)
{
	const char *p = k->values[draw(c, (uint32_t)k->n)];

	while (*p && at < BODY_MAX - 200) {
		const char *end = *p == '@' ? strchr(p + 1, '@') : NULL;

		if (end) {
			at += put_ref(c, p + 1, (size_t)(end - p - 1),
			    c->body + at);
			p = end + 1;
		} else {
			c->body[at++] = *p++;
		}
	}
	c->body[at] = '\0';
	return at;
}

static size_t
begin(struct client *c, const char *method)
{
	return (size_t)snprintf(c->body, BODY_MAX, "{\"jsonrpc\":\"2.0\","
	    "\"id\":1,\"method\":\"%s\",\"params\":[\"%s\"", method,
	    c->session);
}

static void
finish(struct client *c, size_t at)
{
	snprintf(c->body + at, BODY_MAX - at, "]}");
}

static void
send_random(struct client *c)
{
	struct storm *s = c->s;
	const struct message *m =
	    &s->messages[draw(c, (uint32_t)s->n_messages)];
	size_t at = begin(c, m->name);
	const char *reply;

	for (int i = 0; i < m->n; i++) {
		c->body[at++] = ',';
		at = put_value(c, m->args[i], at);
	}
	finish(c, at);
	reply = post(c);
	if (reply)
		judge(c, reply);
}

static void
list_class(struct client *c, struct shared_class *k)
{
	char method[100];
	const char *reply, *p;
	size_t at;

	snprintf(method, sizeof(method), "%s.get_all", k->name);
	at = begin(c, method);
	finish(c, at);
	p = reply = post(c);
	if (!reply)
		return;
	judge(c, reply);
	pthread_mutex_lock(&k->lock);
	k->n = 0;
	while ((p = strstr(p, "\"OpaqueRef:")) && k->n < REFS_MAX) {
		memcpy(k->refs[k->n], p + 1, REF_LEN);
		k->refs[k->n++][REF_LEN] = '\0';
		p += REF_LEN;
	}
	pthread_mutex_unlock(&k->lock);
}

/* A session of its own, in place of the one before. */
static void
login(struct client *c)
{
	const char *reply, *ref;

	if (c->own) {
		finish(c, begin(c, "session.logout"));
		post(c);
	}
	snprintf(c->body, BODY_MAX, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"session.login_with_password\",\"params\":[\"root\",\"%s\","
	    "\"1.0\",\"storm\"]}", c->s->password);
	reply = post(c);
	ref = reply ? strstr(reply, "\"result\":\"OpaqueRef:") : NULL;
	if (!ref) {
		complain(c, "no session", reply);
		return;
	}
	memcpy(c->session, ref + 10, REF_LEN);
	c->own = true;
}

static bool
over(const struct storm *s)
{
	return s->bad || (s->calls_max && s->calls >= s->calls_max) ||
	    (s->end_s > 0 && now_s() >= s->end_s);
}

static void *
client_main(void *arg)
{
	struct client *c = arg;
	struct storm *s = c->s;
	int class = (int)draw(c, (uint32_t)s->n_classes);
	bool logs_in = s->password && draw(c, 4) == 0;

	for (unsigned n = 0; !over(s); n++) {
		if (n % REFRESH_CALLS == 0)
			list_class(c, &s->classes[class++ % s->n_classes]);
		if (logs_in && n % LOGIN_CALLS == 0)
			login(c);
		send_random(c);
	}
	if (c->fd != -1)
		close(c->fd);
	return NULL;
}

static struct client *
start_client(struct storm *s, int i)
{
	struct client *c = must(calloc(1, sizeof(*c)));

	c->s = s;
	c->fd = -1;
	c->rng = s->seed * 1000003u + (uint64_t)i;
	snprintf(c->session, sizeof(c->session), "%s",
	    s->sessions[i % s->n_sessions]);
	if (pthread_create(&c->thread, NULL, client_main, c))
		abort();
	return c;
}

int
main(int argc, char **argv)
{
	struct storm s = { 0 };
	struct client **clients;
	int n;

	if (argc != 7) {
		fprintf(stderr, "usage: storm PORT PLAN SEED CLIENTS SECONDS "
		    "CALLS\n");
		return 2;
	}
	s.port = (int)strtol(argv[1], NULL, 10);
	read_plan(&s, argv[2]);
	s.seed = strtoull(argv[3], NULL, 10);
	n = (int)strtol(argv[4], NULL, 10);
	if (strtod(argv[5], NULL) > 0)
		s.end_s = now_s() + strtod(argv[5], NULL);
	s.calls_max = strtoll(argv[6], NULL, 10);
	if (!s.n_sessions || !s.n_messages || !s.n_classes)
		return 2;
	clients = must(calloc((size_t)n, sizeof(struct client *)));
	for (int i = 0; i < n; i++)
		clients[i] = start_client(&s, i);
	for (int i = 0; i < n; i++)
		pthread_join(clients[i]->thread, NULL);
	printf("%lld calls, %lld of them did something\n", (long long)s.calls,
	    (long long)s.good);
	return s.bad ? 1 : 0;
}
