# SPDX-License-Identifier: GPL-2.0-or-later
# targets.awk - what was aimed at, and what was reached: awk -f targets.awk RESULTS.
# Time is wall time; the same by CPU time stands beside it.
BEGIN { FS = "|" }

{
	split($4, f, " ")
	pages[$1] = $2
	wall[$1, $3] = f[1]; cpu[$1, $3] = f[2]
	if ($3 ~ /^gupinfo/ && f[3] > most) {
		most = f[3]
		where = $1
	}
	if (f[5] != 0 && f[5] != 3)
		failed[$1, $3] = f[5]
}

function line(what, target, result, by_cpu, over, over_cpu)
{
	what = sprintf("%-46s %8s %9s %9s  ", what, target, result, by_cpu)
	if (over > 1)
		print what sprintf("not reached (%.1fx)", over)
	else if (over_cpu > 1)
		print what sprintf("reached; by CPU time not (%.1fx)", over_cpu)
	else
		print what "reached"
}

# the subject with its size
function sized(subject,	n)
{
	n = pages[subject]
	sub(/.*, /, "", n)
	return sprintf("%s, %.1f GiB", subject, n / 262144)
}

# at most 1/@n of @peer's time
function part(subject, tool, peer, n,	a, b)
{
	if (!((subject, tool) in wall) || !((subject, peer) in wall))
		return
	if ((subject, tool) in failed || !wall[subject, tool] || !wall[subject, peer]) {
		printf "%-46s failed\n", subject ": " tool
		return
	}
	a = wall[subject, peer] / wall[subject, tool]
	b = cpu[subject, peer] / cpu[subject, tool]
	line(sized(subject) ": " tool, n == 1 ? "<= sum" : "1/" n, sprintf("1/%.1f", a), sprintf("1/%.1f", b), n / a, \
		n / b)
}

# at most @n times @peer's time
function times(subject, tool, peer, n,	a, b)
{
	if (!((subject, tool) in wall) || !wall[subject, peer])
		return
	a = wall[subject, tool] / wall[subject, peer]
	b = cpu[subject, tool] / cpu[subject, peer]
	line(subject ": " tool, n, sprintf("%.1f", a), sprintf("%.1f", b), a / n, b / n)
}

# several readers are @n times as fast by wall time as one
function readers(subject, n,	a)
{
	if (!((subject, "gupinfo --jobs 1, bpf") in wall) || !wall[subject, "gupinfo, bpf"])
		return
	a = wall[subject, "gupinfo --jobs 1, bpf"] / wall[subject, "gupinfo, bpf"]
	line(sized(subject) ": --jobs 1 / all CPUs, bpf", n, sprintf("%.2f", a), "", n / a, 0)
}

# at most @ms
function within(subject, tool, ms)
{
	if ((subject, tool) in wall)
		line(subject ": " tool, ms " ms", sprintf("%.1f ms", wall[subject, tool]), \
			sprintf("%.1f ms", cpu[subject, tool]), wall[subject, tool] / ms, cpu[subject, tool] / ms)
}

END {
	printf "\n%-46s %8s %9s %9s\n", "of page-types -M -r -l, or absolute", "target", "wall", "CPU"
	pt = "page-types -M -r -l"
	for (i = 1; i <= split("contiguous scattered", four, " "); i++) {
		part(four[i], "gupinfo, bpf", pt, four[i] == "contiguous" ? 20 : 25)
		part(four[i], "gupinfo --jobs 1, bpf", pt, four[i] == "contiguous" ? 20 : 25)
		part(four[i], "gupinfo --pages, bpf", pt, 10)
		part(four[i], "gupinfo, procfs", pt, 2)
		part(four[i], "gupinfo --pages, procfs", pt, 2)
	}
	for (i = 1; i <= split("thp hugetlb largest", huge, " "); i++) {
		part(huge[i], "gupinfo, bpf", pt, 100)
		part(huge[i], "gupinfo --pages, bpf", pt, 100)
		part(huge[i], "gupinfo, procfs", pt, 100)
		part(huge[i], "gupinfo --pages, procfs", pt, 100)
	}
	within("sparse", "gupinfo, bpf", 20)
	within("sparse", "gupinfo, procfs", 20)
	times("small", "gupinfo, bpf", pt, 5)
	times("small", "gupinfo, procfs", pt, 3)
	readers("contiguous", 1.7)
	readers("scattered", 1.7)
	# 100 ns a page where page-types needs 760
	part("scattered", "gupinfo --pages -J, bpf", pt, 7.6)
	within("scattered", "gupinfo --report, bpf", 2000)
	part("many", "gupinfo --all, bpf", "one by one, bpf", 1)
	part("many", "gupinfo --all, procfs", "one by one, procfs", 1)
	if (most)
		line("peak RSS of all rows, in " where, "32 MiB", sprintf("%.1f MiB", most / 1024), "", most / 32768, 0)
}
