/*
 * Build-ids: which build of a server a file or a process is, and for which one
 * a module was made. They stand in notes of ELF files (gABI, "Note Section").
 * The module compares in the process that it is in, the tools in files. Hostile
 * bytes do no harm. No state; any thread.
 */
#ifndef DP_BUILD_ID_H
#define DP_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"

#define DP_BUILD_ID_TEXT_MAX 129 /* 64 octets in hex, with the NUL */
#define DP_BUILD_VERSION_MAX 64	 /* of a version, with the NUL */

/*
 * The note in which a module tells what server it is made for: the build-id in
 * hex (empty: it has none), a NUL, the version, a NUL. By hand:
 *	readelf -p .note.dnspin dnspin.so
 */
#define DP_BUILD_NOTE_OWNER "dnspin"
#define DP_BUILD_NOTE_SERVER 1u

/* The GNU build-id in the notes bytes[0..size_b), aligned to `align`, in hex;
 * empty when there is none. */
void dp_build_id_in_notes(char text[DP_BUILD_ID_TEXT_MAX],
    const uint8_t *bytes, size_t size_b, size_t align);

/* The same of the executable or library at path. DP_ERR_FORMAT: it is no ELF
 * file of this machine's kind. */
enum dp_err dp_build_id_of_file(const char *path,
    char text[DP_BUILD_ID_TEXT_MAX], struct dp_diag *diag) DP_MUST_CHECK;

/* What server the module at path is made for. DP_ERR_NOTFOUND: there is no such
 * file; DP_ERR_FORMAT: it is no module of dnspin. */
enum dp_err dp_build_id_module_wants(const char *path,
    char text[DP_BUILD_ID_TEXT_MAX], char version[DP_BUILD_VERSION_MAX],
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
