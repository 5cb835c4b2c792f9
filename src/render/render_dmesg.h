/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_dmesg.h - --dmesg: what the kernel's dumps of pages mean, as text or rows. */
#pragma once

#include "render/render.h"
#include "report/dmesg.h"

/* @k: by whose rules they are judged; @m has the machine's page size. */
int render_dmesg(const struct render_options *opt, const struct dmesg *d,
		 const struct kernel *k, const struct source_machine *m);
