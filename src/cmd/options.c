/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "lib/array.h"
#include "lib/nearest.h"
#include "lib/text.h"
#include "report/range.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum option_group { TARGET, MODE, VERIFY, TRACE, FORMAT, JUDGE, OTHER, GROUPS };

static const char *const group_names[GROUPS] = {
	[TARGET] = "Which pages",
	[MODE] = "What to show (default: a summary of each mapping)",
	[TRACE] = "Tracing and demonstrating",
	[VERIFY] = "Verifying",
	[FORMAT] = "How to show it",
	[JUDGE] = "How to judge",
	[OTHER] = "Other",
};

static const struct option_row {
	const char *name;
	char letter;
	int arg;
	const char *argname;
	u8 group;
	const char *help;
} rows[OPTIONS] = {
#define OPTION(id, n, l, a, an, g, h)                                                  \
	[OPTION_##id] = {                                                              \
		.name = n, .letter = l, .arg = a, .argname = an, .group = g, .help = h \
	},
#include "cmd/options.def"
};

/* Options that choose a mode. */
static const struct {
	u8 option, mode;
} mode_options[] = {
#define DEFAULT(...)
#define MODE(id, ...) { OPTION_##id, MODE_##id },
#include "cmd/modes.def"
	{ OPTION_EACH, MODE_PAGES },
	{ OPTION_OPENMETRICS, MODE_ALL },
};

/* Two of them that are one mode: --lint and --pins of the whole machine, --family in another form. */
static const struct {
	u8 a, b, mode;
} together[] = {
	{ OPTION_ALL, OPTION_LINT, MODE_LINT },
	{ OPTION_ALL, OPTION_PINS, MODE_PINS },
	{ OPTION_FAMILY, OPTION_OPENMETRICS, MODE_FAMILY },
	{ OPTION_FAMILY, OPTION_SVG, MODE_SVG },
};

#define LONG_VALUE(id) (256 + (id))

#define O(id) BIT(OPTION_##id)
#define O_WHICH (O(PID) | O(COMM) | O(CGROUP) | O(REPLAY))
#define O_PART (O(RANGE) | O(FILTER) | O(BITS))
#define O_JSON (O(JSON) | O(JSON_LINES))
#define O_TABLE (O(RAW) | O(PAIRS) | O(NOHEADINGS))
#define O_ROWS (O_TABLE | O_JSON | O(OUTPUT) | O(BYTES) | O(SORT) | O(TOP))

#define O_PACE (O(NO_STOP) | O(INTERVAL))
#define O_TRIALS (O(TRIALS) | O(SEED) | O(STATE) | O(REQUEST))

/* Which of the options that not every mode can obey a mode obeys; the others it refuses. */
static const u64 obeyed[MODES] = {
#define DEFAULT MODE
#define MODE(id, run, needs, caps, of, obeys) [MODE_##id] = obeys,
#include "cmd/modes.def"
};

int options_add_pid(struct options *opt, pid_t pid)
{
	size_t n = opt->npids;
	int err = array_put(&opt->pids, &n, &opt->pids_room, sizeof(pid), &pid);

	opt->npids = (unsigned)n;
	return err;
}

/* The options as far as they are parsed, and where the sentence goes that says why one is wrong. */
struct parser {
	struct options *opt;
	char *why;
	size_t size;
};

PRINTF(2, 3) static int refuse(const struct parser *p, const char *fmt, ...)
{
	TEXT_FORMAT(p->why, p->size, fmt);
	return -EINVAL;
}

static int add_pids(const struct parser *p, const char *list)
{
	struct options *opt = p->opt;
	const char *at = list;

	for (;;) {
		char *end;
		long pid = strtol(at, &end, 10);

		if (end == at || (*end && *end != ',') || pid <= 0 || pid > INT32_MAX ||
		    *at < '0' || *at > '9')
			return refuse(
				p,
				"--pid takes process numbers such as 4242 or 4242,4243, not '%.40s'",
				list);
		if (options_add_pid(opt, (pid_t)pid))
			return refuse(p, "out of memory");
		if (!*end)
			return 0;
		at = end + 1;
	}
}

