/* xapi's end of the pool's log, with the test in poold's place. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "model_tables.h"
#include "pool/log.h"
#include "scratch.h"
#include "unit.h"

static struct rig {
	struct db *db;
	struct pool_log *log;
	int listener, fd;		/* poold's */
	pthread_mutex_t lock;
	pthread_cond_t told;
	int roles, currents;		/* how often it was told */
} rig = { .lock = PTHREAD_MUTEX_INITIALIZER,
    .told = PTHREAD_COND_INITIALIZER };

static void
peers(void *arg, struct pool_peers *out)
{
	(void)arg;
	out->n = 1;
	out->list[0] = (struct pool_peer){ .id = 1, .address = "[::1]:7" };
}

static void
role(void *arg, bool leads, uint64_t leader)
{
	(void)arg, (void)leads, (void)leader;
	pthread_mutex_lock(&rig.lock);
	rig.roles++;
	pthread_cond_signal(&rig.told);
	pthread_mutex_unlock(&rig.lock);
}

static void
current(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&rig.lock);
	rig.currents++;
	pthread_cond_signal(&rig.told);
	pthread_mutex_unlock(&rig.lock);
}

static void
wait_told(const int *what, int n)
{
	pthread_mutex_lock(&rig.lock);
	while (*what < n)
		pthread_cond_wait(&rig.told, &rig.lock);
	ck_assert_int_eq(*what, n);
	pthread_mutex_unlock(&rig.lock);
}

static void
say(uint32_t kind, uint64_t a, uint64_t b)
{
	static const uint8_t pin[POOL_PIN] = { 1 };
	const struct parcel p = { .kind = kind, .a = a, .b = b, .data = pin,
	    .len = kind == POOLD_HELLO ? POOL_PIN : 0 };

	ck_assert_int_eq(parcel_send(rig.fd, &p), 0);
}

/* poold starts; xapi says who it is. */
static void
meet(void)
{
	struct buf storage = { 0 };
	struct parcel p;

	rig.fd = accept(rig.listener, NULL, NULL);
	ck_assert_int_ne(rig.fd, -1);
	say(POOLD_HELLO, 0, 0);
	ck_assert_int_eq(parcel_recv(rig.fd, &p, &storage), 0);
	ck_assert_uint_eq(p.kind, POOLD_START);
	ck_assert_uint_eq(p.a, 1);
	buf_release(&storage);
}

static void
begin(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct pool_log_config cfg = { .socket_path = at.sun_path,
	    .id = 1, .peers = peers, .role = role, .current = current };
	struct db_config dc = { .classes = model_classes, .n_classes = CLASS_N,
	    .log = &pool_log };
	const char *why;

	ck_assert_int_eq(chdir(scratch_dir()), 0);
	memcpy(at.sun_path, "poold", sizeof("poold"));
	rig.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(rig.listener, (struct sockaddr *)&at,
	    sizeof(at)), 0);
	ck_assert_int_eq(listen(rig.listener, 1), 0);
	rig.log = pool_log_new(&cfg);
	dc.log_arg = rig.log;
	ck_assert_int_eq(db_open(&dc, &rig.db, &why), 0);
	ck_assert_int_eq(pool_log_start(rig.log, rig.db), 0);
	meet();
}

static void
finish(void)
{
	pool_log_stop(rig.log);
	db_close(rig.db);
	pool_log_free(rig.log);
	close(rig.fd);
	close(rig.listener);
}

START_TEST(a_member_is_current_when_poold_says_so)
{
	begin();
	ck_assert(!pool_log_current(rig.log));
	say(POOLD_ROLE, 0, 2);
	wait_told(&rig.roles, 1);
	ck_assert_uint_eq(pool_log_leader(rig.log), 2);
	ck_assert(!pool_log_current(rig.log));
	say(POOLD_CURRENT, 0, 0);
	wait_told(&rig.currents, 1);
	ck_assert(pool_log_current(rig.log));
	finish();
}
END_TEST

START_TEST(another_role_has_to_become_current_anew)
{
	begin();
	say(POOLD_ROLE, 0, 2);
	say(POOLD_CURRENT, 0, 0);
	wait_told(&rig.currents, 1);
	say(POOLD_ROLE, 1, 1);
	wait_told(&rig.roles, 2);
	ck_assert(pool_log_leads(rig.log));
	ck_assert(!pool_log_current(rig.log));
	say(POOLD_CURRENT, 0, 0);
	wait_told(&rig.currents, 2);
	ck_assert(pool_log_current(rig.log));
	finish();
}
END_TEST

START_TEST(without_poold_nothing_is_current)
{
	begin();
	say(POOLD_ROLE, 1, 1);
	say(POOLD_CURRENT, 0, 0);
	wait_told(&rig.currents, 1);
	close(rig.fd);
	wait_told(&rig.roles, 2);
	ck_assert(!pool_log_current(rig.log));
	ck_assert_uint_eq(pool_log_leader(rig.log), 0);
	meet();
	ck_assert(!pool_log_current(rig.log));
	finish();
}
END_TEST

/* The answer to what no database can take; xapi goes on. */
START_TEST(a_batch_of_another_member_is_looked_at)
{
	const struct parcel asked = { .kind = POOLD_FITS, .data = "none",
	    .len = 4 };
	struct buf storage = { 0 };
	struct parcel p;
	int i;

	begin();
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(parcel_send(rig.fd, &asked), 0);
		ck_assert_int_eq(parcel_recv(rig.fd, &p, &storage), 0);
		ck_assert_uint_eq(p.kind, POOLD_FITTED);
		ck_assert_int_eq((int)(int64_t)p.a, -EBADMSG);
	}
	buf_release(&storage);
	finish();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("pool_log", a_member_is_current_when_poold_says_so,
	    another_role_has_to_become_current_anew,
	    without_poold_nothing_is_current,
	    a_batch_of_another_member_is_looked_at);
}
