/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/range.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib/pure.h"

/* Reads digits of @base; returns how many, or -ERANGE. */
static int range_digits(const char *s, size_t len, unsigned base, u64 *ret)
{
	unsigned digit;
	u64 v = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		digit = digit_value((char)tolower((unsigned char)s[i]));
		if (digit >= base)
			break;
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return -ERANGE;
	}
	*ret = v;
	return (int)i;
}

static size_t range_prefix(const char *s, size_t len)
{
	return len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 2 : 0;
}

/* Parses an address up to a character of @stop or the end; returns its length or -errno. */
static int range_address(const char *s, const char *stop, u64 *ret)
{
	size_t len = strcspn(s, stop), skip = range_prefix(s, len);
	int n = range_digits(s + skip, len - skip, 16, ret);

	if (n < 0)
		return n;
	return n && (size_t)n + skip == len ? (int)len : -EINVAL;
}

int range_parse_address(const char *text, u64 *ret)
{
	u64 v;
	int n = range_address(text, "", &v);

	if (n < 0)
		return n;
	*ret = v;
	return 0;
}

int range_parse_size(const char *text, size_t len, u64 *ret)
{
	static const char suffixes[] = "KMGT";
	size_t skip = range_prefix(text, len);
	u64 v;
	int n = range_digits(text + skip, len - skip, skip ? 16 : 10, &v);

	if (n < 0)
		return n;
	if (!n)
		return -EINVAL;
	const char *rest = text + skip + n;
	size_t left = len - skip - n;

	if (left) {
		const char *at = memchr(suffixes, toupper((unsigned char)*rest), 4);
		bool tail = left == 1 || (left == 3 && !strncasecmp(rest + 1, "iB", 2));

		if (!at || !tail)
			return -EINVAL;
		unsigned shift = 10 * (unsigned)(at - suffixes + 1);

		if (v >> (64 - shift))
			return -ERANGE;
		v <<= shift;
	}
	*ret = v;
	return 0;
}

int range_parse(const char *text, u32 page_size, struct collect_range *ret,
		const char **ret_why)
{
	u64 start, end, size;
	int n = range_address(text, "-+", &start);

	if (!*text) {
		*ret_why = "an empty range";
		return -EINVAL;
	}
	if (n == -ERANGE) {
		*ret_why = "an address of more than 64 bits";
		return -EINVAL;
	}
	if (n < 0)
		return RANGE_NAME;
	switch (text[n]) {
	case '\0':
		start = ROUND_DOWN(start, page_size);
		end = start + page_size;
		break;
	case '-':
		if (range_parse_address(text + n + 1, &end))
			return RANGE_NAME;
		break;
	default:
		if (range_parse_size(text + n + 1, strlen(text + n + 1), &size)) {
			*ret_why = "the size after '+' is not a number with K, M, G or T";
			return -EINVAL;
		}
		if (__builtin_add_overflow(start, size, &end)) {
			*ret_why = "the range ends beyond 64 bits";
			return -EINVAL;
		}
	}
	if (end <= start && !(text[n] == '\0' && end == 0)) {
		*ret_why = "the range is empty: its end is not above its start";
		return -EINVAL;
	}
	*ret = (struct collect_range){ .start = start, .end = end };
	return RANGE_ADDRESSES;
}
