/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page/fact.h"
#include "test.h"

TEST(every_fact_has_words)
{
	for (unsigned i = 0; i < FACTS; i++) {
		EXPECT(fact_rows[i].name && fact_rows[i].name[0]);
		EXPECT(fact_rows[i].decider && fact_rows[i].decider[0]);
		EXPECT(fact_rows[i].text && fact_rows[i].text[0]);
		for (unsigned j = 0; j < i; j++)
			EXPECT(strcmp(fact_rows[i].name, fact_rows[j].name));
	}
}

TEST(set_and_get)
{
	struct facts f = { 0 };

	EXPECT_INT(fact_get(&f, FACT_ANON), TRI_UNKNOWN);
	fact_set(&f, F(ANON) | F(PRESENT), true);
	fact_set(&f, F(PRESENT), false);
	EXPECT_INT(fact_get(&f, FACT_ANON), TRI_YES);
	EXPECT_INT(fact_get(&f, FACT_PRESENT), TRI_NO);
	fact_set_tri(&f, F(ANON), TRI_UNKNOWN);
	EXPECT_INT(fact_get(&f, FACT_ANON), TRI_UNKNOWN);
	EXPECT_INT(f.value & ~f.known, 0);
}
