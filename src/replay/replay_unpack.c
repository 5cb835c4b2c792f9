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
#define UNPACK_RATIO 500          /* bytes of text for a byte of the file, ... */
#define UNPACK_FREE (16 << 20)    /* ... which does not count for these first bytes */
#define UNPACK_MEMORY (128 << 20) /* bytes for liblzma: a file of xz -9 needs 65 MiB */
#define UNPACK_WAIT 500 /* ms in which somebody has to open the other end of a FIFO */

/*
 * A decoder takes from ->next_in and writes to ->next_out what it can; the file ends @last.
 * Returns 1 where the file may end, 0 inside a stream, or -errno, -EBADMSG for what is damaged.
 */
static int replay_unpack_plain(z_stream *s, bool last)
{
	uInt n = MIN(s->avail_in, s->avail_out);

	memcpy(s->next_out, s->next_in, n);
	s->next_in += n;
	s->avail_in -= n;
	s->avail_out -= n;
	return 1;
}

static int replay_unpack_gzip(z_stream *s, bool last)
{
	int r = s->state ? Z_OK : inflateInit2(s, 16 + MAX_WBITS);

	if (r == Z_OK)
		r = inflate(s, Z_NO_FLUSH);
	if (r == Z_STREAM_END) /* another may follow */
		return inflateReset(s) == Z_OK;
	return r == Z_OK || r == Z_BUF_ERROR ? 0 : r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static void replay_unpack_gzip_end(z_stream *s)
{
	inflateEnd(s);
}

#ifdef LIBLZMA
#define LZMA_FUNCTIONS(X) X(lzma_stream_decoder) X(lzma_code) X(lzma_end)
LAZY_FUNCTIONS(lzma, LZMA_FUNCTIONS);
static lzma_stream xz;

static int replay_unpack_xz(z_stream *s, bool last)
{
	LAZY_NOTE(LIBLZMA, "reports packed by xz");
	lzma_ret r = xz.internal ? LZMA_OK
				 : lzma.lzma_stream_decoder(&xz, UNPACK_MEMORY,
							    LZMA_CONCATENATED);

	xz.next_in = s->next_in;
	xz.avail_in = s->avail_in;
	xz.next_out = s->next_out;
	xz.avail_out = s->avail_out;
	if (r == LZMA_OK)
		r = lzma.lzma_code(&xz, last ? LZMA_FINISH : LZMA_RUN);
	s->next_in = (u8 *)xz.next_in;
	s->avail_in = (uInt)xz.avail_in;
	s->avail_out = (uInt)xz.avail_out;
	if (r == LZMA_MEM_ERROR || r == LZMA_MEMLIMIT_ERROR)
		return -ENOMEM;
	return r == LZMA_STREAM_END                  ? 1
	       : r == LZMA_OK || r == LZMA_BUF_ERROR ? 0
						     : -EBADMSG;
}

static void replay_unpack_xz_end(z_stream *s)
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
LAZY_FUNCTIONS(lib, ZSTD_FUNCTIONS);
static ZSTD_DStream *zstd;

/* libzstd refuses by itself what needs more than 128 MiB. */
static int replay_unpack_zstd(z_stream *s, bool last)
{
	LAZY_NOTE(LIBZSTD, "reports packed by zstd");
	ZSTD_inBuffer in = { s->next_in, s->avail_in, 0 };
	ZSTD_outBuffer out = { s->next_out, s->avail_out, 0 };
	size_t r;

	if (!zstd)
		zstd = lib.ZSTD_createDStream();
	if (!zstd)
		return -ENOMEM;
	r = lib.ZSTD_decompressStream(zstd, &out, &in);
	s->next_in += in.pos;
	s->avail_in -= (uInt)in.pos;
	s->avail_out -= (uInt)out.pos;
	return lib.ZSTD_isError(r) ? -EBADMSG : !r;
}

static void replay_unpack_zstd_end(z_stream *s)
{
	lib.ZSTD_freeDStream(zstd);
	zstd = NULL;
}
#endif

/* How much of a picture was read; one file at a time. */
static struct {
	enum { SVG_BEFORE, SVG_TEXT, SVG_BEHIND } at;
	char name[8];
	size_t len; /* of what has matched of the tag, or of an entity's name */
} svg;

/*
 * A picture with a report in it (render/render_svg.h): skips what stands before the report, and undoes
 * the escapes of XML up to the tag behind it.
 */
static int replay_unpack_svg(z_stream *s, bool last)
{
	static const char tag[] = "<metadata id=\"gupinfo-report\">\n";
	static const struct {
		const char *name;
		char c;
	} entity[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' } };

	for (; s->avail_in && s->avail_out; s->next_in++, s->avail_in--) {
		char c = (char)*s->next_in, put = c;

		if (svg.at == SVG_BEFORE) {
			svg.len = c == tag[svg.len] ? svg.len + 1 : c == tag[0];
			if (svg.len < sizeof(tag) - 1)
				continue;
			svg.at = SVG_TEXT;
			svg.len = 0;
			continue;
		}
		if (svg.at == SVG_TEXT && c == '<')
			svg.at = SVG_BEHIND;
		if (svg.at == SVG_BEHIND)
			continue;
		if (svg.len || c == '&') {
			svg.name[svg.len++] = c;
			svg.name[svg.len] = '\0';
			put = '\0';
			for (unsigned i = 0; i < ARRAY_SIZE(entity); i++)
				if (!strcmp(svg.name, entity[i].name))
					put = entity[i].c;
			if (!put && svg.len > 5)
				return -EBADMSG;
			if (!put)
				continue;
			svg.len = 0;
		}
		*s->next_out++ = (Bytef)put;
		s->avail_out--;
	}
	return 1;
}

static void replay_unpack_svg_end(z_stream *s)
{
	memset(&svg, 0, sizeof(svg));
}

static const struct replay_packer {
	const char *magic;
	size_t len;
	const char *name, *library;
	int (*step)(z_stream *s, bool last);
	void (*end)(z_stream *s);
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
	  replay_unpack_xz, replay_unpack_xz_end, LIBLZMA, lzma_names,
	  ARRAY_SIZE(lzma_names), &lzma
#endif
	},
	{ "\x28\xb5\x2f\xfd", 4, "zstd", "libzstd",
#ifdef LIBZSTD
	  replay_unpack_zstd, replay_unpack_zstd_end, LIBZSTD, lib_names,
	  ARRAY_SIZE(lib_names), &lib
#endif
	},
	{ "<svg", 4, "svg", "nothing", replay_unpack_svg, replay_unpack_svg_end },
	{ "<?xml", 5, "svg", "nothing", replay_unpack_svg, replay_unpack_svg_end },
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
	u->text = NULL;
	u->len = 0;
	if (!err && S_ISFIFO(st.st_mode))
		err = replay_unpack_wait(u);
	if (!err)
		err = replay_unpack_read(u);
	while (!err && (u->len < p->len || memcmp(u->buf, p->magic, p->len)))
		p++;
	u->packer = p;
	if (!err && (p->name || lseek(fd, 0, SEEK_SET) < 0))
		err = tempfile_open(&u->text);
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
static int replay_unpack_pump(struct replay_unpack *u, z_stream *s)
{
	static u8 text[1 << 16];
	u64 total = 0, packed = u->len;
	bool report = true, last = u->len < sizeof(u->buf);
	int err = 0, whole = 0;

	s->next_in = u->buf;
	s->avail_in = (uInt)u->len;
	while (!err && report && !(last && !s->avail_in && whole)) {
		size_t got;

		if (!s->avail_in && !last) {
			u->len = 0;
			err = replay_unpack_read(u);
			s->next_in = u->buf;
			packed += s->avail_in = (uInt)u->len;
			last = u->len < sizeof(u->buf);
			continue;
		}
		s->next_out = text;
		s->avail_out = sizeof(text);
		whole = u->packer->step(s, last);
		err = MIN(whole, 0);
		got = sizeof(text) - s->avail_out;
		if (!err && !got && last && !s->avail_in && !whole)
			err = -EBADMSG;
		if (!err)
			err = tempfile_put(u->text, (char *)text, got);
		report = total ||
			 !memcmp(text, RECORD_MAGIC, MIN(got, strlen(RECORD_MAGIC)));
		total += got;
		if (!err && total > UNPACK_MAX << 30)
			err = -EFBIG;
		if (!err && total > UNPACK_FREE && total / UNPACK_RATIO > packed)
			err = -E2BIG;
	}
	return err ? err : fflush(u->text) ? -errno : 0;
}

static const char *replay_unpack_why(int err)
{
	switch (err) {
	case -EBADMSG:
		return "it is damaged or torn";
	case -EFBIG:
		return "it has more than 4 GiB of text";
	case -E2BIG:
		return "its text is more than 500 times larger than it, as of a bomb; if it is none, unpack it by hand";
	}
	return strerror(-err);
}

int replay_unpack_text(struct replay_unpack *u, const char *name, struct diag *diag)
{
	const struct replay_packer *p = u->packer;
	z_stream s = { 0 };
	int err = !u->text ? 0 : replay_unpack_pump(u, &s);

	if (u->text && p->end)
		p->end(&s);
	if (err)
		diag_add(diag, DIAG_ERROR, "cannot %s %s%s%s: %s",
			 p->name ? "unpack" : "read", name, p->name ? " with " : "",
			 p->name ? p->name : "", replay_unpack_why(err));
	return err;
}