/* Refuses what the mode would not obey. */
static int check_obeyed(const struct parser *p)
{
	const struct options *opt = p->opt;
	const char *mode = NULL;
	u64 known = 0;

	if (opt->mode == MODE_HELP || opt->mode == MODE_VERSION)
		return 0;
	for (unsigned i = 0; i < MODES; i++)
		known |= obeyed[i];
	for (unsigned i = 0; i < ARRAY_SIZE(mode_options); i++)
		if (opt->given[mode_options[i].option] &&
		    mode_options[i].mode == opt->mode)
			mode = rows[mode_options[i].option].name;
	for (unsigned i = 0; i < OPTIONS; i++)
		if (opt->given[i] && known & ~obeyed[opt->mode] & BIT(i))
			return refuse(p, "--%s means nothing to %s%s; leave one out",
				      rows[i].name, mode ? "--" : "the summary",
				      mode ? mode : "");
	if (opt->command && opt->mode != MODE_TRACE && opt->mode != MODE_TUI)
		return refuse(
			p,
			"a program after -- is started by --trace or --tui, not by --%s",
			mode ? mode : "");
	return 0;
}

static int add_range(const struct parser *p, const char *text)
{
	struct options *opt = p->opt;
	const char *reason = NULL;
	struct collect_range r;
	int kind = range_parse(text, KERNEL_PAGE_LEAST, &r, &reason);

	if (kind < 0)
		return refuse(p, "--range %.60s: %s", text, reason);
	if (opt->nranges == OPTIONS_RANGES || opt->nnames == OPTIONS_RANGES)
		return refuse(p, "more than %u ranges", OPTIONS_RANGES);
	u64 addr;

	opt->only_addresses = (opt->only_addresses || !(opt->nranges + opt->nnames)) &&
			      kind != RANGE_NAME && !range_parse_address(text, &addr);
	if (kind == RANGE_NAME)
		opt->name[opt->nnames++] = text;
	else
		opt->range[opt->nranges++] = r;
	return 0;
}

/* Finds the index of @value in @words (NULL-terminated). */
static int choose(const struct parser *p, const char *option, const char *value,
		  const char *const *words, u8 *ret)
{
	char takes[100] = "";

	for (unsigned i = 0; words[i]; i++) {
		if (!strcmp(words[i], value)) {
			*ret = i;
			return 0;
		}
		text_add(takes, sizeof(takes), "%s %s", i ? " or" : "", words[i]);
	}
	return refuse(p, "--%s takes%s, not '%.40s'", option, takes, value);
}

/* Parses @arg as a number from @min to @max, which @takes describes. */
static int add_number(const struct parser *p, unsigned id, u64 min, u64 max,
		      const char *takes, u64 *ret)
{
	const char *arg = p->opt->value[id];
	char *end;

	errno = 0;
	*ret = strtoull(arg, &end, strncmp(arg, "0x", 2) ? 10 : 16);
	if (*arg >= '0' && *arg <= '9' && !*end && !errno && *ret >= min && *ret <= max)
		return 0;
	return refuse(p, "--%s takes %s, not '%.40s'", rows[id].name, takes, arg);
}

static int add_events(const struct parser *p, const char *list)
{
	char words[400] = "";
	const char *bad;
	size_t len;

	if (!event_select_parse(&p->opt->events, list, &bad, &len))
		return 0;
	for (unsigned i = 0; i < EVENTS; i++)
		text_add(words, sizeof(words), "%s, ", event_kinds[i].word);
	return refuse(p, "--events takes %swarnings and leaks, not '%.*s'", words,
		      (int)MIN(len, 40), bad);
}

/* An optional argument @arg can be @word only. */
static int check_word(const struct parser *p, unsigned id, const char *arg,
		      const char *word)
{
	return !arg || !strcmp(arg, word)
		       ? 0
		       : refuse(p, "--%s takes nothing or =%s", rows[id].name, word);
}

