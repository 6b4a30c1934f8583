/*
 * A fuzz target without a fuzzer: each file of the seed folder, or of the
 * folders that are named, goes through it as it is, cut off, and with a few
 * thousand changes that are the same in every run. With DNSPIN_QUICK in the
 * environment with a tenth of them, and cut off at fewer places.
 *
 *	tests/fuzz/fuzz_NAME [FOLDER]...
 */
#include "dp_config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/random.h"

#define FILE_MAX (1 << 20) /* bytes of a seed that are used */
#define CHANGES 4000	   /* per seed */
#define CHANGES_QUICK 400
#define STEP_QUICK 7	   /* octets from one length to the next */

static int changes = CHANGES;
static size_t step = 1;

/* Change one to four places: a bit, a byte, or a word of an odd number. */
static size_t change(uint8_t *bytes, size_t size, uint64_t *state)
{
	static const uint32_t numbers[] = { 0, 1, 0x7f, 0xff, 0x100, 0xffff,
		0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff };

	for (uint64_t n = 1 + next_random(state) % 4; n > 0; n--) {
		uint64_t r = next_random(state);
		size_t at = (size_t)(next_random(state) % size);

		if (r % 3 == 0)
			bytes[at] ^= (uint8_t)(1u << (r >> 8) % 8);
		else if (r % 3 == 1)
			bytes[at] = (uint8_t)(r >> 8);
		else if (at + 4 <= size)
			memcpy(bytes + at, &numbers[(r >> 8) %
			    (sizeof(numbers) / sizeof(numbers[0]))], 4);
	}
	return next_random(state) % 8 == 0 ? (size_t)(next_random(state) % size)
					   : size;
}

static void run_seed(const uint8_t *seed, size_t size)
{
	uint8_t *bytes = malloc(size ? size : 1);
	uint64_t state = size;

	LLVMFuzzerTestOneInput(seed, size);
	for (int i = 0; bytes && size > 0 && i < changes; i++) {
		memcpy(bytes, seed, size);
		LLVMFuzzerTestOneInput(bytes, change(bytes, size, &state));
	}
	for (size_t n = 0; n < size && n < 4096; n += step)
		LLVMFuzzerTestOneInput(seed, n);
	free(bytes);
}

/* Returns the number of files; -1: the folder or a file cannot be read. */
static int run_folder(const char *folder)
{
	static uint8_t bytes[FILE_MAX];
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int files = 0;

	if (!dir) {
		perror(folder);
		return -1;
	}
	while (files >= 0 && (entry = readdir(dir))) {
		char path[2048];
		FILE *in;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		in = fopen(path, "rb");
		if (!in) {
			perror(path);
			files = -1;
			break;
		}
		run_seed(bytes, fread(bytes, 1, sizeof(bytes), in));
		fclose(in);
		files++;
	}
	closedir(dir);
	return files;
}

int main(int argc, char **argv)
{
	const char *top = getenv("DNSPIN_SRCDIR");
	char folder[1024];
	int total = 0;

	if (getenv("DNSPIN_QUICK")) {
		changes = CHANGES_QUICK;
		step = STEP_QUICK;
	}
	snprintf(folder, sizeof(folder), "%s/%s", top ? top : ".", fuzz_seeds);
	for (int i = argc > 1 ? 1 : 0; i < argc; i++) {
		int files = run_folder(i == 0 ? folder : argv[i]);

		if (files < 0)
			return EXIT_FAILURE;
		total += files;
	}
	printf("%d seeds, each with %d changes, cut off every %zu octets\n", total,
	    changes, step);
	return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
