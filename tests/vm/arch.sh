# shellcheck shell=bash disable=SC2034  # the variables are those of the script that reads this file
# SPDX-License-Identifier: GPL-2.0-or-later
# arch.sh - the architectures of the VM level, by Debian's names; the scripts beside it read this file.

# arch_set ARCH: what is known of it.  Status 1: nothing.
#   triplet         of its compiler
#   release         of Debian whose packages are its system; empty: that of this machine
#   stock           series that are in another suite than the list of kernels.sh says: SERIES/SUITE
#   flavour, pages  of Debian's kernels; and with "+16k", "+64k": with pages of that size
#   all             the series that Debian serves
#   variants        what matrix.sh judges by default
#   qemu, cpu       the emulator with its machine; its processor
#   accel           how it emulates
#   console, output the kernel's console; the command's output, which the options "second" make
#   huge            kernel parameters that reserve $HUGE times 2 MiB of huge pages, about
arch_set()
{
	release='' stock='' pages='' variants="default on nodes+movable+cma+on" all="6.1 6.12" accel=tcg
	console=ttyS0 output=ttyS1 huge="hugepages=${HUGE-}"
	second=(-chardev "stdio,id=output,signal=off" -device "pci-serial,chardev=output")
	case $1 in
	amd64)
		# Without erms and fsrm the kernel clears and copies pages by words, not by bytes: an emulator does one
		# step for each.  The kernel changes its code under an int3 that other CPUs may run into; emulated by
		# threads of their own they may find it when nobody waits for it any more (rarely), and the kernel dies.
		triplet=x86_64-linux-gnu flavour=cloud-amd64
		all="5.10 6.1 6.12 6.16 6.17 6.18 6.19 7.0 7.1 7.2 7.3 sid"
		qemu=(qemu-system-x86_64 -machine q35) cpu=max,-erms,-fsrm second=(-serial stdio)
		accel=tcg,thread=single
		;;
	arm64)
		triplet=aarch64-linux-gnu flavour=cloud-arm64 pages=arm64
		all="6.1 6.12 6.12+16k 6.16 6.16+16k 6.19 7.1 7.1+16k 7.3 7.3+16k"
		qemu=(qemu-system-aarch64 -machine "virt,mte=on") cpu=max,pauth-impdef=on
		console=ttyAMA0 output=ttyS0
		;;
	ppc64el)
		# A POWER8 has a hash MMU, with huge pages of 16M, which the machine must allow; a POWER9 a radix MMU.
		# Pages have 64K in 6.1, and since 6.12 in the kernel that is called so.
		triplet=powerpc64le-linux-gnu flavour=powerpc64le pages=powerpc64le stock=6.12/trixie
		all="6.1 6.12 6.12+64k" variants="radix hash"
		qemu=(qemu-system-ppc64 -machine "pseries,cap-htm=off,cap-hpt-max-page-size=16M") cpu=power9
		console=hvc0 output=hvc1 second=(-serial stdio)
		huge="hugepagesz=2M hugepages=${HUGE-} hugepagesz=16M hugepages=$((${HUGE:-0} / 8 + 4))"
		;;
	riscv64)
		triplet=riscv64-linux-gnu flavour=riscv64 release=trixie stock=6.12/trixie all=6.12 variants=default
		qemu=(qemu-system-riscv64 -machine virt) cpu=rv64
		;;
	s390x)
		triplet=s390x-linux-gnu flavour=s390x stock=6.12/trixie variants=default
		qemu=(qemu-system-s390x -machine s390-ccw-virtio) cpu=max
		console=ttysclp0 output=hvc0
		second=(-device virtio-serial-ccw -chardev "stdio,id=output,signal=off" -device "virtconsole,chardev=output")
		;;
	*) return 1 ;;
	esac
}

# absent REASON: ends the script that needs what is not there.
absent()
{
	echo "$*"
	exit 77
}

# arch_root ARCH DIR PACKAGES: unpacks Debian's packages of ARCH, which arch_set knows, and never configures them.
arch_root()
{
	local suite mirror

	# shellcheck source=/dev/null
	suite=${release:-$(. /etc/os-release && echo "${VERSION_CODENAME-}")}
	# the suite alone, by the mirror that this machine uses: of other parts a mirror may be renewing its lists
	# shellcheck disable=SC2016  # apt expands it
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN)' 'Created-By: Packages' |
		awk '$3 == "Debian" && $2 !~ /-/ { print $1; exit }')
	rm -rf "$2"
	mmdebstrap --variant=extract --architectures="$1" --include="$3" \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--dpkgopt='path-exclude=/usr/share/{doc,man,locale,info}/*' "$suite" "$2" \
		${mirror:+"$mirror"} >"${2%.new}.log" 2>&1 || absent "no packages of $1: $(tail -n 1 "${2%.new}.log")"
}

# The bytes of $1 at $2 (od -t $3).
bytes()
{
	od -An -j "$2" -N "${3#??}" -t "$3" "$1" 2>/dev/null | tr -d ' '
}

# Prints the architecture of a kernel image, by the words in its head that boot loaders know it by.
image_arch()
{
	if [ "$(bytes "$1" 0 x04)" = 464c457f ]; then
		case $(bytes "$1" 18 x02) in
		0015) echo ppc64el ;;
		00b7) echo arm64 ;;
		00f3) echo riscv64 ;;
		esac
	elif [ "$(bytes "$1" 56 x04)" = 644d5241 ]; then
		echo arm64
	elif [ "$(bytes "$1" 56 x04)" = 05435352 ]; then
		echo riscv64
	elif [ "$(bytes "$1" 65544 x04)" = 30393353 ]; then
		echo s390x
	elif [ "$(bytes "$1" 514 x04)" = 53726448 ]; then
		echo amd64
	fi
}
