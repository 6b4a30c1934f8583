#include "dp_config.h" /* first: _GNU_SOURCE for dl_iterate_phdr, memmem */

#include "module/build.h"

#include <link.h>
#include <stdio.h>
#include <string.h>

#include "module/core/file.h"

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

static size_t round_up(size_t n, size_t align)
{
	return (n + align - 1) / align * align;
}

void dp_build_id_in_notes(char text[DP_BUILD_ID_TEXT_MAX],
    const uint8_t *bytes, size_t size_b, size_t align)
{
	size_t at = 0;

	text[0] = '\0';
	if (align < 4)
		align = 4;
	while (size_b - at >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		size_t name_b, desc_b;

		memcpy(&note, bytes + at, sizeof(note));
		at += sizeof(note);
		if (note.n_namesz > size_b || note.n_descsz > size_b)
			return;
		name_b = round_up(note.n_namesz, align);
		desc_b = round_up(note.n_descsz, align);
		if (name_b > size_b - at || note.n_descsz > size_b - at - name_b)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(bytes + at, "GNU", 4) == 0 &&
		    note.n_descsz <= (DP_BUILD_ID_TEXT_MAX - 1) / 2) {
			for (size_t i = 0; i < note.n_descsz; i++)
				snprintf(text + 2 * i, 3, "%02x",
				    bytes[at + name_b + i]);
			return;
		}
		at += name_b;
		if (desc_b > size_b - at)
			return;
		at += desc_b;
	}
}

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
