#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# boot.sh IMAGE MODULES_DIR|initramfs|'' ROOTFS COMMAND - runs a shell command in a VM, prints its output.
#
#   IMAGE        a kernel image, of an architecture that arch.sh knows; MODULES_DIR its modules when virtio is not
#                built in; initramfs: it has no modules, the root file system stays in memory (no disk, no swap)
#                A file "config" beside IMAGE is put where gupinfo looks for the configuration.
#   ROOTFS       an image of rootfs.sh; the VM writes to a throw-away copy
#   environment  MEM=2048 (MiB)  CPUS=2  NUMA=1|2  HUGE=64 (2 MiB pages)  SWAP=256 (MiB, 0: none)
#                TIMEOUT=300 (seconds)  ACCEL=kvm (faster where it works)  CPU=max,... (qemu's -cpu;
#                power8: a hash MMU)
#                 APPEND="kernel parameters"  CONSOLE=file (kernel log)
#
# Exit: the command's status; 124 time-out; 125 the VM ended before the command did.
set -u
image=$1 modules=$2 rootfs=$3 command=$4
MEM=${MEM:-2048} CPUS=${CPUS:-2} NUMA=${NUMA:-1} HUGE=${HUGE:-64} SWAP=${SWAP:-256}
work=$(mktemp -d /var/tmp/gupinfo-vm.XXXXXX) || exit 125
trap 'rm -rf "$work"' EXIT
CONSOLE=${CONSOLE:-$work/console.log}

# shellcheck source=tests/vm/arch.sh
. "${0%/*}/arch.sh"
arch=$(image_arch "$image")
# An arm64 image has the size of its pages in its header: 1 is 4K, 2 is 16K, 3 is 64K.
if [ "$arch" = arm64 ]; then
	pages=$(($(bytes "$image" 24 u01) >> 1 & 3))
	huge_mib=$((2 << (pages - 1) * 4))
	HUGE=$((HUGE * 2 / huge_mib > 4 ? HUGE * 2 / huge_mib : 4))
	[ $pages -lt 3 ] || [ "$MEM" -ge 4096 ] || MEM=4096
fi
arch_set "$arch" || { echo "boot.sh: $image is no kernel of an architecture that is known" >&2; exit 125; }
busybox=$rootfs.busybox
[ -x "$busybox" ] || busybox=$(command -v busybox)

# ---- initramfs: the disk's driver, then the real root
ir=$work/initramfs
mkdir -p "$ir"/{proc,sys,dev,vm/root}
cp "$busybox" "$ir/vm/busybox" || exit 125
order=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_console virtio_blk virtio-rng
	crc16 crc32c_generic libcrc32c mbcache jbd2 ext4)
if [ -d "$modules" ]; then
	for m in "${order[@]}"; do
		f=$(find -L "$modules" -name "$m.ko*" | head -n 1)
		case $f in
		*.xz) xz -dc "$f" >"$ir/vm/$m.ko" ;;
		*.zst) zstd -qdc "$f" >"$ir/vm/$m.ko" ;;
		*.ko) cp "$f" "$ir/vm/" ;;
		esac
	done
fi
[ ! -f "${image%/*}/config" ] || cp "${image%/*}/config" "$ir/vm/config"
cat >"$ir/init" <<INIT
#!/vm/busybox sh
b=/vm/busybox
\$b mount -t proc proc /proc; \$b mount -t sysfs sysfs /sys; \$b mount -t devtmpfs devtmpfs /dev
[ "$modules" != initramfs ] || exec /bin/bash /vm/stage2
for m in ${order[*]}; do
	[ ! -f /vm/\$m.ko ] || \$b insmod /vm/\$m.ko
done
# the kernel may find the swap disk first
for i in 1 2 3 4 5 6 7 8 9 10; do
	for disk in /dev/vda /dev/vdb; do
		[ -b \$disk ] && \$b mount -t ext4 \$disk /vm/root 2>/dev/null && break 2
	done
	\$b sleep 0.3
done
[ -d /vm/root/usr ] || { echo "no root disk"; \$b poweroff -f; }
\$b mkdir -p /vm/root/vm
for f in busybox stage2 command config; do [ ! -f /vm/\$f ] || \$b cp /vm/\$f /vm/root/vm/; done
for d in proc sys dev; do \$b mount --move /\$d /vm/root/\$d; done
exec \$b switch_root /vm/root /bin/bash /vm/stage2
INIT
chmod +x "$ir/init"

