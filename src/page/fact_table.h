/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fact_table.h - how the rows of fact_never.def and gup/predict_*.def name facts: YES(ANON, LARGE). */
#pragma once

#include "kernel/kernel.h"
#include "page/fact.h"

/* OR_OF(F, A, B, C) is F(A) | F(B) | F(C), of up to six. */
#define OR_1(m, a) m(a)
#define OR_2(m, a, ...) m(a) | OR_1(m, __VA_ARGS__)
#define OR_3(m, a, ...) m(a) | OR_2(m, __VA_ARGS__)
#define OR_4(m, a, ...) m(a) | OR_3(m, __VA_ARGS__)
#define OR_5(m, a, ...) m(a) | OR_4(m, __VA_ARGS__)
#define OR_6(m, a, ...) m(a) | OR_5(m, __VA_ARGS__)
#define OR_PICK(a, b, c, d, e, f, or, ...) or
#define OR_OF(m, ...) \
	(OR_PICK(__VA_ARGS__, OR_6, OR_5, OR_4, OR_3, OR_2, OR_1, )(m, __VA_ARGS__))

#define YES(...) .yes = OR_OF(F, __VA_ARGS__)   /* these facts hold */
#define NO(...) .no = OR_OF(F, __VA_ARGS__)     /* these do not */
#define KYES(...) .kyes = OR_OF(K, __VA_ARGS__) /* the kernel has these behaviours */
#define KNO(...) .kno = OR_OF(K, __VA_ARGS__)   /* it lacks these */
