#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""chaos.py [-n COUNT] [-s SEED] [-j JOBS] [-b BEHAVIOUR] [-w VIEW] [-v] BUILD

Runs BUILD/gupinfo COUNT times: any view, of a process (BUILD/tests/chaos/prey) whose pages are known
and that ends, executes, forks, unmaps, truncates, stops or changes memory meanwhile; as root and as
nobody.  Each run is made of SEED and its number alone: "-s SEED/NUMBER -n 1" repeats one.

A run is wrong when gupinfo crashes, hangs or has a sanitizer's report, when its JSON does not agree
with the schema, when its exit status is none of the manual's, when a page that it shows is not what
the prey has there, when a page is missing though nothing says that something was not read, when a
process that is gone is not said to be gone, when --lint finds a bug, and when a task of the prey stays
traced or stopped.  Prints what was wrong and a line of counts; exit 1 when anything was wrong.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
import time

PAGE = 4096
BASES = (0x7E0000000000, 0x7D0000000000)
WINDOW = 512 * PAGE
HERE = os.path.dirname(os.path.abspath(__file__))
NOBODY = 65534
HANG = 120  # seconds; a busy machine is no hang
ENDS = ("exit", "killed")
EXECS = ("exec", "thread-exec")

try:
    import jsonschema
    SCHEMA = json.load(open(HERE + "/../../docs/schema/gupinfo-1.0.schema.json", encoding="utf-8"))
except ImportError:
    jsonschema = None


def known_pages(behaviour):
    """What is at each page from the base on: None where nothing is, else allowed values."""
    building = behaviour in EXECS  # a new image has not made all of its pages yet
    pages = {}
    for i in range(32):
        pages[i] = (None,
                    {"kind": {"anon"}, "map": {1}, "ref": range(1, 4), "excl": {True}},
                    {"kind": {"zero", "anon"}, "map": {1}, "ref": range(1, 4), "excl": {True, None}},
                    )[{1: 0, 2: 2}.get(i % 4, 1)]
        if i % 4 == 2:
            pages[i] = {"kind": {"zero"}, "map": set(), "ref": range(1, 4), "excl": set()}
        if i % 4 == 3:
            pages[i] = {"kind": {"anon"}, "map": {1}, "ref": range(1 if building else 2, 5), "excl": {True}}
    for i in range(8):
        # the page cache, the mapping, what tmpfs or a file system with buffers adds, a batch
        pages[64 + i] = {"kind": {"file", "shmem"}, "map": {1}, "ref": range(2, 6), "excl": set()}
        pages[128 + i] = None if i % 2 else {"kind": {"shmem"}, "map": {1}, "ref": range(2, 5), "excl": set()}
        # its child ends with it
        maps = {1, 2} if building or behaviour in ENDS else {2}
        pages[192 + i] = {"kind": {"anon"}, "map": maps, "ref": range(min(maps), 5),
                          "excl": {True, False} if 1 in maps else {False}}
    return pages


class Wrong(Exception):
    pass


