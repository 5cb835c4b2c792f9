#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bundle.sh PROGRAM - the static program of tools/bundle.sh where nothing else is; prints TAP.
#
#   GUPINFO_VM_KERNELS  Debian's kernels to boot, "5.10 7.3" unless set; empty: none
#   GUPINFO_VM_IMAGES   and these images (tests/vm/kernels.sh)
#
# A root that holds this program and nothing else, on this kernel; the same as the initramfs of others.
set -u
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"
program=$(readlink -f "$1")
[ -x "$program" ] || { not_ok "$1 is a program"; done_testing; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
root=$dir/root
mkdir -p "$root"/{proc,sys,tmp,dev}
cp "$program" "$root/gupinfo"
report=$top/tests/golden/linux-6.18.gupinfo
cp "$report" "$root/report"
for packer in gzip xz zstd; do
	! command -v $packer >/dev/null || $packer -c "$report" >"$root/report.$packer"
done

expect_empty "no library is needed" "$(readelf -d "$program" | grep NEEDED; readelf -l "$program" | grep 'program interpreter')"
expect_empty "it is hardened" "$(readelf -hW "$program" | grep -q 'DYN' || echo "no PIE"; readelf -lW "$program" | grep -q GNU_RELRO || echo "no RELRO")"
if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
	bare()
	{
		# shellcheck disable=SC2016  # the inner shell expands it
		unshare --mount --propagation private bash -c '
			mount -t proc proc "$0/proc" && mount --rbind /sys "$0/sys" && exec chroot "$0" /gupinfo "$@"' "$root" "$@" 2>&1
	}
	bad=$(bare --pid $$)
	expect_empty "in a root with nothing else it looks at a process" "$(grep -q "^process $$ " <<<"$bad" || echo "$bad")"
	expect_empty "by BPF, where this kernel has BTF" \
		"$([ ! -r /sys/kernel/btf/vmlinux ] || grep -E '^ +(struct page|page tables) ' <<<"$bad")"
	bad=$(bare --all --noheadings -o PID)
	expect_empty "and at all of them" "$(grep -qw $$ <<<"$bad" || echo "$bad")"
	want=$(bare --replay report --pages)
	bad=$(for packed in "$root"/report.*; do
		[ "$want" = "$(bare --replay "${packed##*/}" --pages)" ] || echo "${packed##*/} is read otherwise"
	done; [ ${#want} -gt 1000 ] || echo "$want")
	expect_empty "it reads packed reports" "$bad"
else
	skip "a root with nothing else" "only root can change into another root"
fi

# ---- other kernels
cat >"$root/init" <<'INIT'
#!/busybox sh
/busybox mount -t proc proc /proc; /busybox mount -t sysfs sysfs /sys; /busybox mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1
echo "begin $(/busybox uname -r)"
/gupinfo --version
/gupinfo --pid $$; echo "pid $?"
/gupinfo --all --noheadings -o PID,RSS; echo "all $?"
/gupinfo --verify --state plain --trials 20 --seed 1 | /busybox tail -n 1; echo "verify $?"
echo end
/busybox poweroff -f
INIT
chmod +x "$root/init"
for tool in qemu-system-x86_64 busybox cpio; do
	command -v $tool >/dev/null || { skip "other kernels" "$tool is not installed"; done_testing; }
done
cp "$(command -v busybox)" "$root/busybox"
(cd "$root" && find . -path ./proc -prune -o -path ./sys -prune -o -print; echo proc; echo sys) |
	(cd "$root" && cpio -o -H newc --quiet) >"$dir/initramfs"
while read -r name image _; do
	TMPDIR=$dir timeout -k 5 "${GUPINFO_VM_SECONDS:-240}" qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm -machine q35 -smp 2 \
		-m 1024 -display none -monitor none -no-reboot -nodefaults -nic none -serial stdio -kernel "$image" -initrd "$dir/initramfs" \
		-append "console=ttyS0,115200 quiet panic=-1 rdinit=/init no_timer_check" </dev/null 2>/dev/null | tr -d "\r" | sed "s,.*\x1b\[K,," >"$dir/$name"
	bad=$(grep -q '^end$' "$dir/$name" || echo "it did not end")
	grep -qE '^pid [03]$' "$dir/$name" || bad+=" no answer about a process"
	grep -qE '^all [03]$' "$dir/$name" || bad+=" no answer about all"
	grep -qE ' [1-9][0-9]* right, 0 wrong' "$dir/$name" || bad+=" no right predictions"
	expect_empty "$name runs it" "${bad:+$bad
$(grep -av '^$' "$dir/$name" | tail -n 40)}"
	sed -n '/^begin/,$p' "$dir/$name" | grep -aE 'judged as| right, |^ +(struct page|page tables|kpage[a-z]*) ' | sed 's/^/# /'
done < <(GUPINFO_VM_KERNELS=${GUPINFO_VM_KERNELS-5.10 7.3} "$top/tests/vm/kernels.sh" 2>"$dir/absent")
while read -r line; do
	skip "other kernels" "${line#kernels.sh: }"
done <"$dir/absent"
done_testing
