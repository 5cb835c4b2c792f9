/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/sums.h"

#define AT(member) offsetof(struct report_totals, member)
#define PIN_R(word) AT(gup[GUP_PIN_R][GUP_WORD_##word])
#define NONE UINT32_MAX

const struct sums_row sums_rows[SUMS] = {
#define SUM(id, a, p, u, m, h) \
	[SUM_##id] = { .metric = m, .help = h, .at = a, .plus = p, .unknown = u },
#include "render/sums.def"
};

static u64 sums_at(const struct report_totals *t, u32 at, u32 base)
{
	return at == NONE ? 0 : report_bytes(t, at, base);
}

u64 sums_bytes(enum sums id, const struct report_totals *t, u32 base)
{
	return sums_at(t, sums_rows[id].at, base) + sums_at(t, sums_rows[id].plus, base);
}

u64 sums_rest(enum sums id, const struct report_totals *t, u32 base)
{
	return sums_at(t, sums_rows[id].unknown, base);
}
