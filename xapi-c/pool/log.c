#include "pool/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define RETRY_FIRST_MS 50
#define RETRY_MAX_MS 1000

/* An answer of poold's that somebody waits for. */
struct answer {
	bool waits;
	bool there;
	int rc;
	uint64_t index;
};

struct pool_log {
	struct pool_log_config cfg;
	struct sockaddr_un at;
	struct db *db;
	pthread_t thread;
	int stop_fd;
	pthread_mutex_t send_lock;
	pthread_mutex_t change_lock;	/* one change at a time */
	pthread_mutex_t lock;		/* everything below */
	pthread_cond_t changed;
	int fd;				/* -1: no poold; log's thread sets it */
	unsigned connection;		/* since START; 0: nothing may be said.
					 * Set under both locks */
	unsigned connections;		/* there were; log's thread */
	bool leads;
	bool current;
	uint64_t leader;
	struct answer ordered, change;
	unsigned kept;			/* of the last batch; writer's thread */
	bool knows_pin;
	uint8_t pin[POOL_PIN];
};

/* What the database was given; it may be done after the connection is gone. */
struct given {
	struct pool_log *l;
	unsigned connection;
	uint32_t answer;
};

static uint64_t
of_rc(int rc)
{
	return (uint64_t)(int64_t)rc;
}

/* On that connection, or none. */
static int
say_on(struct pool_log *l, unsigned connection, const struct parcel *p)
{
	int rc = -ENOTCONN;

	pthread_mutex_lock(&l->send_lock);
	if (connection && l->connection == connection)
		rc = parcel_send(l->fd, p);
	pthread_mutex_unlock(&l->send_lock);
	return rc;
}

static unsigned
connection_now(struct pool_log *l)
{
	unsigned connection;

	pthread_mutex_lock(&l->lock);
	connection = l->connection;
	pthread_mutex_unlock(&l->lock);
	return connection;
}

static int
say(struct pool_log *l, const struct parcel *p)
{
	return say_on(l, connection_now(l), p);
}

static void
set_connection(struct pool_log *l, unsigned connection)
{
	pthread_mutex_lock(&l->send_lock);
	pthread_mutex_lock(&l->lock);
	l->connection = connection;
	pthread_mutex_unlock(&l->lock);
	pthread_mutex_unlock(&l->send_lock);
}

static void
set_fd(struct pool_log *l, int fd)
{
	pthread_mutex_lock(&l->lock);
	l->fd = fd;
	pthread_mutex_unlock(&l->lock);
}

/* Locked. */
static void
resolve(struct pool_log *l, struct answer *a, int rc, uint64_t index)
{
	if (!a->waits)
		return;
	*a = (struct answer){ .there = true, .rc = rc, .index = index };
	pthread_cond_broadcast(&l->changed);
}

static void
set_role(struct pool_log *l, bool leads, uint64_t leader)
{
	pthread_mutex_lock(&l->lock);
	l->leads = leads;
	l->current = false;
	l->leader = leader;
	pthread_mutex_unlock(&l->lock);
	if (l->cfg.role)
		l->cfg.role(l->cfg.arg, leads, leader);
}

static void
set_current(struct pool_log *l)
{
	pthread_mutex_lock(&l->lock);
	l->current = true;
	pthread_mutex_unlock(&l->lock);
	if (l->cfg.current)
		l->cfg.current(l->cfg.arg);
}

bool
pool_log_leads(struct pool_log *l)
{
	bool leads;

	pthread_mutex_lock(&l->lock);
	leads = l->leads;
	pthread_mutex_unlock(&l->lock);
	return leads;
}

uint64_t
pool_log_leader(struct pool_log *l)
{
	uint64_t leader;

	pthread_mutex_lock(&l->lock);
	leader = l->leader;
	pthread_mutex_unlock(&l->lock);
	return leader;
}

