#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# packages.sh [-s SUITE]... [deb] [rpm] [bundle] - packages of this checkout, in fresh Debian roots.
#
#   deb     built as nobody with its tests, judged by lintian; autopkgtest; installed in a root that has
#           nothing, run, purged, and nothing is left
#   rpm     built by rpmbuild, judged by rpmlint, installed, run, erased
#   bundle  built by tools/bundle.sh, run by tests/bundle.sh
#
# Default: all of them, in bookworm and trixie.  Prints TAP; the packages stay in build/packages.  The
# logs are build/packages/*.log.  Exit: 0, 1 something failed, 77 no such root can be made here.
set -u
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
# shellcheck disable=SC2034  # used by ensure.sh
ENSURE_NAME=packages
# shellcheck source=tools/ensure.sh
. "$top/tools/ensure.sh" || exit 1
# shellcheck source=tests/root.sh
. "$top/tests/root.sh"
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"
# shellcheck disable=SC2034  # used by root.sh
lang=C.UTF-8 mask=022 home=/tmp user=root
suites=() kinds=()
while getopts s: option; do
	case $option in
	s) suites+=("$OPTARG") ;;
	*) sed -n 's/^# \{0,1\}//; 3,12p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
kinds=("$@")
[ ${#kinds[@]} -gt 0 ] || kinds=(deb rpm bundle)
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)
out=$top/build/packages
mkdir -p "$out"
wanted()
{
	[[ " ${kinds[*]} " == *" $1 "* ]]
}

# What debian/control wants, and the tools that judge.
package_root()
{
	local -a want

	mapfile -t want < <(sed -n '/^Build-Depends:/,/^$/p' "$top/debian/control" |
		sed -nE 's/^ ([a-z0-9.+-]+).*/\1/p' | grep -vE '^(debhelper-compat|dh-dlopenlibdeps)$')
	[ "$1" = bookworm ] || want+=(dh-dlopenlibdeps)
	tarball "$1-package" "$1" "${want[@]}" build-essential debhelper autoconf automake lintian autopkgtest adduser \
		rpm rpmlint elfutils strace tmux libcap2-bin mandoc
}

# as USER COMMAND: in the root, its output into the log
as()
{
	user=$1 in_root "$root" bash -c "$2" >>"$log" 2>&1 </dev/null
}

# judged NAME STATUS [PATTERN]: with the end of the log when it failed
judged()
{
	if [ "$2" = 0 ]; then
		ok "$1"
	else
		not_ok "$1" "$(tail -n "${lines:-30}" "$log")"
	fi
}

# answers HOW SUITE: the installed program is this version, reads processes by BPF, and reports
answers()
{
	local bad=

	in_root "$root" gupinfo --version 2>&1 | grep -qxF "gupinfo $("$top/tools/version.sh")" || bad="another version"
	# shellcheck disable=SC2016
	in_root "$root" sh -c 'gupinfo --pid $$' >"$out/answer" 2>&1 || bad+=" status $?"
	[ ! -r /sys/kernel/btf/vmlinux ] || ! grep -qE '^ +(struct page|page tables) ' "$out/answer" || bad+=" no BPF"
	in_root "$root" gupinfo --all --noheadings -o PID 2>&1 | grep -qw $$ || bad+=" --all does not know this process"
	cp "$top/tests/golden/linux-6.18.gupinfo" "$root/tmp/report"
	in_root "$root" gupinfo --replay /tmp/report --lint >/dev/null 2>&1 || bad+=" --replay: status $?"
	expect_empty "$2: $1: it runs" "${bad:+$bad: $(head -n 20 "$out/answer")}"
}

# every file of the root but what apt and dpkg write for themselves
files()
{
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./var/cache -o -path ./var/lib/apt \
		-o -path ./var/lib/dpkg -o -path ./var/log -o -path ./etc/ld.so.cache \) -prune -o -print | sort)
}