static int apply_value(const struct parser *p, unsigned id)
{
	struct options *opt = p->opt;
	const char *arg = opt->value[id];
	static const char *const colors[] = { "auto", "always", "never", NULL };
	static const char *const evidences[] = { "auto", "procfs", "bpf", NULL };

	switch (id) {
	case OPTION_PID:
		return add_pids(p, arg);
	case OPTION_RANGE:
		return add_range(p, arg);
	case OPTION_EXPLAIN:
		if (opt->nexplain == OPTIONS_RANGES)
			return refuse(p, "more than %u addresses", OPTIONS_RANGES);
		if (!range_parse_address(arg, &opt->explain[opt->nexplain++]))
			return 0;
		return refuse(
			p,
			"--explain takes a hexadecimal address such as 7f12a000, not '%.40s'",
			arg);
	case OPTION_WHO:
		opt->physical = !strncmp(arg, "phys:", 5);
		if (!range_parse_address(arg + 5 * opt->physical, &opt->explain[0]))
			return 0;
		opt->area = true; /* the mode finds out what it is */
		return 0;
	case OPTION_EVENTS:
		return add_events(p, arg);
	case OPTION_INTERVAL:
		return add_number(p, id, 1, 3600000, "milliseconds from 1 to 3600000",
				  &opt->interval_ms);
	case OPTION_TOP:
		return add_number(p, id, 1, INT32_MAX, "a number such as 20",
				  &opt->render.top);
	case OPTION_JOBS:
		return add_number(p, id, 1, 256, "a number of threads from 1 to 256",
				  &opt->jobs);
	case OPTION_TRIALS:
		return add_number(p, id, 0, UINT64_MAX, "a number", &opt->trials);
	case OPTION_SEED:
		return add_number(p, id, 0, UINT64_MAX, "a number", &opt->seed);
	case OPTION_BY:
		opt->render.by_cgroup = !strcmp(arg, "cgroup");
		return opt->render.by_cgroup ? 0 : refuse(p, "--by takes cgroup");
	case OPTION_COLOR:
		return arg ? choose(p, "color", arg, colors, &opt->color)
			   : (opt->color = 1, 0);
	case OPTION_REDACT:
		opt->redact = true;
		opt->redact_addresses = arg != NULL;
		return check_word(p, id, arg, "addresses");
	case OPTION_JSON:
		opt->render.compact = arg != NULL;
		return check_word(p, id, arg, "compact");
	case OPTION_EVIDENCE:
		return choose(p, "evidence", arg, evidences, &opt->evidence);
	default:
		return 0;
	}
}

static int apply(const struct parser *p, unsigned id, const char *arg)
{
	struct options *opt = p->opt;

	if (opt->mode == MODE_HELP) /* whatever else is asked for */
		return 0;
	if (opt->given[id] < 255)
		opt->given[id]++;
	opt->value[id] = arg;
	for (unsigned i = 0; i < ARRAY_SIZE(together); i++)
		if (opt->given[together[i].a] && opt->given[together[i].b] &&
		    (id == together[i].a || id == together[i].b)) {
			opt->mode = together[i].mode;
			return apply_value(p, id);
		}
	for (unsigned i = 0; i < ARRAY_SIZE(mode_options); i++) {
		if (mode_options[i].option != id)
			continue;
		if (opt->mode != MODE_SUMMARY && opt->mode != mode_options[i].mode &&
		    id != OPTION_HELP)
			return refuse(
				p,
				"--%s asks for another view than an earlier option; give one",
				rows[id].name);
		opt->mode = mode_options[i].mode;
	}
	return apply_value(p, id);
}

