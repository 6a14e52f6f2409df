/*
 * member DIR ID ADDRESS make|join [ID=ADDRESS=PIN...]: a member of a pool as a
 * process of its own; it makes the pool together with the others named, or they
 * add it.  "member DIR pin": prints the pin of its certificate.  With DIR alone:
 * a lone host, no pool.  Reads commands, one a line:
 *     put N           adds tag N; answers "put N done|refused|unknown"
 *     box N           makes or deletes a box and adds the tag; likewise
 *     status          "status LEADS LEADER TERM APPLIED HASH"
 *     dump            "dump TAG... WEIGHT", of all things
 *     bench N         N writes one after the other: "bench MICROSECONDS", of
 *                     which the first tenth does not count
 *     peer ID=ADDRESS=PIN     one more is known: "peer RC"
 *     add ID, remove ID, transfer ID      "begun RC"
 * and ends with its input.  It exits with 3 when its database refuses an entry.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "poold/loop.h"

#define PEERS 8

struct seat {
	struct host host;
	struct loop *loop;
	struct member *m;
	struct pool_peer peers[PEERS];	/* this one first; loop thread */
	size_t n_peers;
};

static int
tell_status(struct member *m, void *arg)
{
	struct seat *h = arg;
	char text[HOST_LINE];

	member_settle(m);
	snprintf(text, sizeof(text), "status %d %llu %llu %llu %016llx",
	    member_is_leader(m), (unsigned long long)member_leader(m),
	    (unsigned long long)member_term(m),
	    (unsigned long long)member_applied(m),
	    (unsigned long long)work_hash(h->host.db));
	host_answer(text);
	return 0;
}

struct change {
	char command[16];
	uint64_t id;
};

static int
change(struct member *m, void *arg)
{
	const struct change *c = arg;

	char name[24];

	snprintf(name, sizeof(name), "%llu", (unsigned long long)c->id);
	if (!strcmp(c->command, "add"))
		return member_add(m, c->id, name, NULL, NULL);
	if (!strcmp(c->command, "remove"))
		return member_remove(m, c->id, NULL, NULL);
	return member_transfer(m, c->id, NULL, NULL);
}

static void
begin_change(struct seat *h, const char *line)
{
	unsigned long long id = 0;
	struct change c = { .id = 0 };
	char text[HOST_LINE];

	sscanf(line, "%15s %llu", c.command, &id);
	c.id = id;
	snprintf(text, sizeof(text), "begun %d", loop_call(h->loop, change,
	    &c));
	host_answer(text);
}

struct known {
	struct seat *h;
	const char *text;
};

static int
know_peer(struct member *m, void *arg)
{
	const struct known *k = arg;
	struct seat *h = k->h;

	(void)m;
	if (h->n_peers == PEERS)
		return -ENOSPC;
	host_parse_peer(&h->peers[h->n_peers++], k->text);
	return peers_set(loop_peers(h->loop), h->peers, h->n_peers);
}

static void
add_peer(struct seat *h, const char *text)
{
	struct known k = { h, text };
	char line[HOST_LINE];

	snprintf(line, sizeof(line), "peer %d", loop_call(h->loop, know_peer,
	    &k));
	host_answer(line);
}

static void
obey(struct seat *h, const char *line)
{
	char command[16] = "";

	sscanf(line, "%15s", command);
	if (host_obey(&h->host, line))
		return;
	if (!strcmp(command, "status"))
		loop_call(h->loop, tell_status, h);
	else if (!strcmp(command, "peer"))
		add_peer(h, line + strlen("peer "));
	else
		begin_change(h, line);
}

static void
failed(void *arg, int rc)
{
	(void)arg, (void)rc;
	_exit(3);
}

static int
make_pool(struct seat *h)
{
	const char *names[PEERS];
	char texts[PEERS][24];
	uint64_t ids[PEERS];
	size_t i;

	for (i = 0; i < h->n_peers; i++) {
		ids[i] = h->peers[i].id;
		snprintf(texts[i], sizeof(texts[i]), "%llu",
		    (unsigned long long)ids[i]);
		names[i] = texts[i];
	}
	return member_bootstrap(h->m, ids, names, (unsigned)h->n_peers);
}

static void
open_loop(struct seat *h, const char *dir, uint64_t id)
{
	char path[4096], raft[4096];

	snprintf(path, sizeof(path), "%s/member.pem", dir);
	snprintf(raft, sizeof(raft), "%s/raft", dir);
	if (loop_open(raft, id, path, &h->loop))
		exit(1);
}

/* Before the loop runs. */
static int
set_peers(struct seat *h, uint64_t id, char **argv, int n)
{
	int i;

	h->peers[0].id = id;
	snprintf(h->peers[0].address, POOL_ADDRESS, "%s", argv[0]);
	peers_own(loop_peers(h->loop), h->peers[0].pin);
	h->n_peers = 1;
	for (i = 2; i < n && h->n_peers < PEERS; i++)
		host_parse_peer(&h->peers[h->n_peers++], argv[i]);
	return peers_set(loop_peers(h->loop), h->peers, h->n_peers);
}

static void
open_pool(struct seat *h, int argc, char **argv)
{
	struct member_config cfg = {
		.id = strtoull(argv[2], NULL, 10), .address = argv[2],
		.db = &work_db, .db_arg = &h->host.db,
		.random = loop_random, .wake = loop_wake,
		.forward = loop_forward, .failed = failed,
		.election_ms = 500, .heartbeat_ms = 50, .snapshot_after = 200,
		.snapshot_trailing = 50, .capacity_kib = 1024,
	};
	char dir[4096];
	bool fresh;
	int rc;

	snprintf(dir, sizeof(dir), "%s/raft", argv[1]);
	fresh = !mkdir(dir, 0700);
	open_loop(h, argv[1], cfg.id);
	cfg.io = loop_io(h->loop);
	cfg.arg = h->loop;
	h->m = member_new(&cfg);
	host_open(&h->host, argv[1], &work_log, h->m);
	rc = set_peers(h, cfg.id, argv + 3, argc - 3);
	if (!rc && fresh && !strcmp(argv[4], "make"))
		rc = make_pool(h);
	if (!rc)
		rc = loop_start(h->loop, h->m);
	if (rc) {
		fprintf(stderr, "cannot start: %s\n", strerror(-rc));
		exit(1);
	}
}

static int
show_pin(const char *dir)
{
	uint8_t pin[POOL_PIN];
	struct mutual *m;
	char path[4096];
	char hex[2 * POOL_PIN + 1];
	int i;

	snprintf(path, sizeof(path), "%s/member.pem", dir);
	if (mutual_new(path, &m))
		return 1;
	mutual_own(m, pin);
	mutual_free(m);
	for (i = 0; i < POOL_PIN; i++)
		snprintf(hex + 2 * i, 3, "%02x", pin[i]);
	host_answer(hex);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct seat h;
	char line[HOST_LINE];

	if (argc == 3 && !strcmp(argv[2], "pin"))
		return show_pin(argv[1]);
	if (argc < 2 || argc == 3 || argc == 4)
		return 2;
	if (argc > 3)
		open_pool(&h, argc, argv);
	else
		host_open(&h.host, argv[1], NULL, NULL);
	host_begin(&h.host);
	host_answer("up");
	while (fgets(line, sizeof(line), stdin))
		obey(&h, line);
	loop_close(h.loop);
	host_end(&h.host);
	member_free(h.m);
	return 0;
}
