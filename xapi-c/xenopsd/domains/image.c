#include "xenopsd/domains/image.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/blake2b.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "base/type.h"

#define MAGIC "BPIMAGE"
#define PIECES_AT 4096
#define PIECE (1 << 20)

/* As it is on the disk, little endian. */
struct head {
	char magic[8];
	uint32_t version;
	uint32_t features;		/* 0 in older ones */
	uint8_t vm[16];
	uint8_t number[16];
	uint64_t length;		/* of the stream */
	uint8_t digest[BLAKE2B_DIGEST];	/* of what is above */
};

struct piece {
	uint8_t digest[BLAKE2B_DIGEST];
	uint8_t data[PIECE];
};

struct image_pump {
	struct image im;
	uint8_t key[BLAKE2B_KEY];
	struct head head;
	struct piece piece;
	int pipe;			/* our end */
	pthread_t thread;
	bool writes;
	uint64_t done;			/* bytes of the stream */
	int rc;
};

static int
read_key(const char *path, uint8_t key[static BLAKE2B_KEY])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc;

	if (fd == -1)
		return -errno;
	rc = fdio_read_all(fd, key, BLAKE2B_KEY);
	close(fd);
	return rc;
}

int
image_make_key(const char *path)
{
	const struct atomic_file how = { .mode = 0600 };
	uint8_t key[BLAKE2B_KEY];
	int rc = read_key(path, key);

	/* one that was cut was no image's */
	if (rc != -ENOENT && rc != -EPIPE)
		return rc;
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	return atomic_file_write(path, key, sizeof(key), &how);
}

static void
digest_head(const uint8_t *key, const struct head *h,
    uint8_t digest[static BLAKE2B_DIGEST])
{
	struct blake2b b;

	blake2b_begin(&b, key);
	blake2b_add(&b, h, offsetof(struct head, digest));
	blake2b_end(&b, digest);
}

static void
digest_piece(const struct image_pump *p, size_t len,
    uint8_t digest[static BLAKE2B_DIGEST])
{
	struct blake2b b;

	blake2b_begin(&b, p->key);
	blake2b_add(&b, p->head.number, sizeof(p->head.number));
	blake2b_add(&b, &p->done, sizeof(p->done));
	blake2b_add(&b, p->piece.data, len);
	blake2b_end(&b, digest);
}

/* Of the piece that is next, from p->done on. */
static int64_t
place(const struct image_pump *p)
{
	return PIECES_AT +
	    (int64_t)(p->done / PIECE) * (int64_t)sizeof(struct piece);
}

static int
put_head(const struct image *im, const struct head *h)
{
	int rc = fdio_write_at(im->fd, h, sizeof(*h), 0);

	return rc ? rc : fsync(im->fd) == -1 ? -errno : 0;
}

int
image_discard(const struct image *im)
{
	static const struct head none;

	return put_head(im, &none);
}

/* The head of a whole image of this VM. */
static int
get_head(const struct image *im, const uint8_t *key, struct head *h)
{
	uint8_t digest[BLAKE2B_DIGEST], vm[16];
	int rc = fdio_read_at(im->fd, h, sizeof(*h), 0);

	if (rc)
		return rc;
	if (memcmp(h->magic, MAGIC, sizeof(h->magic)) ||
	    h->version != IMAGE_VERSION || !uuid_from_text(im->vm, vm) ||
	    memcmp(h->vm, vm, sizeof(vm)))
		return -EBADMSG;
	digest_head(key, h, digest);
	return memcmp(h->digest, digest, sizeof(digest)) ? -EBADMSG : 0;
}

int
image_check(const struct image *im)
{
	uint8_t key[BLAKE2B_KEY];
	struct head h;
	int rc = read_key(im->key_path, key);

	return rc ? rc : get_head(im, key, &h);
}