# ---- what runs as process 1 on the real root
printf 'console=%s output=%s\n' "$console" "$output" >"$ir/vm/stage2"
cat >>"$ir/vm/stage2" <<'STAGE2'
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8
b=/vm/busybox
exec >/dev/$console 2>&1 </dev/null
mkdir -p /dev/pts /dev/shm /dev/hugepages
mount -t devpts devpts /dev/pts; mount -t tmpfs tmpfs /dev/shm
mount -t hugetlbfs hugetlbfs /dev/hugepages
mount -t debugfs debugfs /sys/kernel/debug; mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf; mount -t cgroup2 cgroup2 /sys/fs/cgroup
for disk in /dev/vda /dev/vdb; do
	[ ! -b $disk ] || grep -q "^$disk " /proc/mounts || { mkswap -q $disk || mkswap $disk; swapon $disk; }
done
# riscv64 does not compile BPF programs by itself; without that it refuses those that call back
echo 1 >/proc/sys/net/core/bpf_jit_enable
ln -sf /proc/self/fd /dev/fd
[ ! -f /vm/config ] || { mkdir -p /boot; cp /vm/config "/boot/config-$($b uname -r)"; }
$b hostname gupinfo-test-vm
$b ip link set lo up
stty -F /dev/$output raw -echo -opost 115200
cd /var/tmp
bash /vm/command </dev/null >/dev/$output 2>&1
echo "gupinfo-vm-exit $?" >/dev/$output
sync
$b stty -F /dev/$output >/dev/null 2>&1
$b sleep 0.3
$b poweroff -f
STAGE2
printf '%s\n' "$command" >"$ir/vm/command"
(cd "$ir" && find . | cpio -o -H newc --quiet) >"$work/initramfs.cpio" || exit 125

# ---- the machine
drives=()
if [ "$modules" = initramfs ]; then
	cat "$rootfs.cpio" >>"$work/initramfs.cpio" || exit 125
	SWAP=0
else
	drives+=(-drive "file=$rootfs,format=raw,if=virtio,snapshot=on,cache=unsafe")
fi
if [ "$SWAP" -gt 0 ]; then
	truncate -s "${SWAP}M" "$work/swap.img"
	drives+=(-drive "file=$work/swap.img,format=raw,if=virtio,cache=unsafe")
fi
numa=() smp=$CPUS
if [ "$NUMA" -ge 2 ]; then
	half=$((MEM / 2)) MEM=$((MEM / 2 * 2)) smp=2,sockets=2
	# shellcheck disable=SC2054  # commas are qemu's
	numa=(-object "memory-backend-ram,id=m0,size=${half}M" -numa node,nodeid=0,memdev=m0,cpus=0
		-object "memory-backend-ram,id=m1,size=${half}M" -numa node,nodeid=1,memdev=m1,cpus=1)
fi
# stdout is the command's; a VM that does not finish is killed
TMPDIR=$work timeout -k 5 "${TIMEOUT:-300}" "${qemu[@]}" -cpu "${CPU:-$cpu}" -accel "${ACCEL:-$accel}" \
	-smp "$smp" -m "${MEM}M" "${numa[@]}" -display none -monitor none -no-reboot -nodefaults \
	-kernel "$image" -initrd "$work/initramfs.cpio" \
	-append "console=$console,115200 loglevel=6 panic=-1 rdinit=/init no_timer_check $huge secretmem.enable=1 ${APPEND:-}" \
	-serial "file:$CONSOLE" "${second[@]}" -nic none -device virtio-rng "${drives[@]}" \
	</dev/null 2>"$work/qemu.err" | tee "$work/out" | grep -av --line-buffered '^gupinfo-vm-exit '
status=${PIPESTATUS[0]}
grep -aE 'BUG:|WARNING: (CPU|.*at )|Oops|general protection|Kernel panic' "$CONSOLE" | sed 's/^/[kernel] /' >&2
if exit_line=$(grep -ao '^gupinfo-vm-exit [0-9]*' "$work/out"); then
	exit "${exit_line##* }"
fi
grep -avE 'TCG|KVM|kvm' "$work/qemu.err" >&2
[ "$status" = 124 ] || [ "$status" = 137 ] && { echo "boot.sh: timed out" >&2; exit 124; }
echo "boot.sh: the VM ended without finishing the command; its console:" >&2
tail -n 15 "$CONSOLE" >&2
exit 125
