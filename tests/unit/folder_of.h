/* A folder of a test's own under /tmp, flat, and what is in it. */
#ifndef DP_FOLDER_OF_H
#define DP_FOLDER_OF_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/unit/unit.h"

#define FOLDER_TEXT_MAX 65536

static char folder_at[64];

static int folder_make(void)
{
	snprintf(folder_at, sizeof(folder_at), "%s", "/tmp/dnspin-unit.XXXXXX");
	return !mkdtemp(folder_at);
}

static inline const char *folder_path(const char *name)
{
	static char paths[4][512];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder_at, name);
	return path;
}

/* How many files are there; name gets one but for `but`. */
static inline int folder_list(char name[256], const char *but)
{
	DIR *dir = opendir(folder_at);
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			count++;
			if (strcmp(entry->d_name, but) != 0)
				snprintf(name, 256, "%s", entry->d_name);
		}
	if (dir)
		closedir(dir);
	return count;
}

static inline void folder_empty(void)
{
	char name[256];

	while (folder_list(name, "") > 0 && unlink(folder_path(name)) == 0)
		;
}

static int folder_remove(void)
{
	folder_empty();
	return rmdir(folder_at);
}

/* All of a file as text. */
static inline const char *folder_read(const char *name)
{
	static char text[FOLDER_TEXT_MAX];
	FILE *in = fopen(folder_path(name), "r");
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	n = fread(text, 1, sizeof(text) - 1, in);
	text[n] = '\0';
	fclose(in);
	return text;
}

#endif
