#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""disturb.py [-n SCANS] [-s STATE,...] [-v] BUILD

Looks at processes that sleep (BUILD/tests/chaos/prey, and every state of BUILD/tests/live/mkpages) by
every view, SCANS times in all, and compares what the kernel says of them before and after each scan:
every word of /proc/PID/pagemap; maps; of smaps what is the process's own; kpageflags and kpagecount of
its own pages; minor and major faults, context switches, state and sizes.  As often it waits as long
without a scan: what changes then, too, is not gupinfo's doing, and is counted apart.

Not compared, because others change them all the time: bits REFERENCED, ACTIVE and IDLE of kpageflags
(DAMON, page reclaim) and, for pages of files that other processes map, how often they are mapped.
A scan during which the kernel collapsed or migrated pages (/proc/vmstat) is counted, not judged.
Exit 1 when a scan changed a word.  Needs root.
"""
import argparse
import collections
import os
import re
import signal
import struct
import subprocess
import sys
import time

PAGE = 4096
KPF_NOISE = 1 << 2 | 1 << 6 | 1 << 25  # REFERENCED, ACTIVE, IDLE
PM_EXCLUSIVE, PM_FILE, PM_PRESENT = 1 << 56, 1 << 61, 1 << 63
PFN = (1 << 55) - 1
VIEWS = (
    "--pid PID", "--pid PID --json", "--pid PID --pages", "--pid PID --each --evidence=procfs", "--pid PID --pages --json",
    "--pid PID --evidence=procfs", "--pid PID --explain ADDR", "--pid PID --who ADDR", "--pid PID --lint",
    "--pid PID --report", "--pid PID --redact --pages", "--all --pid PID", "--all --openmetrics --pid PID",
    "--pid PID --gentle", "--pid PID --trace --no-stop --interval 10", "--diff REPORT PID",
)


def text(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


class Target:
    """A process that sleeps; @own is the range of which no other process has a page."""

    def __init__(self, args):
        self.p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.p.stdout.readline()
        self.works = bool(line)
        found = re.search(r"pid=(\d+) addr=0x([0-9a-f]+) len=(\d+) page=0x([0-9a-f]+)", line)
        if found:
            self.pid, start, length = int(found[1]), int(found[2], 16), int(found[3])
            self.own, self.addr = (start, start + length), found[4]
        else:
            self.pid, self.own, self.addr = self.p.pid, (0x7E0000000000, 0x7E0000200000), "7e0000000000"
        while self.works and not re.search(r"State:\tS", text("/proc/%d/status" % self.pid)):
            time.sleep(0.01)

    def end(self):
        self.p.stdin.close()
        if self.p.poll() is None and self.addr == "7e0000000000":
            self.p.kill()
        self.p.stdout.close()
        self.p.wait()

    def words(self):
        """Returns {what: value}: every word that must not change."""
        found = {}
        maps = text("/proc/%d/maps" % self.pid)
        found["maps"] = maps
        pagemap = os.open("/proc/%d/pagemap" % self.pid, os.O_RDONLY)
        for line in maps.splitlines():
            start, end = (int(x, 16) for x in line.split(" ")[0].split("-"))
            if start >= 1 << 63 or end - start > 1 << 30:  # [vsyscall], what a sanitizer reserves
                continue
            raw = os.pread(pagemap, (end - start) // PAGE * 8, start // PAGE * 8)
            for i, (word,) in enumerate(struct.iter_unpack("=Q", raw)):
                at = start + i * PAGE
                mine = self.own[0] <= at < self.own[1]
                if word & PM_FILE and not mine:
                    word &= ~PM_EXCLUSIVE
                if word:
                    found["pagemap %x" % at] = word
                if mine and word & PM_PRESENT and word & PFN:
                    pfn = word & PFN
                    flags, = struct.unpack("=Q", os.pread(FLAGS, 8, pfn * 8))
                    found["kpageflags %x" % at] = flags & ~KPF_NOISE
                    found["kpagecount %x" % at] = os.pread(COUNT, 8, pfn * 8)
        os.close(pagemap)
        at = ""
        for line in text("/proc/%d/smaps" % self.pid).splitlines():
            head = re.match(r"([0-9a-f]+)-", line)
            if head:
                at = head[1]
                mine = self.own[0] <= int(at, 16) < self.own[1]
                shared = "/" in line and not mine
                continue
            key = line.split(":")[0]
            if key in ("Size", "Rss", "Anonymous", "AnonHugePages", "Swap", "Locked", "VmFlags", "Private_Dirty") or mine or (
                    key == "Referenced" and not shared):
                found["smaps %s %s" % (at, key)] = line
        stat = text("/proc/%d/stat" % self.pid).rpartition(")")[2].split()
        found["stat"] = (stat[0], stat[7:11], stat[17])  # state, faults, threads
        for line in text("/proc/%d/status" % self.pid).splitlines():
            if re.match(r"Vm|Rss|Hugetlb|.*voluntary|TracerPid|SigPnd|ShdPnd", line) and "RssFile" not in line:
                found["status " + line.split(":")[0]] = line
        return found


def differ(before, after):
    return ["%s: %s -> %s" % (k, before.get(k), after.get(k)) for k in sorted(set(before) | set(after))
            if before.get(k) != after.get(k)]


def movers():
    """How often the kernel has moved or collapsed pages: khugepaged, compaction, NUMA balancing, KSM."""
    return re.findall(r"^(?:thp_collapse_alloc|pgmigrate_success|ksm_swpin_copy) (\d+)", text("/proc/vmstat"), re.M)


def kind(difference):
    first = difference.split(" ")
    return first[0] if first[0] in ("pagemap", "kpageflags", "kpagecount") else " ".join(
        w for w in difference.split(":")[0].split(" ") if not re.fullmatch("[0-9a-f]{8,}", w))


def scan(build, view, target):
    report = "/proc/self/fd/%d" % REPORT
    args = view.replace("PID", str(target.pid)).replace("ADDR", target.addr).replace("REPORT", report).split()
    p = subprocess.Popen([build + "/gupinfo", *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, pass_fds=(REPORT,))
    try:
        err = p.communicate(timeout=0.1 if "--trace" in view else 120)[1]
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGINT)
        err = p.communicate(timeout=120)[1]
    if p.returncode not in (0, 1, 3, -signal.SIGINT):
        sys.exit("disturb: %s: status %d: %s" % (" ".join(args), p.returncode, err.decode(errors="replace")[:500]))
    return p.returncode


def main():
    global FLAGS, COUNT, REPORT
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--scans", type=int, default=100)
    parser.add_argument("-s", "--states", default="")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("build")
    opt = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.geteuid():
        sys.exit("disturb: needs root: page frame numbers are hidden from others")
    FLAGS, COUNT = os.open("/proc/kpageflags", os.O_RDONLY), os.open("/proc/kpagecount", os.O_RDONLY)
    mkpages = opt.build + "/tests/live/mkpages"
    listed = subprocess.run([mkpages, "--list"], capture_output=True, text=True, check=True).stdout.split("# operations")[0]
    states = [s.split()[0] for s in listed.splitlines() if s[0] != "#" and "[not here" not in s]
    states = opt.states.split(",") if opt.states else ["prey", *states]
    states = states[:opt.scans]
    counts, changed, noise = collections.Counter(), collections.Counter(), collections.Counter()
    REPORT = os.memfd_create("report")
    subprocess.run([opt.build + "/gupinfo", "--pid", str(os.getpid()), "--report"], stdout=REPORT,
                   stderr=subprocess.DEVNULL, check=False)
    start = time.monotonic()
    for n, state in enumerate(states):
        target = Target([opt.build + "/tests/chaos/prey", "calm"] if state == "prey" else [mkpages, state + "+drained"])
        if state == "prey":
            time.sleep(1)  # its pages leave the LRU batches
        if not target.works:
            target.end()
            counts["states left out"] += 1
            continue
        for i in range(opt.scans * (n + 1) // len(states) - opt.scans * n // len(states)):
            view = VIEWS[(i + n) % len(VIEWS)]
            moved = movers()
            before = target.words()
            at = time.monotonic()
            scan(opt.build, view, target)
            took = time.monotonic() - at
            after = target.words()
            time.sleep(took)
            control = target.words()
            counts["scans"] += 1
            counts["words"] += len(before)
            counts["controls"] += 1
            for difference in differ(after, control):
                noise[kind(difference)] += 1
            if movers() != moved:
                counts["moved"] += 1
                continue
            for difference in differ(before, after):
                changed[kind(difference)] += 1
                print("%s, %s: %s" % (state, view, difference[:300]), flush=True)
        if opt.verbose:
            print("%s: %d scans" % (state, counts["scans"]), flush=True)
        counts["states"] += 1
        target.end()
    print("%d scans of %d states, %d words before and after; changed: %s; %d while the kernel moved pages; "
          "as often without a scan: %s; %.0f s" % (
              counts["scans"], counts["states"], counts["words"], dict(changed) or "none", counts["moved"],
              dict(noise) or "none", time.monotonic() - start))
    return bool(changed)


if __name__ == "__main__":
    sys.exit(main())
