/* Tickets that nobody used in time, and more of them than there is room for. */
#include <string.h>

#include "api/access/ticket.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "store.h"
#include "unit.h"

static struct xapi x;
static struct call c;
static struct ref vdi;
static int64_t now_ms;

int64_t
clock_mono_ms(void)
{
	return now_ms;
}

int64_t
clock_wall_ms(void)
{
	return 0;
}

int64_t
clock_wall_s(void)
{
	return 0;
}

static int
seed(struct db_txn *t, void *arg)
{
	(void)arg;
	vdi = vdi_txn_new(t)->obj.ref;
	return 0;
}

static void
begin(void)
{
	now_ms = 1000;
	memset(&x, 0, sizeof(x));
	x.db = store_open();
	x.tickets = tickets_new();
	c = (struct call){ .x = &x, .arena = arena_new(), .superuser = true };
	ck_assert_int_eq(db_write(x.db, seed, NULL), 0);
	c.root = db_root_get(x.db);
	ref_random(&c.session);
}

static void
end(void)
{
	call_close(&c);
	arena_free(c.arena);
	tickets_free(x.tickets);
	db_close(x.db);
}

static const char *
ticket(void)
{
	const struct session_create_ticket_args a = {
		.purpose = TICKET_PURPOSE_DOWNLOAD,
		.object = call_ref_text(&c, &vdi),
	};
	const char *text;

	ck_assert_int_eq(api_session_create_ticket(&c, &a, &text), 0);
	return text;
}

static const char *
ticket_of_another(void)
{
	const char *text;

	begin();
	text = ticket();
	ref_random(&c.session);
	return text;
}

static bool
is_good(const char *text)
{
	struct ref session;

	return ticket_use(&c, text, HTTP_ACTION_GET_EXPORT_RAW_VDI,
	    call_ref_text(&c, &vdi), &session) == 0;
}

START_TEST(a_ticket_is_its_sessions_and_good_once)
{
	const char *text;
	struct ref session;

	begin();
	text = ticket();
	ck_assert_int_eq(ticket_use(&c, text, HTTP_ACTION_GET_EXPORT_RAW_VDI,
	    call_ref_text(&c, &vdi), &session), 0);
	ck_assert(ref_equal(&session, &c.session));
	ck_assert(!is_good(text));
	end();
}
END_TEST

START_TEST(a_ticket_that_names_nothing_is_spent)
{
	const char *text;
	struct ref session;

	begin();
	text = ticket();
	ck_assert_int_eq(ticket_use(&c, text, HTTP_ACTION_GET_EXPORT_RAW_VDI,
	    NULL, &session), -1);
	ck_assert(!is_good(text));
	end();
}
END_TEST

START_TEST(a_ticket_lasts_for_so_long)
{
	const char *first, *second;

	begin();
	first = ticket();
	second = ticket();
	now_ms += TICKET_MS - 1;
	ck_assert(is_good(first));
	now_ms++;
	ck_assert(!is_good(second));
	end();
}
END_TEST

/* Also when others' would have to go first. */
START_TEST(a_session_has_so_many)
{
	const char *texts[1000], *other = ticket_of_another();
	int i;

	for (i = 0; i < 1000; i++) {
		now_ms += i % 5 == 0;	/* some in the same millisecond */
		texts[i] = ticket();
	}
	ck_assert(is_good(other));
	for (i = 0; i < 1000; i++)
		ck_assert(is_good(texts[i]) ==
		    (i >= 1000 - TICKETS_SESSION_MAX));
	end();
}
END_TEST

START_TEST(a_full_table_drops_the_oldest)
{
	const char *texts[TICKETS_MAX + 1];
	int i;

	begin();
	for (i = 0; i <= TICKETS_MAX; i++) {
		if (i % TICKETS_SESSION_MAX == 0)
			ref_random(&c.session);
		texts[i] = ticket();
	}
	ck_assert(!is_good(texts[0]));
	for (i = 1; i <= TICKETS_MAX; i++)
		ck_assert(is_good(texts[i]));
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("ticket", a_ticket_is_its_sessions_and_good_once,
	    a_ticket_that_names_nothing_is_spent,
	    a_ticket_lasts_for_so_long, a_session_has_so_many,
	    a_full_table_drops_the_oldest);
}
