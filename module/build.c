#include "dp_config.h" /* first: _GNU_SOURCE for dl_iterate_phdr, memmem */

#include "module/build.h"

#include <link.h>
#include <stdio.h>
#include <string.h>

#include "module/core/file.h"

/* The same source is in the loader for pythonmod, which is for another build. */
#ifdef DP_LOADER
#undef DP_UNBOUND_BUILD_ID
#define DP_UNBOUND_BUILD_ID DP_STOCK_BUILD_ID
#endif

#define REMEDY \
	"build dnspin against this server (./configure --with-unbound-src=DIR " \
	"--with-unbound=BINARY; make; make install)"

const char *dp_build_id_wanted(void)
{
	return DP_UNBOUND_BUILD_ID;
}

const char *dp_build_dnspin_version(void)
{
	return PACKAGE_VERSION;
}

/* For who has the file and not the process: dnspin enable, and people with
 * readelf(1). Aligned as the linker wants all notes to be. */
static const struct {
	ElfW(Nhdr) head;
	char owner[(sizeof(DP_BUILD_NOTE_OWNER) + 3) / 4 * 4];
	char server[sizeof(DP_UNBOUND_BUILD_ID "\0" DP_UNBOUND_VERSION)];
} note __attribute__((section(".note.dnspin"), aligned(4), used)) = {
	{ sizeof(DP_BUILD_NOTE_OWNER), sizeof(note.server), DP_BUILD_NOTE_SERVER },
	DP_BUILD_NOTE_OWNER, DP_UNBOUND_BUILD_ID "\0" DP_UNBOUND_VERSION,
};

/* The first object is the executable. */
static int first_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	char *text = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && !text[0]; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_NOTE)
			dp_build_id_in_notes(text,
			    (const uint8_t *)(info->dlpi_addr + ph->p_vaddr),
			    ph->p_memsz, ph->p_align);
	}
	return 1;
}

void dp_build_id_running(char text[DP_BUILD_ID_TEXT_MAX])
{
	text[0] = '\0';
	dl_iterate_phdr(first_object, text);
}

static enum dp_err check_texts(const char *version, const char *configure_line,
    const char *exe_path, struct dp_diag *diag)
{
	struct dp_file exe;
	enum dp_err err;

	err = dp_file_map_ro(&exe, exe_path, diag);
	if (err)
		return err;
	if (!memmem(exe.bytes, exe.size_b, version, strlen(version)) ||
	    !memmem(exe.bytes, exe.size_b, configure_line,
		strlen(configure_line))) {
		dp_diag_set(diag, exe_path, 0,
		    "the module was built for \"%s\" with another version or "
		    "configure line than this server's; %s",
		    version, REMEDY);
		err = DP_ERR_VERSION;
	}
	dp_file_close(&exe);
	return err;
}

enum dp_err dp_build_check(const char *want, const char *version,
    const char *configure_line, const char *exe_path, struct dp_diag *diag)
{
	char have[DP_BUILD_ID_TEXT_MAX];

	if (!want[0])
		return check_texts(version, configure_line, exe_path, diag);
	dp_build_id_running(have);
	if (strcmp(want, have) == 0)
		return DP_OK;
	dp_diag_set(diag, "build-id", 0,
	    "the module was built for \"%s\", build-id %s, but this server's "
	    "build-id is %s; %s",
	    version, want, have[0] ? have : "missing", REMEDY);
	return DP_ERR_VERSION;
}