static int finish(const struct parser *p)
{
	struct options *opt = p->opt;
	unsigned formats = 0;
	static const u8 exclusive[] = { OPTION_JSON, OPTION_JSON_LINES, OPTION_RAW,
					OPTION_PAIRS, OPTION_OPENMETRICS };

	for (unsigned i = 0; i < ARRAY_SIZE(exclusive); i++)
		formats += opt->given[exclusive[i]] != 0;
	if (formats > 1)
		return refuse(
			p,
			"give one of --json, --json-lines, --raw, --pairs and --openmetrics");
	opt->comm = opt->value[OPTION_COMM];
	opt->replay = opt->value[OPTION_REPLAY];
	opt->model = opt->value[OPTION_MODEL];
	opt->filter = opt->value[OPTION_FILTER];
	opt->bits = opt->value[OPTION_BITS];
	opt->columns = opt->value[OPTION_OUTPUT];
	opt->render.format = opt->given[OPTION_RAW]     ? TABLE_RAW
			     : opt->given[OPTION_PAIRS] ? TABLE_PAIRS
							: TABLE_TEXT;
	opt->render.noheadings = opt->given[OPTION_NOHEADINGS];
	opt->render.bytes = opt->given[OPTION_BYTES];
	opt->render.verbose = opt->given[OPTION_VERBOSE];
	opt->render.openmetrics = opt->given[OPTION_OPENMETRICS];
	opt->render.json = opt->given[OPTION_JSON_LINES] ? RENDER_JSON_LINES
			   : opt->given[OPTION_JSON]     ? RENDER_JSON_DOCUMENT
							 : RENDER_JSON_NONE;
	if (opt->render.by_cgroup && opt->given[OPTION_OPENMETRICS])
		return refuse(p,
			      "--openmetrics has a sample per process; leave out --by");
	if (opt->mode == MODE_DIFF && !opt->diff_b)
		return refuse(p, "--diff needs two reports, or a report and a PID");
	if (opt->mode == MODE_SUMMARY && opt->command)
		opt->mode = MODE_TRACE;
	/* -o implies the rows that have these columns; --json-lines, and what both have, pages. */
	if (opt->mode == MODE_SUMMARY &&
	    (opt->columns ? columns_are(COLUMNS_PAGE, opt->columns) ||
				    !columns_are(COLUMNS_MAPPING, opt->columns)
			  : opt->given[OPTION_JSON_LINES]))
		opt->mode = MODE_PAGES;
	if (opt->given[OPTION_OPENMETRICS] &&
	    (opt->columns || opt->render.bytes || opt->render.noheadings))
		return refuse(
			p,
			"--openmetrics has metrics of its own; leave out --output, --bytes and --noheadings");
	if (opt->given[OPTION_JSON] && !opt->columns && opt->mode != MODE_ALL &&
	    (opt->given[OPTION_SORT] || opt->given[OPTION_TOP]))
		return refuse(
			p,
			"--json without --output is a document; give the columns of the rows that --sort and --top are for");
	if (opt->render.compact &&
	    (opt->columns || (opt->mode != MODE_SUMMARY && opt->mode != MODE_PAGES)))
		return refuse(
			p,
			"--json=compact is a document of pages; leave out --output and other views");
	return check_obeyed(p);
}

static void build_getopt(struct option *longs, char *shorts)
{
	char *s = shorts;

	*s++ = '+';
	*s++ = ':';
	for (unsigned i = 0; i < OPTIONS; i++) {
		longs[i] = (struct option){ .name = rows[i].name,
					    .has_arg = rows[i].arg,
					    .val = LONG_VALUE(i) };
		if (!rows[i].letter)
			continue;
		*s++ = rows[i].letter;
		if (rows[i].arg == required_argument)
			*s++ = ':';
	}
	*s = '\0';
	longs[OPTIONS] = (struct option){ 0 };
}

static unsigned option_of(int c)
{
	return c >= 256 ? c - 256u : ARRAY_SEEK(i, OPTIONS, rows[i].letter == c);
}

static const char *option_name(unsigned i)
{
	return i < OPTIONS ? rows[i].name : NULL;
}

static int usage(const struct parser *p, int c, char **argv)
{
	const char *what = argv[optind - 1];
	const char *like =
		what[0] == '-' && what[1] == '-' && what[2]
			? nearest(what + 2, strcspn(what + 2, "="), option_name)
			: NULL;

	if (c == ':')
		return refuse(p, "option '%.60s' needs an argument; see gupinfo --help",
			      what);
	if (optopt && optopt < 256)
		return refuse(p, "unknown option '-%c'; see gupinfo --help", optopt);
	if (like)
		return refuse(p, "unknown option '%.60s'; did you mean --%s?", what,
			      like);
	return refuse(p, "unknown or ambiguous option '%.60s'; see gupinfo --help", what);
}

