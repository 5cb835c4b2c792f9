#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# proved.sh [--check] - docs/kernels.md and proved.def, out of docs/kernels.tsv.
#
# docs/kernels.tsv is written by tests/vm/matrix.sh only, a line for each slice of trials, with tabs:
# release, build, arch, variant, evidence, trials, random trials, right, wrong, unknown, skipped, date,
# commit.  Lines are only added.
#
# What a release showed up to its last wrong verdict, and what the same commit showed of it, proves
# nothing: after the rules were mended it has to be judged again.
# --check compares instead of writing, and prints what differs.
set -u
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
tsv=$top/docs/kernels.tsv md=$top/docs/kernels.md
def=$(find "$top/src" -name kernel.def -printf '%h\n' | head -n 1)/proved.def

# make FORMAT: "md" or "def"
make()
{
	[ -r "$tsv" ] || : >"$tsv"
	LC_ALL=C awk -F '\t' -v format="$1" '
	function series(release,   part)
	{
		split(release, part, /[.-]/)
		return part[1] + 0 ", " part[2] + 0
	}
	function order(release,   part)
	{
		split(release, part, /[^0-9]+/)
		return sprintf("%03d%03d%05d%05d", part[1], part[2], part[3], part[4]) release
	}
	function sort(list, n,   i, j, t)
	{
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && list[j] < list[j - 1]; j--) {
				t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
			}
	}
	function percent(part, whole)
	{
		return whole ? sprintf("%.2f %%", 100 * part / whole) : "-"
	}
	$1 == "" || /^#/ { next }
	{
		line[++n] = $0
		if ($9 > 0)
			last_wrong[$1, $3] = n
	}
	END {
		for (i = 1; i <= n; i++) {
			split(line[i], f, "\t")
			if (f[9] > 0)
				wrong_at[f[1], f[3], f[13]] = 1
		}
		for (i = 1; i <= n; i++) {
			split(line[i], f, "\t")
			if (i <= last_wrong[f[1], f[3]] || ((f[1], f[3], f[13]) in wrong_at)) {
				old = f[1] " (" f[3] ") at " f[13]
				if (f[9] > 0 && !old_wrong[old])
					olds[++nolds] = old
				old_wrong[old] += f[9]
				continue
			}
			row = f[1] "\t" f[3] "\t" f[5]
			if (!(row in trials))
				rows[++nrows] = order(f[1]) "\t" row
			trials[row] += f[6]; random[row] += f[7]; right[row] += f[8]; wrong[row] += f[9]
			unknown[row] += f[10]; skipped[row] += f[11]
			if (!(seen[row, f[4]]++))
				variants[row] = variants[row] (variants[row] ? ", " : "") f[4]
			if (date[row] <= f[12])
				date[row] = f[12]
			if (commit[row] != f[13])
				last_tried[row] = last_unknown[row] = 0
			commit[row] = f[13]
			last_tried[row] += f[8] + f[9] + f[10]; last_unknown[row] += f[10]
			key = sprintf("%03d%03d", series(f[1]) + 0, substr(series(f[1]), index(series(f[1]), ",") + 1) + 0)
			s = key "\tKV(" series(f[1]) ", 0), \"" f[3] "\""
			if (!(s in proved))
				sers[++nsers] = s
			proved[s] += f[8] + f[10]
			release[s, f[1]] += f[8] + f[10]
			if (release[s, f[1]] >= most[s]) {
				most[s] = release[s, f[1]]; by[s] = f[1]
			}
			if (when[s] <= f[12])
				when[s] = f[12]
		}
		sort(rows, nrows)
		sort(sers, nsers)
		if (format == "def") {
			for (i = 1; i <= nsers; i++)
				printf "KPROVED(%s, \"%s\", %d, \"%s\")\n", substr(sers[i], index(sers[i], "\t") + 1),
					by[sers[i]], proved[sers[i]], when[sers[i]]
			exit
		}
		for (i = 1; i <= nrows; i++) {
			row = substr(rows[i], index(rows[i], "\t") + 1)
			split(row, f, "\t")
			printf "| %s | %s | %s | %s | %d | %d | %d | %d | %d (%s) | %d | %s | %s |\n", f[1], f[2],
				f[3], variants[row], trials[row], random[row], right[row], wrong[row],
				unknown[row], percent(last_unknown[row], last_tried[row]), skipped[row], date[row], commit[row]
			st += trials[row]; sr += random[row]; so += right[row]; sw += wrong[row]
			su += unknown[row]; ss += skipped[row]
		}
		printf "| all | | | | %d | %d | %d | %d | %d (%s) | %d | | |\n", st, sr, so, sw, su,
			percent(su, so + sw + su), ss
		for (i = 1; i <= nolds; i++)
			printf "%s- %s: %d wrong\n", i == 1 ? "\nWrong before, mended and judged again where the table has the release:\n\n" : "",
				olds[i], old_wrong[olds[i]]
	}' "$tsv"
}

md()
{
	cat <<-'MD'
		<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
		# The kernels that were judged

		Made by tools/proved.sh out of [kernels.tsv](kernels.tsv), which tests/vm/matrix.sh writes: never
		edited by hand. On each kernel `gupinfo --verify` makes pages in every state, predicts, does it and
		compares; random trials are random sequences of operations. Unknown means that part of the
		prediction is unknown and the rest right, in percent of what the last commit could try; skipped is
		what this kernel or machine cannot do.

		Variants: *default*, as it boots; *on*, with KSM, folios of all sizes and swap; *nodes+movable+cma*,
		two nodes with ZONE_MOVABLE and CMA memory; *host*, not in a virtual machine; *hash* and *radix*, Power by
		its MMU. Power has pages of 64K in Debian's 6.1 and in releases that are called so, else of 4K; with *hash* and
		4K its hugetlb pages of 16M are in hugepd directories until 6.10. Of Power and riscv64 BPF reads struct pages
		and no page tables. Debian builds s390x without CONFIG_BPF_JIT, and 6.1 for Power and s390x without BTF: they
		were judged by /proc alone. Each architecture is judged by the same command
		(GUPINFO_VM_ARCH), under emulation. A kernel is called
		**proved** when one of its series is in this table with no wrong verdict, **read** when its rules
		come from its source alone, **extrapolated** when it is newer than the newest that was read.

		| Release | Arch | Evidence | Variants | Trials | Random | Right | Wrong | Unknown | Skipped | Last | Commit |
		|---|---|---|---|---|---|---|---|---|---|---|---|
	MD
	make md
}

def()
{
	cat <<-'DEF'
		/* SPDX-License-Identifier: GPL-2.0-or-later
		 * proved.def - series of kernels that --verify judged; made by tools/proved.sh, see docs/kernels.md.
		 *
		 * KPROVED(series, "arch", "release with the most trials", trials, "date of the last")
		 */
	DEF
	make def
}

if [ "${1-}" = --check ]; then
	diff -u "$md" <(md) && diff -u "$def" <(def)
	exit
fi
md >"$md.new" && mv "$md.new" "$md"
def >"$def.new" && mv "$def.new" "$def"
