#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib.sh - what other programs read: metrics, rules, dashboard, units, the plugin of sosreport, workflows.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
gupinfo=$builddir/gupinfo
prometheus=$srcdir/contrib/prometheus
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# with TOOL NAME COMMAND...: COMMAND prints nothing and exits with 0, where TOOL is here
with()
{
	local tool=$1 name=$2 said

	shift 2
	if ! command -v "$tool" >/dev/null; then
		skip "$name" "$tool is not installed"
	elif said=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "$said"
	fi
}

"$gupinfo" --all --openmetrics >"$dir/metrics" 2>"$dir/said"
status=$?
expect_empty "metrics end as OpenMetrics does" "$([ $status = 0 ] || [ $status = 3 ] || cat "$dir/said"
	[ "$(tail -n 1 "$dir/metrics")" = "# EOF" ] || tail -n 1 "$dir/metrics")"
with promtool "promtool finds nothing in the metrics" promtool check metrics <"$dir/metrics"
with promtool "the rules are rules" promtool check rules "$prometheus/gupinfo.rules.yml"
with promtool "they fire when they should" sh -c "cd '$prometheus' && promtool test rules gupinfo.test.yml"

known=$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$dir/metrics" | sort -u)
for file in gupinfo.rules.yml gupinfo.test.yml gupinfo-dashboard.json; do
	expect_empty "$file: each metric exists" "$(grep -oE '\bgupinfo_[a-z_]+\b' "$prometheus/$file" |
		grep -vE '^gupinfo_(pinned|pss)_bytes$' | sort -u | comm -23 - <(echo "$known"))"
done
names=$(sed -nE 's/^gupinfo_process_(.*)_bytes$/\1/p' <<<"$known" | grep -vx unknown | sort)
expect_empty "docs/integrations.md names each metric" "$(sed -n 's/.*NAME is a column of `--all`: \([a-z_, ]*\) |$/\1/p' \
	"$srcdir/docs/integrations.md" | tr -d ' ' | tr , '\n' | sort | diff - <(echo "$names"))"
with python3 "the dashboard is JSON with panels that ask something" python3 -c '
import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
bad = [p["title"] for p in panels if not all(t["expr"] for t in p["targets"]) or p["gridPos"]["x"] + p["gridPos"]["w"] > 24]
sys.exit(", ".join(bad) or (None if len(panels) > 5 else "too few"))' "$prometheus/gupinfo-dashboard.json"
with python3 "the plugin of sosreport compiles" python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' \
	"$srcdir/contrib/sos/gupinfo.py"
bad=$(grep -oE '"gupinfo [^"]*"' "$srcdir/contrib/sos/gupinfo.py" | tr -d '"' | while read -r _ arguments; do
	# shellcheck disable=SC2086  # several
	timeout 300 "$gupinfo" $arguments >/dev/null 2>"$dir/said" || [[ $? =~ ^[34]$ ]] || { echo "gupinfo $arguments"; cat "$dir/said"; }
done)
expect_empty "its commands are gupinfo's" "$bad"
if command -v systemd-analyze >/dev/null; then
	mkdir "$dir/units" && cp "$prometheus"/*.service "$prometheus"/*.timer "$dir/units/"
	expect_empty "the units are systemd's" "$(systemd-analyze verify --man=no "$dir"/units/* 2>&1 | grep gupinfo-metrics)"
else
	skip "the units are systemd's" "systemd-analyze is not installed"
fi
# what a build needs is listed three times
if [ -d "$srcdir/debian" ]; then
	# shellcheck disable=SC2034  # used by ensure.sh
	ENSURE_NAME=contrib
	libraries=$(. "$srcdir/tools/ensure.sh" && printf '%s\n' "${ENSURE_BUILD[@]}" | grep -E '^(lib.*-dev|clang|bpftool|zlib1g-dev)$' | grep -vx libc6-dev)
	expect_empty "debian/control wants what tools/ensure.sh installs" "$(while read -r package; do
		grep -qE "^ $package( |,)" "$srcdir/debian/control" || echo "$package"
	done <<<"$libraries")"
	modules=$(grep -oE 'PKG_CHECK_MODULES\(\[[A-Z0-9_]+\], \[[a-z0-9-]+|GUP_(LAZY|PACKER)\(\[[A-Z0-9]+\], \[[a-z0-9-]+' "$srcdir/configure.ac" | sed 's/.*\[//' | sort -u)
	expect_empty "the RPM spec wants what configure.ac asks for" "$(while read -r module; do
		grep -q "pkgconfig($module)" "$srcdir/contrib/gupinfo.spec" || echo "$module"
	done <<<"$modules")"
fi
if [ -d "$srcdir/.github" ]; then
	with yamllint "yamllint finds nothing" yamllint -s -c "$srcdir/.yamllint" "$srcdir/.github" "$prometheus"/*.yml
	# a workflow that names what is not there would fail where nobody looks
	expect_empty "workflows call scripts that exist" "$(grep -ohE '(^| )(\./|tests/|\.ci/|tools/)[a-z./-]+' "$srcdir"/.github/workflows/*.yml |
		tr -d ' ' | sort -u | while read -r script; do
			[ -e "$srcdir/$script" ] || [ "$script" = ./configure ] || echo "$script"
		done)"
fi
done_testing
