/*
 * A made-up module: an ELF file with nothing in it but the note that tells what
 * server it is made for.
 *
 *	image_make("ab12\0" "1.17.1", 12);
 *	... write sizeof(image) octets of &image
 */
#ifndef DP_IMAGE_OF_H
#define DP_IMAGE_OF_H

#include <link.h>
#include <stddef.h>
#include <string.h>
#include "module/core/build_id.h"
#include "tests/unit/unit.h"

#define IMAGE_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

/* Header, one part, the note. */
static struct image {
	ElfW(Ehdr) head;
	ElfW(Phdr) part;
	struct {
		ElfW(Nhdr) head;
		char owner[8];
		char server[64];
	} note;
} image;

static inline void image_make(const char *server, size_t server_b)
{
	image = (struct image){
		.head = { .e_ident = { 0x7f, 'E', 'L', 'F', IMAGE_CLASS },
		    .e_phoff = offsetof(struct image, part),
		    .e_phentsize = sizeof(ElfW(Phdr)), .e_phnum = 1 },
		.part = { .p_type = PT_NOTE,
		    .p_offset = offsetof(struct image, note),
		    .p_filesz = sizeof(image.note), .p_align = 4 },
		.note = { { sizeof(DP_BUILD_NOTE_OWNER), (uint32_t)server_b,
		    DP_BUILD_NOTE_SERVER }, DP_BUILD_NOTE_OWNER, "" },
	};
	CU_ASSERT_FATAL(server_b <= sizeof(image.note.server));
	memcpy(image.note.server, server, server_b);
}

#endif
