#include "dp_config.h" /* first: _GNU_SOURCE for ElfW */

#include "module/core/build_id.h"

#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "module/core/file.h"

#define FILE_MAX ((size_t)256 << 20) /* bytes of an executable or module */

static size_t round_up(size_t n, size_t align)
{
	return (n + align - 1) / align * align;
}

/* The first note of owner and type: its content, borrowed from bytes, or NULL.
 */
static const uint8_t *find(const uint8_t *bytes, size_t size_b, size_t align,
    const char *owner, uint32_t type, size_t *content_b)
{
	size_t at = 0, owner_b = strlen(owner) + 1;

	if (align < 4)
		align = 4;
	while (size_b - at >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		size_t name_b, desc_b;

		memcpy(&note, bytes + at, sizeof(note));
		at += sizeof(note);
		if (note.n_namesz > size_b || note.n_descsz > size_b)
			return NULL;
		name_b = round_up(note.n_namesz, align);
		desc_b = round_up(note.n_descsz, align);
		if (name_b > size_b - at || note.n_descsz > size_b - at - name_b)
			return NULL;
		if (note.n_type == type && note.n_namesz == owner_b &&
		    memcmp(bytes + at, owner, owner_b) == 0) {
			*content_b = note.n_descsz;
			return bytes + at + name_b;
		}
		at += name_b;
		if (desc_b > size_b - at)
			return NULL;
		at += desc_b;
	}
	return NULL;
}

/* id NULL: there is none. */
static void say_id(char text[DP_BUILD_ID_TEXT_MAX], const uint8_t *id,
    size_t id_b)
{
	text[0] = '\0';
	if (!id || id_b > (DP_BUILD_ID_TEXT_MAX - 1) / 2)
		return;
	for (size_t i = 0; i < id_b; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
}

void dp_build_id_in_notes(char text[DP_BUILD_ID_TEXT_MAX],
    const uint8_t *bytes, size_t size_b, size_t align)
{
	size_t id_b = 0;
	const uint8_t *id = find(bytes, size_b, align, "GNU", NT_GNU_BUILD_ID,
	    &id_b);

	say_id(text, id, id_b);
}

static bool is_elf(const struct dp_file *f, ElfW(Ehdr) *head)
{
	const unsigned char class =
	    sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;

	if (f->size_b < sizeof(*head))
		return false;
	memcpy(head, f->bytes, sizeof(*head));
	return memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 &&
	    head->e_ident[EI_CLASS] == class &&
	    head->e_phentsize == sizeof(ElfW(Phdr)) &&
	    head->e_phoff <= f->size_b &&
	    head->e_phnum <= (f->size_b - head->e_phoff) / sizeof(ElfW(Phdr));
}

static const uint8_t *find_in_file(const struct dp_file *f,
    const ElfW(Ehdr) *head, const char *owner, uint32_t type,
    size_t *content_b)
{
	for (size_t i = 0; i < head->e_phnum; i++) {
		const uint8_t *found;
		ElfW(Phdr) part;

		memcpy(&part, f->bytes + head->e_phoff + i * sizeof(part),
		    sizeof(part));
		if (part.p_type != PT_NOTE || part.p_offset > f->size_b ||
		    part.p_filesz > f->size_b - part.p_offset)
			continue;
		found = find(f->bytes + part.p_offset, part.p_filesz,
		    part.p_align == 8 ? 8 : 4, owner, type, content_b);
		if (found)
			return found;
	}
	return NULL;
}

static enum dp_err open_elf(struct dp_file *f, ElfW(Ehdr) *head,
    const char *path, struct dp_diag *diag)
{
	enum dp_err err = dp_file_map_ro(f, path, diag);

	if (err || is_elf(f, head))
		return err;
	dp_file_close(f);
	dp_diag_set(diag, path, 0,
	    "is no program or library of this machine's kind (ELF)");
	return DP_ERR_FORMAT;
}

enum dp_err dp_build_id_of_file(const char *path,
    char text[DP_BUILD_ID_TEXT_MAX], struct dp_diag *diag)
{
	const uint8_t *id;
	struct dp_file f;
	ElfW(Ehdr) head;
	size_t id_b = 0;
	enum dp_err err = open_elf(&f, &head, path, diag);

	if (err)
		return err;
	id = find_in_file(&f, &head, "GNU", NT_GNU_BUILD_ID, &id_b);
	say_id(text, id, id_b);
	dp_file_close(&f);
	return DP_OK;
}

/* Two texts with a NUL behind each, that fit. */
static bool take_server(char *text, char *version, const char *note,
    size_t note_b)
{
	size_t id_b = strnlen(note, note_b), version_b;

	if (id_b >= DP_BUILD_ID_TEXT_MAX || id_b == note_b)
		return false;
	version_b = strnlen(note + id_b + 1, note_b - id_b - 1);
	if (version_b >= DP_BUILD_VERSION_MAX ||
	    version_b == note_b - id_b - 1)
		return false;
	memcpy(text, note, id_b + 1);
	memcpy(version, note + id_b + 1, version_b + 1);
	return true;
}

enum dp_err dp_build_id_module_wants(const char *path,
    char text[DP_BUILD_ID_TEXT_MAX], char version[DP_BUILD_VERSION_MAX],
    struct dp_diag *diag)
{
	const uint8_t *note;
	struct dp_file f;
	ElfW(Ehdr) head;
	size_t note_b = 0;
	enum dp_err err = open_elf(&f, &head, path, diag);

	if (err)
		return err;
	note = find_in_file(&f, &head, DP_BUILD_NOTE_OWNER,
	    DP_BUILD_NOTE_SERVER, &note_b);
	if (!note ||
	    !take_server(text, version, (const char *)note, note_b)) {
		dp_diag_set(diag, path, 0, "is no module of dnspin, or one "
		    "that does not tell for which server it was made: build "
		    "it again");
		err = DP_ERR_FORMAT;
	}
	dp_file_close(&f);
	return err;
}
