/*
 * What the test programs member and seat share: a database, clients that write
 * to it, and the commands about it.
 */
#ifndef RAFT_HOST_H
#define RAFT_HOST_H

#include <pthread.h>

#include "base/poold.h"
#include "workload.h"

#define HOST_CLIENTS 8
#define HOST_LINE 256
#define HOST_QUEUE 1024

struct host {
	struct db *db;
	pthread_t clients[HOST_CLIENTS];
	pthread_mutex_t lock;		/* the queue of writes */
	pthread_cond_t changed;
	struct op *queue[HOST_QUEUE];
	int n;
	bool ends;
};

/* One line of output. */
void host_answer(const char *text);
/* DIR/state.db; log: NULL for a lone host. */
void host_open(struct host *h, const char *dir, const struct db_log *log,
    void *log_arg);
/* The clients, once the database is open. */
void host_begin(struct host *h);
void host_end(struct host *h);
/* put, box, dump, bench; false: another command. */
bool host_obey(struct host *h, const char *line);
/* "ID=ADDRESS=PIN" */
void host_parse_peer(struct pool_peer *p, const char *text);

#endif