deb()
{
	local suite=$1 log=$out/$1-deb.log

	: >"$log"
	fresh "$suite-package" || exit 1
	mkdir -p "$root/tmp/build/tree"
	cp "$tarball" "$root/tmp/build/gupinfo_$version.orig.tar.xz"
	tar -C "$root/tmp/build/tree" --strip-components=1 -xf "$tarball"
	cp -a "$top/debian" "$root/tmp/build/tree/"
	chown -R nobody "$root/tmp/build" && chown -R 65534:65534 "$root/tmp/build"
	as nobody "cd /tmp/build/tree && DEB_BUILD_OPTIONS=parallel=$(nproc) dpkg-buildpackage -us -uc"
	judged "$suite: deb: it builds as nobody, and its tests pass" $?
	[ -n "$(find "$root/tmp/build" -maxdepth 1 -name '*.deb')" ] || { gone; return; }
	grep -E '^# (TOTAL|PASS|SKIP|FAIL|ERROR): ' "$log" | sed 's/^/#/'
	# Debian 12's lintian does not know the newest Standards-Version
	as nobody "cd /tmp/build && lintian -I --pedantic --suppress-tags newer-standards-version --fail-on error,warning,info,pedantic *.changes 2>&1 | tee lintian; exit \${PIPESTATUS[0]}"
	judged "$suite: deb: lintian has no complaint" $?
	[ -s "$root/tmp/build/lintian" ] || echo "# lintian printed nothing"
	as root "dpkg -I /tmp/build/gupinfo_*.deb"
	sed -n 's/^ \(Depends\|Recommends\):/# \1:/p' "$log" | tail -n 2
	as root "cd /tmp && autopkgtest -B build/gupinfo_*_*.deb build/gupinfo_*.dsc --no-apt-fallback -- null"
	case $? in
	0 | 2 | 8) judged "$suite: deb: autopkgtest" 0 ;;
	*) judged "$suite: deb: autopkgtest" 1 ;;
	esac
	grep -aE '^(command1|command2|recorded|live)  +(PASS|FAIL|SKIP|FLAKY)' "$log" | sort -u | sed 's/^/# /'
	mkdir -p "$out/$suite" && rm -f "$out/$suite"/* && cp "$root"/tmp/build/*gupinfo*.* "$out/$suite/"
	gone

	fresh "$suite-bare" || exit 1
	cp "$out/$suite"/gupinfo_*.deb "$root/tmp/"
	as root "apt-get -qq update"
	files >"$out/before"
	as root "DEBIAN_FRONTEND=noninteractive apt-get -y install /tmp/gupinfo_*.deb"
	judged "$suite: deb: it installs in a bare root" $?
	as root "dpkg -s gupinfo && dpkg -L gupinfo"
	answers deb "$suite"
	as root "DEBIAN_FRONTEND=noninteractive apt-get -y purge --autoremove gupinfo"
	judged "$suite: deb: it is purged" $?
	files >"$out/after"
	# dpkg leaves no directory that it made; triggers of libc may renew a cache
	expect_empty "$suite: deb: and leaves nothing" "$(comm -13 "$out/before" "$out/after")"
	gone
}

rpm()
{
	local suite=$1 log=$out/$1-rpm.log

	: >"$log"
	fresh "$suite-package" || exit 1
	mkdir -p "$root"/tmp/rpm/{SOURCES,SPECS}
	cp "$tarball" "$root/tmp/rpm/SOURCES/"
	cp "$top/contrib/gupinfo.spec" "$root/tmp/rpm/SPECS/"
	cp "$top/contrib/rpmlint.toml" "$root/tmp/rpm/"
	chown -R 65534:65534 "$root/tmp/rpm"
	as nobody "rpmbuild --nodeps -D '_topdir /tmp/rpm' -ba /tmp/rpm/SPECS/gupinfo.spec"
	judged "$suite: rpm: it builds, and its tests pass" $?
	grep -E '^# (TOTAL|PASS|SKIP|FAIL|ERROR): ' "$log" | sed 's/^/#/'
	as nobody "rpmlint -c /tmp/rpm/rpmlint.toml /tmp/rpm/SPECS/gupinfo.spec \$(find /tmp/rpm -name '*.rpm' ! -name '*-debug*') 2>&1 | tee /tmp/rpm/rpmlint; exit \${PIPESTATUS[0]}"
	judged "$suite: rpm: rpmlint finds nothing" $?
	tail -n 1 "$root/tmp/rpm/rpmlint" | sed 's/^/# /'
	mkdir -p "$out/$suite-rpm" && find "$root/tmp/rpm" -name '*.rpm' -exec cp {} "$out/$suite-rpm/" \;
	# Debian's libraries under the names that an rpm asks for: installed beside dpkg, without dependencies
	as root "rpm -i --nodeps --ignoreos --ignorearch /tmp/rpm/RPMS/*/gupinfo-$version-*.rpm"
	judged "$suite: rpm: it installs" $?
	answers rpm "$suite"
	as root "rpm -e gupinfo && ! find /usr -name '*gupinfo*' | grep ."
	judged "$suite: rpm: it is erased and leaves nothing" $?
	gone
}

bundle()
{
	local log=$out/$1-bundle.log file

	: >"$log"
	fresh "$1-package" || exit 1
	mkdir -p "$root/tmp/tree"
	tar -C "$root/tmp/tree" --strip-components=1 -xf "$tarball"
	as root "apt-get -qq update && cd /tmp/tree && tools/bundle.sh /tmp/bundle"
	judged "$1: bundle: it builds" $?
	file=$(find "$root/tmp/bundle" -maxdepth 1 -name '*.tar.xz')
	if [ -n "$file" ]; then
		cp "$file" "$out/"
		mkdir -p "$out/bundle" && tar -C "$out/bundle" --strip-components=1 -xf "$file"
		"$top/tests/bundle.sh" "$out/bundle/gupinfo" | while IFS= read -r line; do
			[[ $line == 1..* ]] || echo "$line"
		done | sed "s/^\(not \)\?ok [0-9]*/# \1ok/" | tee -a "$log"
		[ "${PIPESTATUS[0]}" = 0 ]
		judged "$1: bundle: it runs where nothing else is" $?
	fi
	gone
}

possible
"$top/run" --version >/dev/null || exit 1
make -s -C "$top/build/run" dist >"$out/dist.log" 2>&1 || { not_ok "make dist" "$(tail -n 5 "$out/dist.log")"; done_testing; }
version=$(sed -n 's/^AC_INIT(\[gupinfo\], \[\([^]]*\)\].*/\1/p' "$top/configure.ac")
tarball=$top/build/run/gupinfo-$version.tar.xz
for suite in "${suites[@]}"; do
	package_root "$suite"
	! wanted deb || { tarball "$suite-bare" "$suite"; deb "$suite"; }
	! wanted rpm || rpm "$suite"
done
# one for all: of the oldest compiler here
! wanted bundle || bundle "${suites[0]}"
done_testing
