# SPDX-License-Identifier: GPL-2.0-or-later
# release.awk - what was reached beside the last release, so that a loss shows.
#
#	awk -f release.awk release.tsv RESULTS			compares
#	awk -v made="gupinfo 0.1.0, ..." -f release.awk RESULTS	makes release.tsv
#
# Machines differ: what is compared is the CPU time of page-types -M -r -l on the same process in the
# same run, divided by that of gupinfo.  A tenth less is a loss, and so is a quarter more memory.
# A line of release.tsv: SUBJECT TOOL RATIO CPU_MS RSS_KIB, between tabs; "#" starts a comment.
BEGIN { FS = "[|\t]" }

/^#/ { next }

# a line of results, SUBJECT|PAGES|TOOL|WALL_MS CPU_MS RSS_KIB SYSCALLS STATUS
/\|/ {
	split($4, f, " ")
	if ($3 ~ /^page-types( -M -r -l|, one by one)$/)
		peer[$1] = f[2]
	else if ($3 ~ /^gupinfo/ && (f[5] == 0 || f[5] == 3)) {
		row[++n] = $1 "\t" $3
		subject[n] = $1
		cpu[n] = f[2]
		rss[n] = f[3]
	}
	next
}

NF == 5 {
	known[$1 "\t" $2] = 1
	then[$1 "\t" $2] = $3
	then_rss[$1 "\t" $2] = $5
	next
}

{ printf "release.tsv:%d: not SUBJECT TOOL RATIO CPU_MS RSS_KIB: %s\n", FNR, $0; bad = 1 }

function ratio(i)
{
	return peer[subject[i]] && cpu[i] ? peer[subject[i]] / cpu[i] : 0
}

END {
	if (made)
		print "# SPDX-License-Identifier: GPL-2.0-or-later\n# " made
	else
		printf "\n%-40s %10s %10s %8s %10s %10s\n", "CPU time of page-types / of gupinfo", "release", "now", \
			"", "RSS then", "now"
	for (i = 1; i <= n; i++) {
		if (made) {
			printf "%s\t%.3f\t%.2f\t%d\n", row[i], ratio(i), cpu[i], rss[i]
			continue
		}
		name = subject[i] ": " substr(row[i], length(subject[i]) + 2)
		was = then[row[i]]
		is = ratio(i)
		if (!(row[i] in known) || !is || !was) {
			printf "%-40s %10s %10.2f %8s %10s %9.1fM  %s\n", name, "-", is, "", "-", rss[i] / 1024, "new"
			continue
		}
		loss = is < was * 0.9 || rss[i] > then_rss[row[i]] * 1.25
		losses += loss
		printf "%-40s %10.2f %10.2f %+7.0f%% %9.1fM %9.1fM%s\n", name, was, is, (is / was - 1) * 100, \
			then_rss[row[i]] / 1024, rss[i] / 1024, loss ? "  LOSS" : ""
	}
	if (!made)
		printf "%d of %d rows lost\n", losses, n
	exit bad
}
