#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
mutate.py - changes one row of a table at a time and asks whether a test notices.

	tests/mutate.py BUILD [--minutes N] [--seed S] [--only WORD]

BUILD is a configured build of a checkout that nobody else uses: tables of its sources are changed and
put back.  Of all mutants (a rule dropped, a condition turned round, a release moved by one, a bit
moved by one, and the lines of PLACES) as many as fit into the time are tried, spread evenly by a
seed.  For each, gupinfo and the unit tests are built; the tests run until one fails, then the
golden test.  The list for docs/mutants.md goes to stdout.
"""
import argparse, os, random, re, subprocess, sys, time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = ['test_borders', 'test_uapi', 'test_kpageflags', 'test_kernel', 'test_page_facts', 'test_page',
	 'test_predict_scenario', 'test_collect', 'test_event', 'test_pte', 'test_lint', 'test_trace_call',
	 'test_predict']
PREDICT = ['test_predict', 'test_fact', 'test_predict_scenario']
SLOW = ['test_predict_ref']  # compares all states with a transcription: for rules only, and last

# Behaviour around the tables: file, what is there, what it becomes.
PLACES = [
	('collect.c', 'return !p->order && p->excess == 1 &&', 'return 0 && !p->order && p->excess == 1 &&'),
	('event.c', 'if (b->order > a->order && b->leaf > a->leaf)', 'if (0)'),
	('event.c', '? EVENT_CAUSE_SPLIT : EVENT_CAUSE_COLLAPSED', '? EVENT_CAUSE_SPLIT : EVENT_CAUSE_OTHER'),
]


def find(name):
	"""Sources may lie in any folder below src."""
	for folder, _, files in os.walk(os.path.join(TOP, 'src')):
		if name in files:
			return os.path.join(folder, name)
	sys.exit('mutate.py: no file %s' % name)


def rows(text, macro):
	"""Start and end of each MACRO(...) of a table."""
	for m in re.finditer(r'^%s\(' % macro, text, re.M):
		depth, i, quoted = 0, m.end() - 1, False
		while True:
			c = text[i]
			if c == '"' and text[i - 1] != '\\':
				quoted = not quoted
			elif not quoted:
				depth += (c == '(') - (c == ')')
			i += 1
			if not depth:
				break
		yield m.start(), i


def title(row):
	m = re.search(r'"([^"]*)"', row)
	return m.group(1) if m else row.split(',')[0]


def mutants():
	"""(class, file, title, old text, new text) of every mutant."""
	ret = []

	def add(kind, path, text, start, end, new):
		what = title(text[start:end])
		ret.append((kind, path, what, text, text[:start] + new + text[end:]))

	rules = [f for f in os.listdir(os.path.dirname(find('predict_fast.def'))) if re.fullmatch(r'predict_\w+\.def', f)]
	for name in sorted(rules + ['fact_never.def']):
		path = find(name)
		text = open(path).read()
		for macro in {m.group(1) for m in re.finditer(r'^([A-Z_]+)\(', text, re.M)}:
			for start, end in rows(text, macro):
				row = text[start:end]
				add('rule dropped', path, text, start, end, '')
				if ' YES(' in row and ' NO(' in row:
					add('conditions swapped', path, text, start, end,
					    row.replace(' YES(', ' \0(').replace(' NO(', ' YES(').replace(' \0(', ' NO('))
				elif ' YES(' in row:
					add('condition turned', path, text, start, end, row.replace(' YES(', ' NO('))
				elif ' NO(' in row:
					add('condition turned', path, text, start, end, row.replace(' NO(', ' YES('))
				for a, b in ((' KYES(', ' KNO('), (' KNO(', ' KYES(')):
					if a in row and b not in row:
						add('kernel turned', path, text, start, end, row.replace(a, b))
	for name, macro in (('kernel.def', 'KFACT'), ('kpageflags.def', 'KPF'), ('kfunc.def', 'KFUNC')):
		path = find(name)
		text = open(path).read()
		for start, end in rows(text, macro):
			row = text[start:end]
			for m in re.finditer(r'KV\((\d+), (\d+), (\d+)\)', row):
				a, b, c = map(int, m.groups())
				moved = 'KV(%d, %d, %d)' % ((a, b, c + 1) if c else (a, b + 1, 0))
				add('release moved', path, text, start, end, row[:m.start()] + moved + row[m.end():])
			if macro == 'KPF':
				m = re.match(r'KPF\(\w+, (\d+)', row)
				add('bit moved', path, text, start, end,
				    row[:m.start(1)] + str((int(m.group(1)) + 1) % 64) + row[m.end(1):])
	for name, old, new in PLACES:
		path = find(name)
		text = open(path).read()
		if old not in text:
			print('mutate.py: %s has no "%s"' % (name, old), file=sys.stderr)
			continue
		ret.append(('code', path, old, text, text.replace(old, new)))
	return ret


def run(build, command, seconds):
	env = dict(os.environ, srcdir=TOP, builddir=build, LC_ALL='C.UTF-8', ASAN_OPTIONS='detect_leaks=0')
	try:
		return subprocess.run(command, cwd=build, env=env, stdout=subprocess.DEVNULL,
				      stderr=subprocess.DEVNULL, timeout=seconds).returncode
	except subprocess.TimeoutExpired:
		return 1


def judge(build, path=''):
	"""Which test notices, or ''."""
	for t in PREDICT + TESTS if 'predict' in path else TESTS:
		if run(build, ['make', '-s', 'tests/unit/' + t], 900):
			return 'the compiler, in ' + t
		if run(build, ['tests/unit/' + t], 600):
			return t
	if run(build, ['make', '-s', 'gupinfo'], 600):
		return 'the compiler'
	if run(build, ['bash', os.path.join(TOP, 'tests/golden/run.sh')], 900):
		return 'golden'
	for t in SLOW if 'predict' in path else []:
		if run(build, ['make', '-s', 'tests/unit/' + t], 900) or run(build, ['tests/unit/' + t], 900):
			return t
	return ''


def main():
	p = argparse.ArgumentParser()
	p.add_argument('build')
	p.add_argument('--minutes', type=float, default=15)
	p.add_argument('--seed', type=int, default=1)
	p.add_argument('--only', default='', help='mutants whose kind, file or row holds this')
	opt = p.parse_args()
	build = os.path.abspath(opt.build)
	if subprocess.run(['git', 'diff', '--quiet', 'HEAD', '--', 'src'], cwd=TOP).returncode:
		sys.exit('mutate.py: commit first: sources are changed and put back')
	found = judge(build)
	if found:
		sys.exit('mutate.py: without a mutant there fails already: ' + found)
	every = [m for m in mutants() if opt.only in m[0] + ' ' + os.path.basename(m[1]) + ' ' + m[2]]
	code = [m for m in every if m[0] == 'code']
	rest = [m for m in every if m[0] != 'code']
	random.Random(opt.seed).shuffle(rest)
	end, results = time.time() + opt.minutes * 60, []
	for kind, path, what, old, new in code + rest:
		if time.time() > end:
			break
		try:
			with open(path, 'w') as f:
				f.write(new)
			found = judge(build, path)
		finally:
			with open(path, 'w') as f:
				f.write(old)
		results.append((kind, os.path.basename(path), what, found))
		print('%-8s %s %s: %s %s' % ('killed' if found else 'SURVIVED', kind, os.path.basename(path), what, found),
		      file=sys.stderr, flush=True)
	run(build, ['make', '-s', 'gupinfo'], 600)
	commit = subprocess.run(['git', 'log', '-1', '--format=%h'], cwd=TOP, capture_output=True, text=True).stdout.strip()
	lived = [r for r in results if not r[3]]
	print('%s, commit %s, seed %d: %d of %d mutants tried; %d killed, %d survived.\n' %
	      (time.strftime('%Y-%m-%d'), commit, opt.seed, len(results), len(every), len(results) - len(lived), len(lived)))
	print('| Kind | File | Row | Noticed by |\n|---|---|---|---|')
	for r in sorted(results, key=lambda r: (bool(r[3]),) + r):
		print('| %s | `%s` | `%s` | %s |' % (r[0], r[1], r[2], r[3] or '**nobody**'))


if __name__ == '__main__':
	main()
