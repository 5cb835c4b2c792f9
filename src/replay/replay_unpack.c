/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "replay/replay_unpack.h"

#include "os/dynlib.h"
#include "os/tempfile.h"
#include "reportfile/record.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#ifdef LIBLZMA
#include <lzma.h>
#endif
#ifdef LIBZSTD
#include <zstd.h>
#endif

#define UNPACK_MAX 4ull           /* GiB of text */
#define UNPACK_RATIO 200          /* bytes of text for a byte of the file, ... */
#define UNPACK_FREE (16 << 20)    /* ... which does not count for these first bytes */
#define UNPACK_MEMORY (128 << 20) /* bytes for liblzma: a file of xz -9 needs 65 MiB */
#define UNPACK_WAIT 500 /* ms in which somebody has to open the other end of a FIFO */

/* What a decoder takes from and writes to. */
struct replay_unpack_step {
	const u8 *in;
	u8 *out;
	size_t in_len, out_room;
	bool last;  /* the file ends with ->in */
	bool whole; /* the file may end here: the decoder is in no stream */
};

static int replay_unpack_plain(struct replay_unpack_step *s)
{
	size_t n = MIN(s->in_len, s->out_room);

	memcpy(s->out, s->in, n);
	s->in += n;
	s->in_len -= n;
	s->out_room -= n;
	s->whole = true;
	return 0;
}

static z_stream gzip;

static int replay_unpack_gzip(struct replay_unpack_step *s)
{
	int r = gzip.state ? Z_OK : inflateInit2(&gzip, 16 + MAX_WBITS);

	gzip.next_in = (u8 *)s->in;
	gzip.avail_in = (uInt)s->in_len;
	gzip.next_out = s->out;
	gzip.avail_out = (uInt)s->out_room;
	if (!r)
		r = inflate(&gzip, Z_NO_FLUSH);
	s->in = gzip.next_in;
	s->in_len = gzip.avail_in;
	s->out_room = gzip.avail_out;
	s->whole = r == Z_STREAM_END;
	if (s->whole) /* another may follow */
		r = inflateReset(&gzip);
	return r == Z_OK || r == Z_BUF_ERROR ? 0 : r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static void replay_unpack_gzip_end(void)
{
	inflateEnd(&gzip);
}

#ifdef LIBLZMA
#define LZMA_FUNCTIONS(X) X(lzma_stream_decoder) X(lzma_code) X(lzma_end)
static struct {
	LZMA_FUNCTIONS(LAZY_POINTER)
} lzma;
static const char *const lzma_functions[] = { LZMA_FUNCTIONS(LAZY_NAME) };
static lzma_stream xz;

static int replay_unpack_xz(struct replay_unpack_step *s)
{
	LAZY_NOTE(LIBLZMA, "reports packed by xz");
	lzma_ret r = xz.internal ? LZMA_OK
				 : lzma.lzma_stream_decoder(&xz, UNPACK_MEMORY,
							    LZMA_CONCATENATED);

	xz.next_in = s->in;
	xz.avail_in = s->in_len;
	xz.next_out = s->out;
	xz.avail_out = s->out_room;
	if (r == LZMA_OK)
		r = lzma.lzma_code(&xz, s->last ? LZMA_FINISH : LZMA_RUN);
	s->in = xz.next_in;
	s->in_len = xz.avail_in;
	s->out_room = xz.avail_out;
	s->whole = r == LZMA_STREAM_END;
	if (r == LZMA_MEM_ERROR || r == LZMA_MEMLIMIT_ERROR)
		return -ENOMEM;
	return r == LZMA_OK || r == LZMA_BUF_ERROR || s->whole ? 0 : -EBADMSG;
}

static void replay_unpack_xz_end(void)
{
	lzma.lzma_end(&xz);
}
#endif

#ifdef LIBZSTD
#define ZSTD_FUNCTIONS(X)        \
	X(ZSTD_createDStream)    \
	X(ZSTD_decompressStream) \
	X(ZSTD_isError)          \
	X(ZSTD_freeDStream)
static struct {
	ZSTD_FUNCTIONS(LAZY_POINTER)
} lib;
static const char *const zstd_functions[] = { ZSTD_FUNCTIONS(LAZY_NAME) };
static ZSTD_DStream *zstd;

/* libzstd refuses by itself what needs more than 128 MiB. */
static int replay_unpack_zstd(struct replay_unpack_step *s)
{
	LAZY_NOTE(LIBZSTD, "reports packed by zstd");
	ZSTD_inBuffer in = { s->in, s->in_len, 0 };
	ZSTD_outBuffer out = { s->out, s->out_room, 0 };
	size_t r;

	if (!zstd)
		zstd = lib.ZSTD_createDStream();
	if (!zstd)
		return -ENOMEM;
	r = lib.ZSTD_decompressStream(zstd, &out, &in);
	s->in += in.pos;
	s->in_len -= in.pos;
	s->out_room -= out.pos;
	s->whole = !r;
	return lib.ZSTD_isError(r) ? -EBADMSG : 0;
}

static void replay_unpack_zstd_end(void)
{
	lib.ZSTD_freeDStream(zstd);
	zstd = NULL;
}
#endif

static const struct replay_packer {
	const char *magic;
	size_t len;
	const char *name, *library;
	int (*step)(struct replay_unpack_step *s);
	void (*end)(void);
	/* of a library that is loaded when it is needed */
	const char *soname, *const *names;
	size_t n;
	void *functions;
} packers[] = {
	{ "\x1f\x8b", 2, "gzip", "zlib", replay_unpack_gzip, replay_unpack_gzip_end },
	{ "\xfd"
	  "7zXZ",
	  5, "xz", "liblzma",
#ifdef LIBLZMA
	  replay_unpack_xz, replay_unpack_xz_end, LIBLZMA, lzma_functions,
	  ARRAY_SIZE(lzma_functions), &lzma
#endif
	},
	{ "\x28\xb5\x2f\xfd", 4, "zstd", "libzstd",
#ifdef LIBZSTD
	  replay_unpack_zstd, replay_unpack_zstd_end, LIBZSTD, zstd_functions,
	  ARRAY_SIZE(zstd_functions), &lib
#endif
	},
	{ "", 0, NULL, NULL, replay_unpack_plain },
};

/* Fills ->buf behind what it holds; a file that ends leaves room.  Returns 0 or -errno. */
static int replay_unpack_read(struct replay_unpack *u)
{
	while (u->len < sizeof(u->buf)) {
		ssize_t n = read(u->fd, u->buf + u->len, sizeof(u->buf) - u->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		u->len += (size_t)n;
	}
	return 0;
}

/* Nobody needs to hold the other end of a FIFO, and then its first byte never comes. */
static int replay_unpack_wait(struct replay_unpack *u)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };
	int flags = fcntl(u->fd, F_GETFL);
	ssize_t n;

	if (flags < 0 || !(flags & O_NONBLOCK))
		return 0;
	poll(&p, 1, UNPACK_WAIT);
	n = read(u->fd, u->buf, sizeof(u->buf));
	u->len = n > 0 ? (size_t)n : 0;
	fcntl(u->fd, F_SETFL, flags & ~O_NONBLOCK);
	return n > 0 || (n < 0 && errno == EAGAIN) ? 0 : n ? -errno : -EPIPE;
}

