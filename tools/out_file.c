#include "dp_config.h"

#include "tools/out_file.h"

#include <sys/stat.h>

#include "module/core/file.h"

/* Between this look and the rename others may change what is there: it guards
 * against slips, not against people who may write to the folder. */
enum dp_err dp_out_file(const char *path, const void *bytes, size_t size_b,
    struct dp_diag *diag)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		const char *what = "no regular file";
		const char *remedy = "name a file, or - for standard output";

		if (S_ISLNK(st.st_mode)) {
			what = "a symbolic link";
			remedy = "name the file that it leads to";
		} else if (S_ISDIR(st.st_mode)) {
			what = "a directory";
			remedy = "name a file in it";
		}
		dp_diag_set(diag, path, 0,
		    "is %s and is not replaced by a file: %s", what, remedy);
		return DP_ERR_FORMAT;
	}
	return dp_file_replace(path, bytes, size_b, 0644, diag);
}
