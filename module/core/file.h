/*
 * Files as memory: whole files mapped read-only or shared, and files replaced
 * atomically (written beside, synced, renamed). This source, policy, map, ring
 * and status are the only ones that touch mapped bytes. A mapped file that is
 * cut short by somebody is the business of fault.h. No locks; each struct
 * dp_file belongs to one owner at a time.
 */
#ifndef DP_FILE_H
#define DP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"

struct dp_file {
	int fd;		/* -1: closed */
	uint8_t *bytes; /* NULL: closed or empty */
	size_t size_b;
	uint64_t id[4];	/* device, inode, size, mtime in ns: tells a new file */
};

/* Map a regular file read-only. A file that is missing is DP_ERR_NOTFOUND, one
 * that is no regular file DP_ERR_FORMAT; symbolic links are followed. */
enum dp_err dp_file_map_ro(struct dp_file *out, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/*
 * A copy of the file that nobody can change any more (a sealed memfd), mapped
 * read-only: what was checked stays what is used, and a file that somebody
 * truncates in place cannot kill the process that maps it (SIGBUS). Over max_b
 * is DP_ERR_LIMIT; a file that is being written in place all the time is
 * DP_ERR_BUSY. id tells the file that was copied.
 */
enum dp_err dp_file_snapshot(struct dp_file *out, const char *path,
    size_t max_b, struct dp_diag *diag) DP_MUST_CHECK;

/*
 * The same in steps, for who has use for the first bytes before the last are
 * there: begin, more until it returns false, which leaves in *err whether that
 * was the end, then end. file.bytes are mapped from the beginning, to be read
 * up to copied_b. Any step may be followed by drop, which unmaps them; end
 * leaves nothing to drop, but where it fails. path is borrowed until then. With
 * DP_ERR_BUSY of end begin anew, DP_FILE_TRIES times in all.
 */
struct dp_file_copy {
	struct dp_file file;
	size_t copied_b;
	int from;
	const char *path;
};
#define DP_FILE_TRIES 5 /* while somebody writes the file in place */
enum dp_err dp_file_copy_begin(struct dp_file_copy *out, const char *path,
    size_t max_b, struct dp_diag *diag) DP_MUST_CHECK;
bool dp_file_copy_more(struct dp_file_copy *c, enum dp_err *err,
    struct dp_diag *diag) DP_MUST_CHECK;
enum dp_err dp_file_copy_end(struct dp_file_copy *c, struct dp_file *out,
    struct dp_diag *diag) DP_MUST_CHECK;
void dp_file_copy_drop(struct dp_file_copy *c);

/* Open or create (mode 0644, no symbolic link followed) and map shared and
 * writable, growing the file to size_b where it is shorter; *created tells
 * whether it was empty before. The blocks are allocated, so that a full disk is
 * an error here and no SIGBUS later. size_b 0: map what is there, create
 * nothing (DP_ERR_NOTFOUND). Takes no lock. */
enum dp_err dp_file_map_rw(struct dp_file *out, const char *path,
    size_t size_b, bool *created, struct dp_diag *diag) DP_MUST_CHECK;

/* False when there is nothing at path, or another file than the one that is
 * mapped, or one that was cut short since (fault.h). */
bool dp_file_is_at(const struct dp_file *f, const char *path);

/* Fill id from path without opening. DP_ERR_NOTFOUND: no such file. */
enum dp_err dp_file_identify(uint64_t id[4], const char *path) DP_MUST_CHECK;

/* Advice to the system, for a file that is mapped for writing. Page by page:
 * else the first touch of a page can bring as much as the disk reads ahead,
 * which is megabytes on some, and keep who touches it waiting for milliseconds.
 * Populate: size_b octets from off_b on are needed soon; all at once cost less
 * than a page fault for each page, and the caller pays for them. */
void dp_file_page_by_page(const struct dp_file *f);
void dp_file_populate(const struct dp_file *f, size_t off_b, size_t size_b);

/* Unmap and close; f may be closed already. */
void dp_file_close(struct dp_file *f);

/* Replace path by bytes: written to a new file beside it, synced, renamed, the
 * folder synced. A symbolic link at path is itself replaced. On failure the old
 * file is as it was and nothing is left; only when the folder does not sync may
 * the new file be in place already. */
enum dp_err dp_file_replace(const char *path, const void *bytes, size_t size_b,
    unsigned mode, struct dp_diag *diag) DP_MUST_CHECK;

#endif
