# SPDX-License-Identifier: GPL-2.0-or-later
# table.awk - the rows of one subject: awk -v only=SUBJECT -f table.awk RESULTS.
# A line of RESULTS: SUBJECT|PAGES|TOOL|WALL_MS CPU_MS RSS_KIB SYSCALLS STATUS
BEGIN { FS = "|" }

$1 == only {
	split($4, f, " ")
	name[++n] = $3
	pages = $2
	wall[n] = f[1]; cpu[n] = f[2]; rss[n] = f[3]; calls[n] = f[4]; st[n] = f[5]
	if ($3 ~ /^page-types( -M -r -l|, one by one)$/)
		peer = n
	if ($3 == "pagemap+flags+count")
		floor = n
}

function ratio(a, b)
{
	return a && b ? sprintf("%.1fx", a / b) : "-"
}

END {
	base = pages
	sub(/.*, /, "", base)
	printf "\n%s: %s pages of 4 KiB\n", only, pages
	printf "  %-26s %9s %9s %9s %9s %8s %9s %9s %7s\n", "", "ms", "CPU ms", "CPU ns/p", "syscalls", \
		"RSS", "p-t/wall", "p-t/CPU", "/floor"
	for (i = 1; i <= n; i++) {
		printf "  %-26s %9.1f %9.1f %9.1f %9s %7.1fM %9s %9s %7s%s\n", name[i], wall[i], cpu[i], \
			cpu[i] * 1e6 / base, calls[i] < 0 ? "?" : calls[i], rss[i] / 1024, \
			peer ? ratio(wall[peer], wall[i]) : "-", peer ? ratio(cpu[peer], cpu[i]) : "-", \
			floor ? sprintf("%.2f", cpu[i] / cpu[floor]) : "-", \
			st[i] == 0 || st[i] == 3 ? "" : "  (status " st[i] ")"
	}
}
