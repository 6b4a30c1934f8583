/*
 * The firewall agent on any map: whatever the bytes are, what it would put into
 * the kernel is what the policy allows, and it comes to an end. The policy is
 * small, and what it allows is written here once more by hand. The checks of
 * header, slots and index are made anew for a second turn, as whoever may write
 * the map can.
 */
#include "dp_config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "module/core/map_private.h"
#include "tests/fuzz/fuzz.h"
#include "tools/policy/ruleset.h"
#include "tools/policy/zone.h"
#include "tools/sync/sync_source.h"

#define NOW 1800000000u
#define LIFE_MAX_S 86400u

const char fuzz_seeds[] = "tests/fuzz/seeds/sync";

static const char zones[] =
    "$ORIGIN all.dnspin.\n@ SOA a. b. 7 1 1 1 1\n"
    "a.example TXT allow tcp/443\n"
    "*.w.example TXT allow\n"
    "d.w.example TXT deny\n"
    "p.example TXT allow udp/53\n"
    "p.example APL 1:20.0.0.0/8\n"
    "$ORIGIN some.dnspin.\n@ SOA a. b. 7 1 1 1 1\n"
    "@ APL 1:10.0.0.0/8\n"
    "c.example TXT allow tcp/80\n";

static char folder[] = "/tmp/dnspin-fuzz.XXXXXX";
static char map_path[64];
static struct dp_sync_source *source;

static void demand(bool true_here)
{
	if (!true_here)
		abort();
}

static void write_policy(const char *path)
{
	struct dp_settings settings;
	struct dp_ruleset *rs = NULL;
	uint8_t *bytes = NULL;
	size_t size_b;
	FILE *in = fmemopen((void *)(uintptr_t)zones, sizeof(zones) - 1, "r");
	FILE *out = fopen(path, "wb");

	dp_settings_default(&settings);
	settings.value[DP_SET_PINS] = DP_PINS_ENFORCE;
	demand(in && out && dp_ruleset_new(&rs) == DP_OK &&
	    dp_zone_read(rs, in, "fuzz", NULL, NULL) == DP_OK &&
	    dp_ruleset_write(rs, &settings, &bytes, &size_b, NULL) == DP_OK &&
	    fwrite(bytes, 1, size_b, out) == size_b && fclose(out) == 0);
	fclose(in);
	free(bytes);
	dp_ruleset_close(&rs);
}

static void folder_remove(void)
{
	static const char *const names[] = { "unbound/map", "unbound",
		"policy", "" };
	char path[64];

	dp_sync_source_close(&source);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)remove(path);
	}
}

static void begin(void)
{
	static const struct dp_sync_options o = { .table = NULL };
	static struct dp_cli cli = { .conf = "/dev/null" };
	char path[64];

	demand(sodium_init() >= 0 && mkdtemp(folder) != NULL &&
	    atexit(folder_remove) == 0);
	snprintf(path, sizeof(path), "%s/unbound", folder);
	demand(mkdir(path, 0700) == 0);
	snprintf(path, sizeof(path), "%s/policy", folder);
	write_policy(path);
	snprintf(map_path, sizeof(map_path), "%s/unbound/map", folder);
	cli.state_dir = folder;
	demand(dp_sync_source_open(&source, &cli, &o, NULL) == DP_OK);
}

static bool special(const struct dp_addr *a)
{
	const uint8_t *b = a->bytes;

	if (a->family == 6)
		return b[0] >> 5 != 1 ||
		    memcmp(b, "\x20\x01\x0d\xb8", 4) == 0;
	return b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224 ||
	    (b[0] == 100 && b[1] >> 6 == 1) || (b[0] == 169 && b[1] == 254) ||
	    (b[0] == 172 && b[1] >> 4 == 1) || (b[0] == 192 && b[1] == 168) ||
	    (b[0] == 192 && b[1] == 0 && b[2] == 2);
}

static bool is_service(const struct dp_element *e, int protocol, int port)
{
	return e->service.protocol == protocol && e->service.port == port;
}

/* Does this name open the element? What the zones say, by hand. */
static bool opens(const struct dp_name *wire, const struct dp_element *e)
{
	char name[DP_NAME_TEXT_MAX];
	size_t len = dp_name_to_text(wire, name);
	const char *end = len > 10 ? name + len - 10 : name;

	if (strcmp(name, "a.example") == 0)
		return is_service(e, 6, 443);
	if (strcmp(name, "p.example") == 0)
		return is_service(e, 17, 53) && e->addr.family == 4 &&
		    e->addr.bytes[0] == 20;
	/* Any service, so those of other names for this address, too. */
	return strcmp(end, ".w.example") == 0 &&
	    strcmp(name, "d.w.example") != 0 &&
	    (is_service(e, 0, 0) || is_service(e, 6, 443) ||
		is_service(e, 6, 80) || is_service(e, 17, 53));
}

static bool allowed(const struct dp_element *e)
{
	struct dp_binding b;
	uint32_t cursor = 0;

	while (dp_map_next(dp_sync_source_map(source), &cursor, NOW, &b))
		if (dp_addr_equal(&b.addr, &e->addr) && opens(&b.name, e))
			return true;
	return false;
}

