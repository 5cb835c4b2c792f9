# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# root.sh - fresh Debian roots, for distro.sh and packages.sh, after tools/ensure.sh.
#
# mmdebstrap makes a root from the mirror that apt of this machine is configured for, once: it is kept as
# build/distro/NAME.tar until the packages that are wanted change.  The kernel is this one.
# $top is the checkout; $user, $mask, $home and $lang are whose shell in_root starts.

cannot()
{
	ensure_say "$*"
	exit 77
}

# The mirror of Debian's main archive that apt uses, and how it is reached.
mirror()
{
	# shellcheck disable=SC2016  # apt-get expands it
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
		grep -m 1 .
}
reached_by()
{
	apt-config dump --format '%F "%v";%n' |
		grep -E '^Acquire::.*(Proxy|Check-Valid-Until|Check-Date|CaInfo|Verify-[A-Za-z]+) "[^"]+";$'
}

# tarball NAME SUITE PACKAGE...: makes build/distro/NAME.tar unless it is there with these packages.
tarball()
{
	local tar=$top/build/distro/$1.tar new=$top/build/distro/$1.new.tar suite=$2 want from line
	local -a options=()

	shift 2
	want=$(IFS=,; echo "$*")
	[ ! -e "$tar" ] || [ "$(cat "$tar.packages" 2>/dev/null)" != "$want" ] || return 0
	from=$(mirror) || cannot "apt of this machine knows no mirror of Debian"
	while IFS= read -r line; do
		options+=("--aptopt=$line")
	done < <(reached_by)
	mkdir -p "${tar%/*}" && rm -f "$tar" "$tar.packages"
	ensure_say "making a root of $suite; this takes minutes, once"
	if ! timeout 1200 mmdebstrap --variant=minbase ${want:+"--include=$want"} "${options[@]}" "$suite" "$new" \
		"deb $from $suite main" >"$tar.log" 2>&1 </dev/null; then
		rm -f "$new"
		cannot "mmdebstrap made no root of $suite: $(grep -v '^I:' "$tar.log" | tail -n 1)"
	fi
	mv "$new" "$tar" && echo "$want" >"$tar.packages"
}

# The checkout as git would clone it, with what was changed since.
copy_checkout()
{
	mkdir -p "$1"
	if [ -e "$top/.git" ] && command -v git >/dev/null; then
		git -C "$top" ls-files -z --cached --others --exclude-standard
	else
		(cd "$top" && find . -path ./build -prune -o ! -type d -print0)
	fi | tar -C "$top" --null --ignore-failed-read -cf - -T - 2>/dev/null | tar -C "$1" -xf -
}

# in_root ROOT COMMAND...: with this machine's /proc, /sys and /dev.  The mounts are seen by nobody
# else and end with the command.
in_root()
{
	# shellcheck disable=SC2016  # the inner shell expands it
	unshare --mount --propagation private bash -c '
		root=$1 user=$2 mask=$3; shift 3
		mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" &&
			mount --rbind /dev "$root/dev" || exit 77
		umask "$mask"
		exec chroot --userspec="$user" "$root" "$@"' - \
		"$1" "$user" "$mask" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" TERM=xterm \
		LANG="$lang" ${GUPINFO_CHECK_SECONDS:+GUPINFO_CHECK_SECONDS="$GUPINFO_CHECK_SECONDS"} \
		${GUPINFO_TEST_QUICK:+GUPINFO_TEST_QUICK=1} "${@:2}"
}

# fresh NAME: unpacks build/distro/NAME.tar into $root, which goes when the script ends.
fresh()
{
	root=$(mktemp -d "$top/build/distro/root.XXXXXX") || exit 1
	chmod 755 "$root"
	trap gone EXIT
	trap 'exit 130' INT TERM HUP
	tar -C "$root" --numeric-owner -xf "$top/build/distro/$1.tar"
}

gone()
{
	rm -rf --one-file-system -- "$root"
}

# Can roots be made and changed into here?
possible()
{
	[ "$(id -u)" = 0 ] || cannot "only root can change into another root"
	command -v mmdebstrap >/dev/null || cannot "mmdebstrap is not installed"
	unshare --mount true 2>/dev/null || cannot "mounts of its own are not permitted here"
}
