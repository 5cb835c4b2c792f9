/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - a fuzz target is a libFuzzer entry point; without FUZZ_TARGET it is a unit test that
 * replays the kept corpus: every file of tests/fuzz/corpus/NAME once, and every cut of it.
 *
 * Build for fuzzing: tests/fuzz/run NAME [SECONDS].
 */
#ifndef GUPINFO_FUZZ_H
#define GUPINFO_FUZZ_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef FUZZ_TARGET
static void fuzz_file(const char *path)
{
	FILE *f = fopen(path, "re");
	static uint8_t all[1 << 20];
	size_t n, step;

	if (!f)
		return;
	n = fread(all, 1, sizeof(all), f);
	fclose(f);
	step = n / 64 + 1;
	for (size_t len = 0; len < n; len += step) {
		/* A copy of its own: reading past the end is then seen. */
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, all, len);
		LLVMFuzzerTestOneInput(copy, len);
		free(copy);
	}
	LLVMFuzzerTestOneInput(all, n);
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strrchr(argv[0], '/');
	unsigned files = 0;
	char path[4096];
	struct dirent *e;
	DIR *dir;

	name = strstr(name ? name : argv[0], "fuzz_");
	if (!name || argc > 1) {
		for (int i = 1; i < argc; i++)
			fuzz_file(argv[i]);
		return 0;
	}
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
		 name + 5);
	printf("1..1\n");
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		char file[8192];

		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		fuzz_file(file);
		files++;
	}
	if (dir)
		closedir(dir);
	printf("%sok 1 - %u files of the corpus\n", files ? "" : "not ", files);
	return !files;
}
#endif

#endif