class Run:
    """One run: a prey, gupinfo, a judgement."""

    def __init__(self, opt, seed, number):
        self.opt, self.number = opt, number
        self.r = random.Random("%d/%d" % (seed, number))
        self.nobody = os.geteuid() == 0 and self.r.random() < 0.3
        self.behaviour = opt.behaviour or self.r.choice(opt.behaviours)
        self.view = opt.view or self.r.choice(sorted(VIEWS))
        self.jobs = self.r.choice((1, 2, 5))
        self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if self.nobody else {}
        self.complete = opt.complete[self.nobody]
        self.prey = None
        self.gone = False

    def name(self):
        return "%s of %s%s" % (self.view, self.behaviour, " as nobody" if self.nobody else "")

    def start(self):
        env = dict(os.environ)
        if self.behaviour in ENDS:  # most often while it is read
            env["PREY_LIVES"] = str(int(self.r.uniform(0.1, 1.2) * self.opt.took * 1e6))
        what = "calm" if self.behaviour in ("gone", "zombie") else self.behaviour
        self.prey = subprocess.Popen([self.opt.prey, what, str(self.r.randrange(3, 1 << 30))],
                                     stdout=subprocess.PIPE, cwd="/", env=env, start_new_session=True, **self.user)
        if not self.prey.stdout.readline().startswith(b"ready"):
            raise Wrong("the prey is not ready")
        if self.behaviour in ("gone", "zombie"):
            self.prey.kill()
            os.waitid(os.P_PID, self.prey.pid, os.WEXITED | os.WNOWAIT)
            if self.behaviour == "gone":
                self.prey.wait()

    def end(self):
        if not self.prey:
            return
        try:
            os.killpg(self.prey.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.prey.stdout.close()
        self.prey.wait()

    def gupinfo(self, *args, interrupt=None):
        """Runs gupinfo.  Returns status, output and messages; -SIGNAL as status is a crash."""
        env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0", LC_ALL="C.UTF-8", TERM="xterm", TMPDIR=self.opt.dir)
        args = ("--jobs", str(self.jobs), *args)
        p = subprocess.Popen([self.opt.gupinfo, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, cwd="/", env=env, **self.user)
        try:
            if interrupt is not None:
                time.sleep(interrupt)
                p.send_signal(self.r.choice((signal.SIGINT, signal.SIGTERM)))
            out, err = p.communicate(timeout=HANG)
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            raise Wrong("it hangs")
        err = err.decode(errors="replace")
        if "Sanitizer" in err or "runtime error" in err:
            raise Wrong("sanitizer: " + err[:2000])
        if p.returncode < 0 and not (interrupt is not None and -p.returncode in (signal.SIGINT, signal.SIGTERM)):
            raise Wrong("ended by signal %d: %s" % (-p.returncode, err[:500]))
        self.status, self.out, self.err = p.returncode, out.decode(errors="replace"), err
        for word in ("vanished", "does not exist", "has ended"):
            self.opt.said[word] += word in err
        return p.returncode

    # ---- judging

    def statuses(self, *allowed):
        if self.status not in allowed:
            raise Wrong("status %d: %s" % (self.status, self.err[:500]))

    def is_gone(self):
        return re.search(r"process \d+ (does not exist|has ended|vanished)", self.err)

    def whole(self):
        """Nothing says that something is missing: what is not shown is not there."""
        return self.status == self.complete and not re.search(r"process \d+ ", self.err)

    def read(self, *args):
        """A view of the prey that reads it; its failures are judged here.  False: it has failed."""
        self.gupinfo(*args)
        if self.behaviour in ("gone", "zombie"):
            self.statuses(2 if "--diff" in args else 1)
            if not self.is_gone():
                raise Wrong("not said to be gone: " + self.err[:500])
            return False
        if self.status == 1 and "--diff" not in args:
            if self.behaviour in ENDS + EXECS and (self.is_gone() or "nothing is mapped" in self.err or
                                                   "no page frame" in self.err or "in no mapping" in self.err):
                return False
            raise Wrong("status 1: " + self.err[:500])
        if self.behaviour not in ENDS + EXECS and re.search(r"process \d+ (does|has|vanished)", self.err):
            raise Wrong("alive, but: " + self.err[:500])
        return True

    def json(self, text=None, definition="document"):
        text = self.out if text is None else text
        try:
            value = json.loads(text)
        except ValueError as error:
            raise Wrong("no JSON: %s: %r" % (error, text[:300]))
        if jsonschema and definition and len(text) < 200000 and self.r.random() < self.opt.validate:
            schema = {"$schema": SCHEMA["$schema"], "$defs": SCHEMA["$defs"], "$ref": "#/$defs/" + definition}
            for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
                raise Wrong("schema: %s: %s" % (list(error.absolute_path), error.message[:300]))
        return value

    def rows(self, rows, only=None, whole=None):
        """rows: (address, pages, values).  only: page numbers that were asked for."""
        whole = self.whole() if whole is None else whole
        known = known_pages(self.behaviour)
        seen = {base: {} for base in BASES}
        for addr, pages, values in rows:
            for base in BASES:
                for i in range(pages):
                    at = addr + i * PAGE - base
                    if 0 <= at < WINDOW:
                        seen[base][at // PAGE] = values
        used = [base for base in BASES if any(v["kind"] not in (None, "none") for v in seen[base].values())]
        if len(used) == 2 and whole:
            raise Wrong("pages of two programs, and nothing says so")
        if not used and whole and self.behaviour not in EXECS and (only is None or any(known.get(i) for i in only)):
            raise Wrong("no page at all, and nothing says so: status %d %r" % (self.status, self.err[:300]))
        for base in used:
            for i, allowed in known.items():
                got = seen[base].get(i)
                if only is not None and i not in only:
                    continue
                if allowed is None:
                    if got and got["kind"] not in (None, "none"):
                        raise Wrong("page %d is not there, but: %s" % (i, got))
                elif not got or got["kind"] == "none":
                    if whole and self.behaviour not in EXECS:
                        raise Wrong("page %d is not shown: %s" % (i, got))
                elif got["kind"] != "migration":
                    for key, value in got.items():
                        if value is not None and value not in allowed[key]:
                            raise Wrong("page %d: %s is %s: %s" % (i, key, value, got))

    @staticmethod
    def of_json(pages):
        return [(int(p["addr"], 16), p["pages"] * p["size"] // PAGE,
                 {"kind": p["kind"] if p["kind"] != "unknown" else None, "map": p.get("mapcount"),
                  "ref": p.get("refcount"), "excl": p.get("anon_exclusive")}) for p in pages]

    def of_process(self, document):
        return self.of_json(page for p in document["gupinfo"]["processes"] for page in p["pages"])

    def of_raw(self):
        def value(text):
            return {"?": None, "-": None, "yes": True, "no": False}.get(text, int(text) if text.isdigit() else text)
        rows = []
        for line in self.out.splitlines():
            addr, pages, kind, maps, ref, excl = line.split(" ")
            rows.append((int(addr, 16), int(pages), {"kind": value(kind), "map": value(maps), "ref": value(ref),
                                                     "excl": value(excl)}))
        return rows

    def ranges(self):
        return ["--range", "%x+2M" % BASES[0], "--range", "%x+2M" % BASES[1]] if self.behaviour in EXECS else \
            ["--range", "%x+2M" % BASES[0]]

    def target(self):
        args = ["--pid", str(self.prey.pid)]
        if self.r.random() < 0.3:
            args += ["--evidence", "procfs"]
        return args

    # ---- views

    def pages_json(self):
        if self.read(*self.target(), "--pages", "--json", *self.ranges()):
            self.statuses(0, 3)
            self.rows(self.of_process(self.json()))

    def pages_lines(self):
        if self.read(*self.target(), "--pages", "--json-lines", *self.ranges()):
            self.statuses(0, 3)
            self.rows(self.of_json(self.json(line, "page_line") for line in self.out.splitlines()))

    def pages_raw(self, view="--pages"):
        # the ranges alone would name pages that are not there, too
        if self.read(*self.target(), view, "--raw", "-n", "-o", "ADDR,PAGES,KIND,MAP,REF,EXCL", *self.ranges()):
            self.statuses(0, 3)
            self.rows(self.of_raw())

    def each(self):
        self.pages_raw("--each")

    def all_pages(self):
        if self.read(*self.target(), "--pages", "--raw", "-n", "-o", "ADDR,PAGES,KIND,MAP,REF,EXCL"):
            self.statuses(0, 3)
            self.rows(self.of_raw())

    def summary(self):
        if self.read(*self.target()):
            self.statuses(0, 3)
            if self.whole() and not re.search(r"^total ", self.out, re.M):
                raise Wrong("no total: " + self.out[:300])

    def summary_json(self):
        if not self.read(*self.target(), "--json", *self.ranges()):
            return
        self.statuses(0, 3)
        want = {0: 24, 64: 8, 128: 4, 192: 8}
        for p in self.json()["gupinfo"]["processes"]:
            for v in p["vmas"]:
                for base in BASES:
                    page = (int(v["start"], 16) - base) // PAGE
                    if page not in want or self.behaviour in EXECS:
                        continue
                    present, partial = v["pages"]["present"], not self.whole()
                    if present > want[page] or (present < want[page] and not partial):
                        raise Wrong("%d of %d pages at %d" % (present, want[page], page))
                    want.pop(page)
        if self.whole() and want and self.behaviour not in EXECS:
            raise Wrong("mappings are missing: %s" % want)

    def explain(self):
        i = self.r.choice((0, 1, 2, 3, 64, 128, 129, 192))
        at = "%x" % (BASES[0] + i * PAGE)
        if self.r.random() < 0.5:
            if self.read(*self.target(), "--explain", at):
                self.statuses(0, 3)
        elif self.read(*self.target(), "--explain", at, "--json"):
            self.statuses(0, 3)
            self.rows(self.of_process(self.json()), only=[i])

    def who(self):
        if self.nobody or os.geteuid():  # hidden page frames
            return self.gupinfo("--pid", str(self.prey.pid), "--who", "%x" % BASES[0]) and self.statuses(1)
        if self.read("--pid", str(self.prey.pid), "--who", "%x" % BASES[0], "--json"):
            self.statuses(0, 3)
            found = self.json(definition=None)["who"]["mappings"]
            mine = [m for m in found if m["pid"] == self.prey.pid and int(m["addr"], 16) == BASES[0]]
            if not mine and self.behaviour not in ENDS + EXECS:
                raise Wrong("the page is not mapped by its process: %s" % found)
        return None

    def lint(self):
        if not self.read(*self.target(), "--lint", "--json"):
            return
        self.statuses(0, 3, 4)
        found = self.json(definition=None)["gupinfo"]
        if found["bug"] or self.status == 4:
            raise Wrong("a bug of the kernel: %s" % [x for x in found["lint"] if x.get("class") == "bug"][:2])

    def report(self):
        if not self.read(*self.target(), "--report", *(["--redact"] if self.r.random() < 0.3 else [])):
            return
        self.statuses(0, 3)
        whole = self.whole()
        path = tempfile.mktemp(dir=self.opt.dir)
        with open(path, "w") as f:
            f.write(self.out)
        try:
            self.gupinfo("--replay", path, "--pages", "--json", *self.ranges())
            if self.status == 1 and "mapped in" in self.err and not whole:
                return
            self.statuses(0, 3, *([1] if self.behaviour in EXECS else []))
            if self.status != 1:
                self.rows(self.of_process(self.json()), whole=whole and self.behaviour not in EXECS)
        finally:
            os.unlink(path)

    def all(self):
        if self.read("--all", *self.target(), "--json"):
            self.statuses(0, 3)
            for p in self.json(definition=None)["gupinfo"]["processes"]:
                if self.whole() and p["pages"]["present"] < 44 and self.behaviour not in EXECS:
                    raise Wrong("%d pages in all" % p["pages"]["present"])

    def openmetrics(self):
        if self.read("--all", *self.target(), "--openmetrics"):
            self.statuses(0, 3)
            if not self.out.endswith("# EOF\n"):
                raise Wrong("torn: " + self.out[-100:])

    def diff(self):
        report = tempfile.mktemp(dir=self.opt.dir)
        if self.behaviour in ("gone", "zombie"):
            self.read("--diff", self.opt.sample, str(self.prey.pid), "--json")
            return
        self.gupinfo("--pid", str(self.prey.pid), "--report=" + report)
        if not os.path.exists(report):
            return
        before = self.whole()
        try:
            self.read("--diff", report, str(self.prey.pid), "--json", *self.ranges())
            if self.status == 2:
                if self.behaviour in ENDS + EXECS:
                    return
                raise Wrong("status 2: " + self.err[:300])
            self.statuses(0, 1, 3)
            whole = before and not re.search(r"process \d+ ", self.err)
            for change in self.json(definition=None)["gupinfo"]["diff"]:
                at = (int(change["start"], 16) - BASES[0]) // PAGE if "start" in change else -1
                fixed = at in known_pages("calm") and self.behaviour not in ENDS + EXECS
                if whole and fixed and {"appeared", "vanished", "mapped", "moved"} & set(change["what"]):
                    raise Wrong("a page that stays has changed: %s" % str(change)[:300])
        finally:
            os.unlink(report)

    def trace(self, *more):
        args = ["--trace", "--pid", str(self.prey.pid), "--json-lines", *more]
        self.gupinfo(*args, interrupt=self.r.choice((0, 0.001, 0.01, 0.03, 0.1, 0.3)) * self.r.random() * self.opt.slow)
        end = time.monotonic() + 20  # far more than it needs on a busy machine
        while self.tied() and time.monotonic() < end:
            time.sleep(0.01)
        if self.tied():
            raise Wrong("tasks stay traced or stopped: %s" % self.tied())
        self.statuses(0, 1, 3, -signal.SIGINT, -signal.SIGTERM)
        if self.status == 1 and not (self.behaviour in ENDS + EXECS + ("gone", "zombie") or
                                     "no such process" in self.err):
            raise Wrong("status 1: " + self.err[:300])
        for line in self.out.splitlines():
            if line.startswith("{"):
                self.json(line, "event")

    def tied(self):
        """Tasks of the prey that somebody traces, or that stand in a ptrace stop."""
        found = []
        try:
            for tid in os.listdir("/proc/%d/task" % self.prey.pid):
                text = open("/proc/%d/task/%s/status" % (self.prey.pid, tid)).read()
                if not re.search(r"TracerPid:\t0", text) or re.search(r"State:\tt", text):
                    found.append(tid + " " + " ".join(re.findall(r"(?:State|TracerPid):.*", text)))
        except OSError:
            pass
        return found

    def sample(self):
        self.trace("--no-stop", "--interval", "20")

    def tui(self):
        """Any keys; then q until it ends."""
        keys = [self.r.choice(b"jklhJK\t \r/mdrewo?123<>-+\\gGnNpc") for _ in range(self.r.randrange(0, 12))]
        pid, fd = pty.fork()
        if pid == 0:
            if self.nobody:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.chdir("/")
            os.environ.update(ASAN_OPTIONS="detect_leaks=0:log_path=%s/asan" % self.opt.dir, LC_ALL="C.UTF-8", TERM="xterm",
                              TMPDIR=self.opt.dir)
            os.execv(self.opt.gupinfo, [self.opt.gupinfo, "--tui", "--pid", str(self.prey.pid)])
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        out, start, status = b"", time.monotonic(), None
        while status is None:
            if time.monotonic() - start > HANG:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                os.close(fd)
                raise Wrong("it hangs: %r" % out[-300:])
            ready = select.select([fd], [], [], 0.05)[0]
            try:
                if ready:
                    out += os.read(fd, 65536)
                else:
                    os.write(fd, bytes([keys.pop(0)]) if keys else b"\x1bq")
            except OSError:
                pass
            got, how = os.waitpid(pid, os.WNOHANG)
            if got:
                status = how
        try:
            while True:
                out += os.read(fd, 65536)
        except OSError:
            pass
        os.close(fd)
        self.status, self.err = os.waitstatus_to_exitcode(status), out[-3000:].decode(errors="replace")
        if self.status < 0 or "Sanitizer" in self.err:
            raise Wrong("ended by signal %d: %s" % (-self.status, self.err[-500:]))
        if self.behaviour in ("gone", "zombie"):
            self.statuses(1)
            if not re.search(r"does\s+not\s+exist|has\s+ended", self.err):
                raise Wrong("not said to be gone: %s" % self.err[-300:])
        else:
            self.statuses(0, 3, *([1] if self.behaviour in ENDS + EXECS else []))

    def go(self):
        """Returns None, or what was wrong."""
        try:
            self.start()
            VIEWS[self.view](self)
            if self.behaviour not in ENDS + ("gone", "zombie"):
                if self.prey.poll() is not None:
                    raise Wrong("the prey has ended: %d" % self.prey.returncode)
        except Wrong as wrong:
            return str(wrong)
        except Exception as error:  # what it printed was not as expected
            return "%s: %s" % (type(error).__name__, error)
        finally:
            self.end()
        return None


VIEWS = {name: getattr(Run, name) for name in (
    "pages_json", "pages_lines", "pages_raw", "each", "all_pages", "summary", "summary_json", "explain", "who", "lint",
    "report", "all", "openmetrics", "diff", "trace", "sample", "tui")}


def prepare(opt):
    """Copies what runs to a folder that nobody may read."""
    opt.dir = tempfile.mkdtemp(prefix="chaos-")
    os.chmod(opt.dir, 0o1777)
    for name, path in (("gupinfo", opt.build + "/gupinfo"), ("prey", opt.build + "/tests/chaos/prey")):
        shutil.copy(path, opt.dir)
        os.chmod(opt.dir + "/" + name, 0o755)
        setattr(opt, name, opt.dir + "/" + name)
    opt.sample = opt.dir + "/sample"
    opt.said = collections.Counter()
    opt.behaviours = subprocess.run([opt.prey, "--list"], capture_output=True, text=True, check=True).stdout.split()
    opt.behaviours += ["gone", "zombie"]
    opt.complete = {}
    # what a complete run gives here, for this user and for nobody
    for nobody in (False, True):
        if nobody and os.geteuid():
            continue
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if nobody else {}
        with subprocess.Popen([opt.prey, "calm"], stdout=subprocess.PIPE, cwd="/", **user,
                              env=dict(os.environ, PREY_LIVES="0")) as prey:
            prey.stdout.readline()
            start = time.monotonic()
            opt.complete[nobody] = subprocess.run(
                [opt.gupinfo, "--pid", str(prey.pid)] + ["--report=" + opt.sample] * (not nobody), cwd="/",
                env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0", TMPDIR=opt.dir),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, **user).returncode
            prey.kill()
        opt.took = time.monotonic() - start
    opt.slow = max(1, opt.took * 10)
    os.chmod(opt.sample, 0o644)
    if not set(opt.complete.values()) <= {0, 3}:
        sys.exit("chaos: a calm process cannot be read: %s" % opt.complete)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--count", type=int, default=200)
    parser.add_argument("-s", "--seed", default=str(int(time.time())))
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("-b", "--behaviour")
    parser.add_argument("-w", "--view")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--validate", type=float, default=0.2, help="part of the documents that the schema judges")
    parser.add_argument("build")
    opt = parser.parse_args()
    # a background job of a shell has it ignored, and gupinfo would have inherited that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    seed, _, first = opt.seed.partition("/")
    first = int(first or 0)
    prepare(opt)
    start = time.monotonic()
    counts, wrongs = collections.Counter(), 0
    print("seed %s, complete is status %s" % (seed, opt.complete))
    pool = concurrent.futures.ThreadPoolExecutor(opt.jobs)
    try:
        runs = [Run(opt, int(seed), number) for number in range(first, first + opt.count)]
        for run, wrong in zip(runs, pool.map(Run.go, runs)):
            counts["nobody" if run.nobody else "user"] += 1
            counts[run.view] += 1
            counts[run.behaviour] += 1
            if wrong or opt.verbose:
                print("%s/%d %s: %s" % (seed, run.number, run.name(), wrong or "ok"), flush=True)
            wrongs += bool(wrong)
    except KeyboardInterrupt:
        pool.shutdown(cancel_futures=True)
    finally:
        shutil.rmtree(opt.dir, ignore_errors=True)
    n = counts["nobody"] + counts["user"]
    print(", ".join("%s %d" % x for x in sorted(counts.items()) if x[0] not in ("nobody", "user")))
    print("said: " + ", ".join("%s %d" % x for x in sorted(opt.said.items())))
    print("%d runs (%d as nobody), %d wrong, %.0f s; seed %s" % (n, counts["nobody"], wrongs, time.monotonic() - start, seed))
    return wrongs > 0 or n < opt.count


if __name__ == "__main__":
    sys.exit(main())