bool
pool_log_current(struct pool_log *l)
{
	bool current;

	pthread_mutex_lock(&l->lock);
	current = l->current;
	pthread_mutex_unlock(&l->lock);
	return current;
}

/* By this member, or by the one that leads. */
static bool
log_orders(void *arg)
{
	struct pool_log *l = arg;
	bool orders;

	pthread_mutex_lock(&l->lock);
	orders = l->leads || l->leader;
	pthread_mutex_unlock(&l->lock);
	return orders;
}

/* Says p, whose answer a is; -ETIMEDOUT if poold goes before it comes. */
static int
say_and_wait(struct pool_log *l, const struct parcel *p, struct answer *a,
    uint64_t *index_out)
{
	int rc;

	pthread_mutex_lock(&l->lock);
	*a = (struct answer){ .waits = true };
	pthread_mutex_unlock(&l->lock);
	rc = say(l, p);
	pthread_mutex_lock(&l->lock);
	/* what was said in part is not known to be lost */
	if (rc)
		resolve(l, a, rc == -ENOTCONN || rc == -EMSGSIZE ? rc :
		    -ETIMEDOUT, 0);
	while (!a->there)
		pthread_cond_wait(&l->changed, &l->lock);
	rc = a->rc;
	*index_out = a->index;
	pthread_mutex_unlock(&l->lock);
	return rc;
}

static int
log_append(void *arg, const struct log_batch *batch, uint64_t *index_out)
{
	struct pool_log *l = arg;
	struct parcel p = { .kind = POOLD_APPEND, .a = batch->base };
	struct buf b = { 0 };
	uint64_t index;
	int rc;

	if (!log_orders(l))
		return -EROFS;
	log_encode(&b, batch);
	p.data = b.data;
	p.len = b.len;
	l->kept = connection_now(l);
	rc = say_and_wait(l, &p, &l->ordered, &index);
	buf_release(&b);
	if (!rc)
		*index_out = index;
	return rc == -ENOTCONN || rc == -EMSGSIZE ? -EROFS : rc;
}

static void
log_stored(void *arg, int rc)
{
	struct pool_log *l = arg;
	const struct parcel p = { .kind = POOLD_STORED, .a = of_rc(rc),
	    .b = db_applied(l->db) };

	say_on(l, l->kept, &p);
}

const struct db_log pool_log = {
	.orders = log_orders, .append = log_append, .stored = log_stored,
};

/* On the writer's thread. */
static void
taken(void *arg, int rc)
{
	struct given *g = arg;
	struct pool_log *l = g->l;
	const struct parcel p = { .kind = g->answer, .a = of_rc(rc),
	    .b = db_applied(l->db) };

	say_on(l, g->connection, &p);
	free(g);
}

static int
give(struct pool_log *l, const struct parcel *p)
{
	struct given *g = mem_zalloc(sizeof(*g));
	int rc;

	g->l = l;
	g->connection = l->connection;
	if (p->kind == POOLD_APPLY) {
		g->answer = POOLD_APPLIED;
		rc = db_apply_later(l->db, p->a, p->data, p->len, taken, g);
	} else {
		g->answer = POOLD_REPLACED;
		rc = db_replace_later(l->db, p->data, p->len, taken, g);
	}
	if (rc)
		taken(g, rc);
	return 0;
}

static int
answer_copy(struct pool_log *l)
{
	struct parcel p = { .kind = POOLD_COPIED };
	struct buf b = { 0 };
	int rc;

	p.b = db_applied(l->db);
	db_copy(l->db, &b);
	p.data = b.data;
	p.len = b.len;
	rc = say(l, &p);
	buf_release(&b);
	return rc;
}

static int
answer_detach(struct pool_log *l)
{
	struct parcel p = { .kind = POOLD_DETACHED };

	p.a = of_rc(db_detach(l->db));
	p.b = db_applied(l->db);
	return say(l, &p);
}

