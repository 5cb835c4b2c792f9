/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_judge.h - compares the prediction with what the call showed; fills ret->field … ret->outcome. */
#pragma once

#include "pagestate/gupcall.h"
#include "page/page.h"
#include "verify/verify.h"

void verify_judge(const struct kernel *k, enum gupcall_id act,
		  const struct page_info *page, const struct gup_verdicts *predicted,
		  const struct gupcall_result *seen, struct verify_case *ret);
