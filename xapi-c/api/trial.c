#include "api/trial.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/access/audit.h"
#include "api/xapi.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/errors.h"

struct trial {
	struct slot_copy db;
	const char *confirmed;
	atomic_bool over;
	pthread_mutex_t lock;		/* held to end it */
};

struct trial *
trial_new(const struct slot_copy *db, const char *confirmed)
{
	struct trial *t = mem_zalloc(sizeof(*t));

	t->db = *db;
	t->confirmed = confirmed;
	atomic_init(&t->over, !db->on_trial);
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
trial_free(struct trial *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The other system's database goes first: with it there, a start of that system
 * would undo what is acknowledged from now on. */
static void
end(struct trial *t)
{
	int rc;

	pthread_mutex_lock(&t->lock);
	if (!atomic_load(&t->over)) {
		rc = slot_copy_drop(&t->db);
		if (rc)
			log_error("changes are still refused: cannot remove "
			    "the database of the other system: %s",
			    strerror(-rc));
		else
			log_info("the trial is over: changes are taken");
		atomic_store(&t->over, !rc);
	}
	pthread_mutex_unlock(&t->lock);
}

bool
trial_is_on(struct trial *t)
{
	if (!t)
		return false;
	if (!atomic_load(&t->over) && access(t->confirmed, F_OK) == 0)
		end(t);
	return !atomic_load(&t->over);
}

/* Of what is not kept: sessions, and that a task is not wanted any more. */
static bool
is_volatile(const struct method *m)
{
	return (strncmp(m->name, "session.", 8) == 0 &&
	    strcmp(m->name, "session.change_password") != 0) ||
	    strcmp(m->name, "task.cancel") == 0;
}

int
trial_allow(struct call *c, const struct method *m)
{
	if (!audit_wants(m) || is_volatile(m) || !trial_is_on(c->x->trial))
		return 0;
	return err_host_still_booting(c);
}
