/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/rows.h"

#include "lib/escape.h"
#include "render/filter.h"
#include "render/js.h"

static int facts_json(const struct render_options *opt, const struct report_head *head)
{
	const struct kernel *k = head->kernel;
	struct js j = { .out = opt->out };

	render_json_head(&j, opt, head);
	js_open(&j, "facts", '[');
	for (unsigned i = 0; i < KFACTS; i++) {
		const struct columns_fact fact = { k, i };
		const struct report_row row = { .item = &fact };
		enum kprobe probe = kernel_rows[i].probe;
		char range[64];

		if (opt->filter && filter_match(opt->filter, &row) != TRI_YES)
			continue;
		js_open(&j, NULL, '{');
		js_str(&j, "name", kernel_rows[i].name);
		js_tri(&j, "value", kernel_has(k, i));
		js_str(&j, "from", kernel_origin_names[k->origin[i]]);
		js_str(&j, "releases", kernel_fact_range(i, range, sizeof(range)));
		js_str(&j, "commit", kernel_rows[i].commit);
		if (probe < KPROBES)
			js_str(&j, "probe", kernel_probes[probe].text);
		js_str(&j, "subject", kernel_rows[i].subject);
		js_close(&j, '}');
	}
	js_close(&j, ']');
	return render_json_end(&j, opt);
}

int render_facts(const struct render_options *opt, const struct report_head *head)
{
	const struct source_machine *m = head->machine;
	const struct kernel *k = head->kernel;
	struct columns_fact fact[KFACTS];
	char proof[160];

	if (opt->json && !rows_asked(opt))
		return facts_json(opt, head);
	if (!rows_asked(opt)) {
		fprintf(opt->out, "Linux %s %s, judged as %s (%s)\n",
			ESCAPED(m->kernel.release, 80), m->kernel.arch, k->model,
			kernel_proof_text(k, proof, sizeof(proof)));
		for (unsigned i = 0; i < SOURCE_FACTS; i++)
			fprintf(opt->out, "  %-12s %s\n", source_facts[i].name,
				m->evidence[i].ok ? "read"
						  : ESCAPED(m->evidence[i].why, 400));
		for (unsigned i = 0; i < KPROBES; i++)
			if (k->ev.probe[i] != TRI_UNKNOWN)
				fprintf(opt->out, "  probe %-21s %-3s %s\n",
					kernel_probes[i].name,
					gup_tri_name(k->ev.probe[i]),
					kernel_probes[i].text);
		fputc('\n', opt->out);
	}
	for (unsigned i = 0; i < KFACTS; i++)
		fact[i] = (struct columns_fact){ k, i };
	return rows_items(opt, COLUMNS_FACT, head, fact, sizeof(*fact), KFACTS);
}
