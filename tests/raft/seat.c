/*
 * seat DIR ID ADDRESS make|join|alone [ID=ADDRESS=PIN...]: what xapi is to its
 * poold, whose socket is DIR/poold.sock; arguments and commands as of member,
 * which has both in one process.  alone: no poold, until the command "make", which
 * makes a pool of what this host has.  And:
 *     current         "current 0|1"
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "pool/log.h"

struct seat {
	struct host host;
	struct pool_log *log;
	uint64_t id;
	pthread_mutex_t lock;
	struct pool_peers peers;	/* this one first, its pin is poold's */
};

static void
list_peers(void *arg, struct pool_peers *out)
{
	struct seat *s = arg;

	pthread_mutex_lock(&s->lock);
	pool_log_pin(s->log, s->peers.list[0].pin);
	*out = s->peers;
	pthread_mutex_unlock(&s->lock);
}

static void
tell_status(struct seat *s)
{
	char text[HOST_LINE];

	snprintf(text, sizeof(text), "status %d %llu 0 %llu %016llx",
	    pool_log_leads(s->log),
	    (unsigned long long)pool_log_leader(s->log),
	    (unsigned long long)db_applied(s->host.db),
	    (unsigned long long)work_hash(s->host.db));
	host_answer(text);
}

static void
add_peer(struct seat *s, const char *text)
{
	char line[HOST_LINE];

	pthread_mutex_lock(&s->lock);
	host_parse_peer(&s->peers.list[s->peers.n++], text);
	pthread_mutex_unlock(&s->lock);
	snprintf(line, sizeof(line), "peer %d", pool_log_peers(s->log));
	host_answer(line);
}

static int
change(struct seat *s, const char *command, uint64_t id)
{
	if (!strcmp(command, "add"))
		return pool_log_add(s->log, id);
	if (!strcmp(command, "remove"))
		return pool_log_remove(s->log, id);
	return pool_log_transfer(s->log, id);
}

static void
make_change(struct seat *s, const char *command, uint64_t id)
{
	char line[HOST_LINE];

	snprintf(line, sizeof(line), "begun %d", change(s, command, id));
	host_answer(line);
}

static void
make_pool(struct seat *s)
{
	db_follow(s->host.db, &pool_log, s->log);
	if (pool_log_start(s->log, s->host.db))
		exit(1);
	host_answer("made");
}

static void
obey(struct seat *s, const char *line)
{
	char command[16] = "";
	unsigned long long id = 0;

	sscanf(line, "%15s %llu", command, &id);
	if (host_obey(&s->host, line))
		return;
	if (!strcmp(command, "status"))
		tell_status(s);
	else if (!strcmp(command, "current"))
		host_answer(pool_log_current(s->log) ? "current 1" :
		    "current 0");
	else if (!strcmp(command, "make"))
		make_pool(s);
	else if (!strcmp(command, "peer"))
		add_peer(s, line + strlen("peer "));
	else
		make_change(s, command, id);
}

static void
begin(struct seat *s, int argc, char **argv)
{
	static char path[4096];
	bool alone = !strcmp(argv[4], "alone");
	const struct pool_log_config cfg = {
		.socket_path = path, .id = strtoull(argv[2], NULL, 10),
		.peers = list_peers, .arg = s,
	};
	int i;

	snprintf(path, sizeof(path), "%s/poold.sock", argv[1]);
	pthread_mutex_init(&s->lock, NULL);
	s->peers.makes = alone || !strcmp(argv[4], "make");
	s->peers.list[0].id = cfg.id;
	snprintf(s->peers.list[0].address, POOL_ADDRESS, "%s", argv[3]);
	s->peers.n = 1;
	for (i = 5; i < argc; i++)
		host_parse_peer(&s->peers.list[s->peers.n++], argv[i]);
	s->log = pool_log_new(&cfg);
	host_open(&s->host, argv[1], alone ? NULL : &pool_log, s->log);
	if (!alone && pool_log_start(s->log, s->host.db))
		exit(1);
	host_begin(&s->host);
}

int
main(int argc, char **argv)
{
	static struct seat s;
	char line[HOST_LINE];

	if (argc < 5)
		return 2;
	begin(&s, argc, argv);
	host_answer("up");
	while (fgets(line, sizeof(line), stdin))
		obey(&s, line);
	pool_log_stop(s.log);
	host_end(&s.host);
	pool_log_free(s.log);
	return 0;
}