static void look_at(const struct dp_elements *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct dp_element *e = &list->items[i];

		demand(allowed(e) && !special(&e->addr));
		demand(e->end_s > NOW && e->end_s - NOW <= LIFE_MAX_S);
	}
}

/* All changes that the map claims to have, from a little before them on. */
static void follow(void)
{
	struct dp_map *map = dp_sync_source_map(source);
	uint64_t seq = dp_map_seq(map), before;
	enum dp_err err;

	seq = seq > map->feed_count ? seq - map->feed_count : 1;
	for (uint64_t n = 0;; n++) {
		struct dp_elements list = { NULL, 0, 0 };
		struct dp_diag diag;
		size_t refused;

		before = seq;
		err = dp_sync_source_news(source, &seq, &list, NOW, &refused,
		    &diag);
		demand(!err || err == DP_ERR_LIMIT);
		if (!err)
			look_at(&list);
		dp_elements_free(&list);
		if (err || seq == before)
			return;
		demand(n < map->feed_count && seq > before);
	}
}

static void put(const uint8_t *data, size_t size)
{
	int fd;

	unlink(map_path); /* another file is another map */
	fd = open(map_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	demand(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void use(const uint8_t *data, size_t size)
{
	struct dp_elements list = { NULL, 0, 0 };
	struct dp_diag diag;
	bool changed;

	put(data, size);
	if (dp_sync_source_look(source, &changed, &diag) != DP_OK)
		return;
	demand(dp_sync_source_ready(source));
	demand(dp_sync_source_all(source, &list, NOW, &diag) == DP_OK);
	look_at(&list);
	dp_elements_free(&list);
	follow();
}

/* Check and tag of what stands at a place. */
static void seal_place(const struct dp_map *map, uint32_t i)
{
	struct dp_slot_d *slot = dp_map_slot(map, i);
	struct dp_names_d *names;
	struct dp_map_words w;
	struct dp_map_place place;
	struct dp_name name;
	struct dp_addr addr;

	if (!slot)
		return;
	names = dp_map_names(map, slot);
	memset(&w, 0, sizeof(w));
	w.first_seen_s = slot->first_seen_s;
	w.shape = slot->shape;
	memcpy(w.addr, slot->addr, sizeof(w.addr));
	memcpy(w.name, names->name, sizeof(w.name));
	memcpy(w.final, names->final, sizeof(w.final));
	slot->check = dp_map_check_of(map->key, &w);
	name.len = (uint8_t)w.shape;
	memcpy(name.wire, w.name, name.len);
	memset(&addr, 0, sizeof(addr));
	addr.family = (uint8_t)(w.shape >> 16);
	memcpy(addr.bytes, w.addr, addr.family == 4 ? 4 : 16);
	dp_map_place_of(map, &name, &addr, &place);
	map->index[i] = dp_map_entry(place.tag, dp_map_end(map->index[i]));
}

/* As if a writer had written these bytes. */
static void seal(uint8_t *bytes, size_t size)
{
	struct dp_map_d *d = (struct dp_map_d *)(void *)bytes;
	struct dp_map map = { .bucket_count = d->slot_count / DP_MAP_BUCKET };
	uint64_t slots, places;

	if (size < DP_MAP_HEADER_B)
		return;
	memcpy(map.key, d->key, sizeof(map.key));
	crypto_shorthash_siphash24((uint8_t *)&d->check, bytes,
	    offsetof(struct dp_map_d, check), d->key);
	if (d->names_off % 64 != 0 || d->names_off > size ||
	    d->slots_off > d->names_off ||
	    d->slots_off % 64 != 0 || d->slot_of_off % 64 != 0 ||
	    d->index_off % 64 != 0 ||
	    d->slot_of_off > d->slots_off || d->index_off > d->slot_of_off ||
	    d->index_off < DP_MAP_HEADER_B ||
	    map.bucket_count == 0)
		return;
	map.index = (void *)(bytes + d->index_off);
	map.slot_of = (void *)(bytes + d->slot_of_off);
	map.slots = (void *)(bytes + d->slots_off);
	map.names = (void *)(bytes + d->names_off);
	slots = (d->names_off - d->slots_off) / sizeof(struct dp_slot_d);
	if (slots > (size - d->names_off) / sizeof(struct dp_names_d))
		slots = (size - d->names_off) / sizeof(struct dp_names_d);
	places = (d->slot_of_off - d->index_off) / 8;
	if (places > (d->slots_off - d->slot_of_off) / 4)
		places = (d->slots_off - d->slot_of_off) / 4;
	map.slot_count = (uint32_t)slots;
	for (uint32_t i = 0; i < places; i++)
		seal_place(&map, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = NULL;

	if (!source)
		begin();
	use(data, size);
	bytes = aligned_alloc(64, (size + 64) & ~(size_t)63);
	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	seal(bytes, size);
	use(bytes, size);
	free(bytes);
	return 0;
}