int replay_unpack_open(struct replay_unpack *u, int fd, const char *name,
		       struct diag *diag)
{
	const struct replay_packer *p = packers;
	struct stat st;
	int err = fstat(fd, &st) ? -errno : S_ISDIR(st.st_mode) ? -EISDIR : 0;

	u->fd = fd;
	u->text = -1;
	u->len = 0;
	if (!err && S_ISFIFO(st.st_mode))
		err = replay_unpack_wait(u);
	if (!err)
		err = replay_unpack_read(u);
	while (!err && (u->len < p->len || memcmp(u->buf, p->magic, p->len)))
		p++;
	u->packer = p;
	if (!err && (p->name || lseek(fd, 0, SEEK_SET) < 0)) {
		err = u->text = tempfile_fd();
		err = MIN(err, 0);
	}
	if (err)
		diag_add(diag, DIAG_ERROR, "cannot read %s: %s", name,
			 err == -EPIPE ? "nobody writes to it" : strerror(-err));
	if (err || (p->step && (!p->soname ||
				!dynlib_load(p->soname, p->names, p->n, p->functions))))
		return err;
	diag_add(
		diag, DIAG_ERROR,
		"cannot unpack %s: gupinfo %s %s, which that takes; unpack it with %s first",
		name, p->step ? "does not find" : "was built without", p->library,
		p->name);
	return -ELIBACC;
}

/* Unpacks all into ->text, or the start of what is no report.  Returns 0 or -errno. */
static int replay_unpack_pump(struct replay_unpack *u)
{
	static struct tempfile tmp;
	static u8 text[1 << 16];
	struct replay_unpack_step s = { .in = u->buf, .in_len = u->len };
	u64 total = 0, packed = u->len;
	bool report = true;
	int err = 0;

	tmp.fd = u->text;
	tmp.len = 0;
	for (s.last = u->len < sizeof(u->buf); !err && report;) {
		size_t got;

		if (!s.in_len && !s.last) {
			u->len = 0;
			err = replay_unpack_read(u);
			s.in = u->buf;
			packed += s.in_len = u->len;
			s.last = u->len < sizeof(u->buf);
		}
		if (err || (s.last && !s.in_len && s.whole))
			break;
		s.out = text;
		s.out_room = sizeof(text);
		err = u->packer->step(&s);
		got = sizeof(text) - s.out_room;
		if (!err && !got && s.last && !s.in_len && !s.whole)
			err = -EBADMSG;
		if (!err)
			err = tempfile_put(&tmp, (char *)text, got);
		report = total ||
			 !memcmp(text, RECORD_MAGIC, MIN(got, strlen(RECORD_MAGIC)));
		total += got;
		if (!err && total > UNPACK_MAX << 30)
			err = -EFBIG;
		if (!err && total > UNPACK_FREE && total / UNPACK_RATIO > packed)
			err = -E2BIG;
	}
	return err ? err : tempfile_flush(&tmp);
}

static const char *replay_unpack_why(int err)
{
	switch (err) {
	case -EBADMSG:
		return "it is damaged or torn";
	case -EFBIG:
		return "it has more than 4 GiB of text";
	case -E2BIG:
		return "its text is more than 200 times larger than it, as of a bomb; if it is none, unpack it by hand";
	}
	return strerror(-err);
}

int replay_unpack_text(struct replay_unpack *u, const char *name, struct diag *diag)
{
	const struct replay_packer *p = u->packer;
	int err = u->text < 0 ? 0 : replay_unpack_pump(u);

	if (u->text >= 0 && p->end)
		p->end();
	if (err)
		diag_add(diag, DIAG_ERROR, "cannot %s %s%s%s: %s",
			 p->name ? "unpack" : "read", name, p->name ? " with " : "",
			 p->name ? p->name : "", replay_unpack_why(err));
	return err;
}