static int
answer_fits(struct pool_log *l, const struct parcel *asked)
{
	struct parcel p = { .kind = POOLD_FITTED };

	p.a = of_rc(db_fits(l->db, asked->data, asked->len));
	p.b = db_applied(l->db);
	return say(l, &p);
}

static int
take_answer(struct pool_log *l, struct answer *a, const struct parcel *p)
{
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = a->waits ? 0 : -EBADMSG;
	resolve(l, a, (int)(int64_t)p->a, p->b);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

static int
take(struct pool_log *l, const struct parcel *p)
{
	switch (p->kind) {
	case POOLD_ROLE:
		set_role(l, p->a, p->b);
		return 0;
	case POOLD_CURRENT:
		set_current(l);
		return 0;
	case POOLD_ORDERED:
		return take_answer(l, &l->ordered, p);
	case POOLD_CHANGED:
		return take_answer(l, &l->change, p);
	case POOLD_APPLY:
	case POOLD_REPLACE:
		return give(l, p);
	case POOLD_COPY:
		return answer_copy(l);
	case POOLD_DETACH:
		return answer_detach(l);
	case POOLD_FITS:
		return answer_fits(l, p);
	default:
		return -EBADMSG;
	}
}

/* Readable, or stopped: false. */
static bool
wait_input(struct pool_log *l, int fd, int ms)
{
	struct pollfd p[2] = {
		{ .fd = l->stop_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	while (poll(p, fd == -1 ? 1 : 2, ms) == -1 && errno == EINTR)
		;
	return !p[0].revents;
}

/* The list as it is now, as one of poold's kinds. */
static int
say_peers(struct pool_log *l, struct parcel *p,
    int (*how)(struct pool_log *l, const struct parcel *p))
{
	struct pool_peers *peers = mem_zalloc(sizeof(*peers));
	struct buf b = { 0 };
	int rc;

	l->cfg.peers(l->cfg.arg, peers);
	pool_peers_encode(&b, peers);
	p->data = b.data;
	p->len = b.len;
	rc = how(l, p);
	buf_release(&b);
	free(peers);
	return rc;
}

/* Nobody else says anything yet. */
static int
say_start(struct pool_log *l, const struct parcel *p)
{
	return parcel_send(l->fd, p);
}

static int
start_poold(struct pool_log *l, const struct parcel *hello)
{
	struct parcel p = { .kind = POOLD_START, .a = l->cfg.id };
	int rc;

	if (hello->kind != POOLD_HELLO || hello->len != POOL_PIN)
		return -EBADMSG;
	pthread_mutex_lock(&l->lock);
	memcpy(l->pin, hello->data, POOL_PIN);
	l->knows_pin = true;
	pthread_mutex_unlock(&l->lock);
	p.b = db_applied(l->db);
	rc = say_peers(l, &p, say_start);
	if (!rc)
		set_connection(l, ++l->connections);
	return rc;
}

/* Until the connection ends, or all does. */
static void
read_parcels(struct pool_log *l)
{
	struct buf storage = { 0 };
	bool started = false;
	struct parcel p;
	int rc = 0;

	while (!rc && wait_input(l, l->fd, -1)) {
		rc = parcel_recv(l->fd, &p, &storage);
		if (!rc)
			rc = started ? take(l, &p) : start_poold(l, &p);
		started = true;
	}
	if (rc == -EBADMSG)
		log_error("poold says what it must not");
	buf_release(&storage);
}

static bool
connect_to(struct pool_log *l)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd != -1 && connect(fd, (struct sockaddr *)&l->at,
	    sizeof(l->at)) == -1) {
		close(fd);
		fd = -1;
	}
	if (fd == -1)
		return false;
	set_fd(l, fd);
	return true;
}

/* Who sends now fails at once, so that the locks are to be had. */
static void
hang_up(struct pool_log *l)
{
	int fd = l->fd;

	shutdown(fd, SHUT_RDWR);
	set_role(l, false, 0);
	set_connection(l, 0);
	set_fd(l, -1);
	close(fd);
	pthread_mutex_lock(&l->lock);
	resolve(l, &l->ordered, -ETIMEDOUT, 0);
	resolve(l, &l->change, -ETIMEDOUT, 0);
	pthread_mutex_unlock(&l->lock);
}

static void *
log_main(void *arg)
{
	struct pool_log *l = arg;
	int wait_ms = 0;

	while (wait_input(l, -1, wait_ms)) {
		if (connect_to(l)) {
			read_parcels(l);
			hang_up(l);
			wait_ms = RETRY_FIRST_MS;
		} else {
			wait_ms = wait_ms ? 2 * wait_ms : RETRY_FIRST_MS;
			if (wait_ms > RETRY_MAX_MS)
				wait_ms = RETRY_MAX_MS;
		}
	}
	return NULL;
}

struct pool_log *
pool_log_new(const struct pool_log_config *cfg)
{
	struct pool_log *l = mem_zalloc(sizeof(*l));

	l->cfg = *cfg;
	l->fd = l->stop_fd = -1;
	pthread_mutex_init(&l->send_lock, NULL);
	pthread_mutex_init(&l->change_lock, NULL);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	return l;
}

int
pool_log_start(struct pool_log *l, struct db *db)
{
	size_t len = strlen(l->cfg.socket_path);
	int rc;

	l->db = db;
	l->at.sun_family = AF_UNIX;
	if (len >= sizeof(l->at.sun_path))
		return -ENAMETOOLONG;
	memcpy(l->at.sun_path, l->cfg.socket_path, len);
	l->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (l->stop_fd == -1)
		return -errno;
	rc = -pthread_create(&l->thread, NULL, log_main, l);
	if (rc) {
		close(l->stop_fd);
		l->stop_fd = -1;
	}
	return rc;
}

void
pool_log_stop(struct pool_log *l)
{
	const uint64_t one = 1;

	if (l->stop_fd == -1)
		return;
	if (write(l->stop_fd, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_mutex_lock(&l->lock);
	if (l->fd != -1)
		shutdown(l->fd, SHUT_RDWR);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	close(l->stop_fd);
	l->stop_fd = -1;
}

void
pool_log_free(struct pool_log *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->send_lock);
	pthread_mutex_destroy(&l->change_lock);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->changed);
	free(l);
}

bool
pool_log_pin(struct pool_log *l, uint8_t out[static POOL_PIN])
{
	bool knows;

	pthread_mutex_lock(&l->lock);
	knows = l->knows_pin;
	memcpy(out, l->pin, POOL_PIN);
	pthread_mutex_unlock(&l->lock);
	return knows;
}

static int
say_change(struct pool_log *l, const struct parcel *p)
{
	uint64_t none;

	return say_and_wait(l, p, &l->change, &none);
}

int
pool_log_peers(struct pool_log *l)
{
	struct parcel p = { .kind = POOLD_PEERS };
	int rc;

	pthread_mutex_lock(&l->change_lock);
	rc = say_peers(l, &p, say_change);
	pthread_mutex_unlock(&l->change_lock);
	return rc;
}

static int
change(struct pool_log *l, uint32_t kind, uint64_t id)
{
	const struct parcel p = { .kind = kind, .a = id };
	int rc;

	pthread_mutex_lock(&l->change_lock);
	rc = say_change(l, &p);
	pthread_mutex_unlock(&l->change_lock);
	return rc;
}

int
pool_log_add(struct pool_log *l, uint64_t id)
{
	return change(l, POOLD_ADD, id);
}

int
pool_log_remove(struct pool_log *l, uint64_t id)
{
	return change(l, POOLD_REMOVE, id);
}

int
pool_log_transfer(struct pool_log *l, uint64_t id)
{
	return change(l, POOLD_TRANSFER, id);
}