/* Until the piece is full or the other end closed: how much came. */
static ssize_t
fill_piece(struct image_pump *p)
{
	size_t n = 0;
	ssize_t r;

	while (n < PIECE) {
		r = read(p->pipe, p->piece.data + n, PIECE - n);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

static int
write_pieces(struct image_pump *p)
{
	ssize_t n;
	int rc;

	while ((n = fill_piece(p)) > 0) {
		int64_t at = place(p);
		size_t len = sizeof(p->piece.digest) + (size_t)n;

		if (at + (int64_t)len > p->im.size)
			return -ENOSPC;
		digest_piece(p, (size_t)n, p->piece.digest);
		rc = fdio_write_at(p->im.fd, &p->piece, len, at);
		if (rc)
			return rc;
		p->done += (uint64_t)n;
	}
	return (int)n;
}

static int
read_pieces(struct image_pump *p)
{
	uint8_t digest[BLAKE2B_DIGEST];
	int rc;

	while (p->done < p->head.length) {
		uint64_t left = p->head.length - p->done;
		size_t n = left < PIECE ? (size_t)left : PIECE;

		rc = fdio_read_at(p->im.fd, &p->piece,
		    sizeof(p->piece.digest) + n, place(p));
		if (rc)
			return rc;
		digest_piece(p, n, digest);
		if (memcmp(digest, p->piece.digest, sizeof(digest)))
			return -EBADMSG;
		rc = fdio_write_all(p->pipe, p->piece.data, n);
		if (rc)
			return rc;
		p->done += n;
	}
	return 0;
}

/* At its end the other end of the pipe hears of it. */
static void *
pump(void *arg)
{
	struct image_pump *p = arg;

	p->rc = p->writes ? write_pieces(p) : read_pieces(p);
	fdio_close(&p->pipe);
	return NULL;
}

/* No signal is the thread's: who blocks beside it waits for children. */
static int
pump_start(struct image_pump *p, int *fd_out)
{
	sigset_t all, old;
	int fds[2], rc;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -errno;
	p->pipe = fds[p->writes ? 0 : 1];
	*fd_out = fds[p->writes ? 1 : 0];
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&p->thread, NULL, pump, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc) {
		close(fds[0]);
		close(fds[1]);
	}
	return -rc;
}

static int
begin_writing(struct image_pump *p)
{
	int rc = read_key(p->im.key_path, p->key);

	if (rc)
		return rc;
	memcpy(p->head.magic, MAGIC, sizeof(p->head.magic));
	p->head.version = IMAGE_VERSION;
	p->head.features = p->im.features;
	if (!uuid_from_text(p->im.vm, p->head.vm))
		return -EINVAL;
	if (getrandom(p->head.number, sizeof(p->head.number), 0) !=
	    sizeof(p->head.number))
		return -EIO;
	return image_discard(&p->im);
}

static int
begin_reading(struct image_pump *p)
{
	int rc = read_key(p->im.key_path, p->key);

	return rc ? rc : get_head(&p->im, p->key, &p->head);
}

static int
pump_new(const struct image *im, bool writes, struct image_pump **p_out,
    int *fd_out)
{
	struct image_pump *p = mem_zalloc(sizeof(*p));
	int rc;

	p->im = *im;
	p->writes = writes;
	rc = writes ? begin_writing(p) : begin_reading(p);
	if (!rc)
		rc = pump_start(p, fd_out);
	if (rc) {
		free(p);
		return rc;
	}
	*p_out = p;
	return 0;
}

int
image_write(const struct image *im, struct image_pump **p_out, int *fd_out)
{
	return pump_new(im, true, p_out, fd_out);
}

int
image_read(const struct image *im, struct image_pump **p_out, int *fd_out)
{
	return pump_new(im, false, p_out, fd_out);
}

uint32_t
image_features(const struct image_pump *p)
{
	return p->head.features;
}

/* The pieces first. */
static int
seal(struct image_pump *p)
{
	if (fsync(p->im.fd) == -1)
		return -errno;
	p->head.length = p->done;
	digest_head(p->key, &p->head, p->head.digest);
	return put_head(&p->im, &p->head);
}

int
image_finish(struct image_pump *p, bool whole)
{
	int rc;

	pthread_join(p->thread, NULL);
	rc = p->rc;
	if (!rc && p->writes && whole)
		rc = seal(p);
	free(p);
	return rc;
}