/* Whether argv[optind] is PIDs without --pid. */
static bool is_bare_pid(int argc, char **argv)
{
	return optind < argc && strcmp(argv[optind - 1], "--") && argv[optind][0] &&
	       !argv[optind][strspn(argv[optind], "0123456789,")];
}

/* Takes the option @c of getopt_long(), with the words after it that belong to it. */
static int take(const struct parser *p, int argc, char **argv, int c)
{
	unsigned id = option_of(c);
	int err;

	if (c == '?' || c == ':')
		return usage(p, c, argv);
	/* as strace has it: -e fork */
	if (c == 'e' && (p->opt->mode == MODE_TRACE ||
			 !event_select_parse(&(struct event_select){ 0 }, optarg,
					     &(const char *){ NULL }, &(size_t){ 0 })))
		id = OPTION_EVENTS;
	/* Accept "--demo NAME" like "--demo=NAME". */
	if (id == OPTION_DEMO && !optarg && optind < argc && argv[optind][0] != '-')
		optarg = argv[optind++];
	err = apply(p, id, optarg);
	if (!err && id == OPTION_DIFF && optind < argc &&
	    (argv[optind][0] != '-' || !argv[optind][1]))
		p->opt->diff_b = argv[optind++];
	return err;
}

int options_parse(int argc, char **argv, struct options *ret, char *why, size_t why_size)
{
	const struct parser p = { ret, why, why_size };
	struct option longs[OPTIONS + 1];
	char shorts[2 * OPTIONS + 3];
	int c, err = 0;

	memset(ret, 0, sizeof(*ret));
	build_getopt(longs, shorts);
	opterr = 0;
	optind = 1;
	while (!err && ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1 ||
			is_bare_pid(argc, argv)))
		err = c == -1 ? apply(&p, OPTION_PID, argv[optind++])
			      : take(&p, argc, argv, c);
	if (err)
		return err;
	if (optind < argc) {
		if (strcmp(argv[optind - 1], "--"))
			return refuse(
				&p,
				"unexpected argument '%.60s'; a program to start comes after --",
				argv[optind]);
		ret->command = argv + optind;
	}
	return finish(&p);
}

void options_deinit(struct options *opt)
{
	free(opt->pids);
	opt->pids = NULL;
}

void options_help(FILE *out)
{
	fputs("Usage: gupinfo PID[,PID...] [--range RANGE]... [view] [format]\n"
	      "       gupinfo --replay FILE [view] [format]\n"
	      "       gupinfo [--trace | --tui] -- COMMAND [ARGUMENT]...\n"
	      "\n"
	      "Shows what the kernel knows about each page of a process and predicts what\n"
	      "get_user_pages would do to it.\n",
	      out);
	for (unsigned g = 0; g < GROUPS; g++) {
		fprintf(out, "\n%s:\n", group_names[g]);
		for (unsigned i = 0; i < OPTIONS; i++) {
			char left[64], letter[4] = "";

			if (rows[i].group != g)
				continue;
			if (rows[i].letter)
				snprintf(letter, sizeof(letter), "-%c,", rows[i].letter);
			snprintf(left, sizeof(left), "%3s --%s%s%s%s", letter,
				 rows[i].name,
				 rows[i].arg == optional_argument ? "[="
				 : rows[i].argname                ? " "
								  : "",
				 rows[i].argname ? rows[i].argname : "",
				 rows[i].arg == optional_argument ? "]" : "");
			fprintf(out, " %-26s%s", left,
				strlen(left) > 25 ? "\n                           " : "");
			render_wrap(out, 27, 27, rows[i].help);
		}
	}
	fputs("\nExit status: 0 complete, 1 failed, 2 usage, 3 incomplete (said on stderr),\n"
	      "4 found something wrong.  The text output may change; scripts use --json or -o.\n",
	      out);
}
