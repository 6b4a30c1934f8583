#include "dp_config.h"
#include "tests/unit/unit_policy.h"

#include "module/core/policy_hash.h"
#include "module/core/policy_view.h"

#define HEADER_B sizeof(struct dp_policy_d)

static const char *const lines[] = {
	"a.dnspin: one.example allow tcp/80 tcp/443 192.0.2.0/24 2001:db8::/32",
	"a.dnspin: two.example allow udp/53",
	"b.dnspin: two.example allow udp/54 192.0.2.0/25 192.0.2.0/24",
	"b.dnspin: *.two.example allow", "b.dnspin: three.example deny",
	"b.dnspin: *.deep.two.example deny",
	/* Audience 1: with c; audience 2: with c and d. */
	"c.dnspin: @ 10.0.0.0/8 2001:db8::/32", "d.dnspin: @ 10.1.0.0/16",
	"c.dnspin: two.example allow udp/55", "d.dnspin: zeds.example allow",
	NULL,
};
/* Of the rules, those of two.example that are not for all. */
enum { TWO_REST = 2, TWO_CLIENTS = 3 };

static uint8_t *good;
static size_t good_b;

/* Each test begins with it: CUnit takes assertions in tests only. */
static void make_good(void)
{
	if (!good)
		good = unit_policy_bytes(lines, NULL, &good_b);
}

static int free_good(void)
{
	free(good);
	return 0;
}

/* A policy's parts, writable. */
struct parts {
	struct dp_policy_d *head;
	struct dp_group_d *groups;
	struct dp_client_d *clients;
	struct dp_rule_d *rules;
	struct dp_trait_d *traits;
	uint32_t *members;
	struct dp_service_d *services;
	struct dp_pin_d *pins;
	uint8_t *names;
	struct dp_entry_d *table;
};

static struct parts parts_of(uint8_t *bytes)
{
	struct dp_policy_d *head = (struct dp_policy_d *)bytes;

	return (struct parts){
		.head = head,
		.groups = (void *)(bytes + head->groups.off),
		.clients = (void *)(bytes + head->clients.off),
		.rules = (void *)(bytes + head->rules.off),
		.traits = (void *)(bytes + head->traits.off),
		.members = (void *)(bytes + head->members.off),
		.services = (void *)(bytes + head->services.off),
		.pins = (void *)(bytes + head->pins.off),
		.names = bytes + head->names.off,
		.table = (void *)(bytes + head->table.off),
	};
}

/* Ask everything that a policy answers; under ASan no byte outside is read. */
static void use(const struct dp_policy *p)
{
	struct dp_name name = unit_name("x.deep.two.example");
	struct dp_addr addr = { 4, { 192, 0, 2, 1 } };
	char text[DP_NAME_TEXT_MAX];
	struct dp_group_info group;
	struct dp_client client;
	unsigned sum = dp_policy_audience(p, &addr);

	for (uint32_t i = 0; i < dp_policy_group_count(p); i++) {
		dp_policy_group(p, i, &group);
		dp_policy_group_name(p, i, text);
		for (size_t at = 0; at < group.text_b; at++)
			sum += group.text[at];
		for (uint32_t at = 0; dp_policy_client_next(p,
			 group.audiences, &at, &client);)
			CU_ASSERT(dp_policy_audience(p, &client.prefix.addr) <
			    dp_policy_audience_count(p));
	}
	for (uint32_t i = 0; i < dp_policy_rule_count(p); i++) {
		struct dp_rule_info rule;

		dp_policy_rule(p, i, &rule);
		dp_policy_rule_text(p, i, text);
		sum += (unsigned)dp_policy_pin(p, i, &addr);
		for (uint32_t a = 0; a < dp_policy_audience_count(p); a++)
			sum += dp_policy_match(p, &rule.base, a).rule;
		for (uint32_t k = 0; k < rule.group_count; k++)
			CU_ASSERT(dp_policy_rule_group(p, i, k) <
			    dp_policy_group_count(p));
		for (uint32_t k = 0; k < rule.service_count; k++)
			sum += dp_policy_rule_service(p, i, k).port;
	}
	sum += dp_policy_match(p, &name, 0).rule;
	CU_ASSERT_PTR_NULL(dp_settings_wrong(dp_policy_settings(p)));
	CU_ASSERT(sum > 0);
}

/* Open a copy of just size_b bytes, its digest made anew where there is room
 * for one. */
static enum dp_err open_sealed(uint8_t *bytes, size_t size_b,
    struct dp_diag *diag)
{
	uint8_t *copy = malloc(size_b ? size_b : 1);
	struct dp_policy *p = NULL;
	enum dp_err err;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	if (size_b > 0)
		memcpy(copy, bytes, size_b);
	if (size_b >= sizeof(struct dp_policy_d))
		dp_policy_digest_make(((struct dp_policy_d *)copy)->digest,
		    copy, size_b);
	err = dp_policy_from_bytes(&p, copy, size_b, NULL, "file", diag);
	if (err == DP_OK)
		use(p);
	dp_policy_close(&p);
	free(copy);
	return err;
}

static void frame_is_checked_first(void)
{
	static const struct {
		size_t off;
		uint8_t byte;
		size_t size_b; /* 0: all */
		enum dp_err err;
		const char *words;
	} cases[] = {
		{ 0, 'd', 0, DP_ERR_FORMAT, "not a policy" },
		{ 0, 'D', 7, DP_ERR_FORMAT, "not a policy" },
		{ 0, 'D', 8, DP_ERR_FORMAT, "cut off in its header" },
		{ 0, 'D', 12, DP_ERR_FORMAT, "cut off in its header" },
		{ 0, 'D', HEADER_B - 1, DP_ERR_FORMAT, "cut off in its" },
		{ 0, 'D', HEADER_B, DP_ERR_FORMAT, "cut off, the file is " },
		{ 8, 1, 0, DP_ERR_VERSION, "then run dnspin compile" },
		{ 8, 1, 12, DP_ERR_VERSION, "format version 1, this dnspin "
					    "reads version 4" },
		{ 12, 1, 0, DP_ERR_FORMAT, "header has another size" },
		{ 16, 1, 0, DP_ERR_FORMAT, "longer than its header says" },
	};
	struct dp_diag diag;

	make_good();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t was = good[cases[i].off];

		good[cases[i].off] = cases[i].byte;
		CU_ASSERT_EQUAL(open_sealed(good, cases[i].size_b
					    ? cases[i].size_b : good_b,
				    &diag),
		    cases[i].err);
		CU_ASSERT_STRING_EQUAL(diag.object, "file");
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].words));
		good[cases[i].off] = was;
	}
}

static void each_length_is_refused(void)
{
	struct dp_policy *p = NULL;

	make_good();
	for (size_t n = 0; n < good_b; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
		memcpy(cut, good, n);
		CU_ASSERT_NOT_EQUAL(dp_policy_from_bytes(&p, cut, n, NULL,
					"file", NULL),
		    DP_OK);
		CU_ASSERT_PTR_NULL(p);
		/* And when its header says so. */
		if (n >= sizeof(struct dp_policy_d)) {
			((struct dp_policy_d *)cut)->file_b = n;
			CU_ASSERT_EQUAL(open_sealed(cut, n, NULL),
			    DP_ERR_FORMAT);
		}
		free(cut);
	}
}

/* Most of these must be refused; those that mean another policy (a port, a
 * letter of a text) are read, and every use stays inside. */
static void each_flipped_byte_resealed(void)
{
	static const uint8_t flips[] = { 0x01, 0x02, 0x20, 0x80, 0xff };
	unsigned refused = 0, taken = 0;
	uint8_t *bytes;

	make_good();
	bytes = malloc(good_b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	memcpy(bytes, good, good_b);
	for (size_t i = 0; i < good_b; i++) {
		for (size_t k = 0; k < sizeof(flips); k++) {
			bytes[i] ^= flips[k];
			if (open_sealed(bytes, good_b, NULL) == DP_OK)
				taken++;
			else
				refused++;
			bytes[i] ^= flips[k];
		}
	}
	free(bytes);
	CU_ASSERT(refused > 5 * taken);
	CU_ASSERT(taken > 0);
}

static void hostile_numbers_resealed(void)
{
	static const uint64_t numbers[] = { 0, 1, 7, 8, 255, 256,
		HEADER_B - 1, HEADER_B, 4096, INT32_MAX,
		(uint64_t)INT32_MAX + 1, UINT32_MAX,
		(uint64_t)UINT32_MAX + 1, INT64_MAX, UINT64_MAX - 7,
		UINT64_MAX };
	uint8_t *bytes;
	uint64_t was;

	make_good();
	bytes = malloc(good_b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	memcpy(bytes, good, good_b);
	for (size_t i = 0; i + 8 <= good_b; i += 4) {
		for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]);
		     k++) {
			for (size_t n = 4; n <= 8; n += 4) {
				memcpy(&was, bytes + i, n);
				memcpy(bytes + i, &numbers[k], n);
				(void)open_sealed(bytes, good_b, NULL);
				memcpy(bytes + i, &was, n);
			}
		}
	}
	CU_ASSERT_EQUAL(memcmp(bytes, good, good_b), 0);
	free(bytes);
}

enum what {
	FLAGS, DEPTH, SETTINGS, SETTING, SETTING_REST, NFT_END, NFT_REST,
	AUDIENCES_NONE, AUDIENCES_MANY, SECTION_OFF, SECTION_COUNT,
	SECTION_HUGE, TABLE_COUNT, GAP,
	GROUP_ORDER, GROUP_NAME, GROUP_TEXT, GROUP_TEXT_B, GROUP_ZERO,
	RULE_NAME, RULE_LEN, RULE_CASE, RULE_STAR, RULE_FLAGS, RULE_ZERO,
	RULE_TRAIT, RULE_ORDER, RULE_DENY, TRAIT_FIRST, TRAIT_COUNT,
	MEMBER_RANGE, MEMBER_ORDER, MEMBER_NONE, SERVICE_PROTOCOL,
	SERVICE_PORT, SERVICE_ORDER, SERVICE_ZERO, PIN_FAMILY, PIN_LEN,
	PIN_HOST, PIN_ORDER, PIN_ZERO, ENTRY_RULE, ENTRY_HASH, ENTRY_TWICE,
	ENTRY_LOST, ENTRY_EMPTY, CLIENT, TRAIT_NOBODY, TRAIT_RANGE,
	TRAIT_WIDER, MORE_WRONG, MORE_LOST, MORE_LAST, MORE_ORDER, MORE_TWICE,
	WHATS
};

static const char *const complaint[WHATS] = {
	[FLAGS] = "unknown flags",
	[DEPTH] = "depth of the wildcards",
	[SETTINGS] = "number of settings",
	[SETTING] = "mode is none of",
	[SETTING_REST] = "number of settings",
	[NFT_END] = "name does not end",
	[NFT_REST] = "name does not end",
	[AUDIENCES_NONE] = "audiences or none",
	[AUDIENCES_MANY] = "too many audiences",
	[SECTION_OFF] = "lies in a wrong place",
	[SECTION_COUNT] = "lies in a wrong place",
	[SECTION_HUGE] = "does not end in the file",
	[TABLE_COUNT] = "no power of two",
	[GAP] = "bytes between",
	[GROUP_ORDER] = "groups are not sorted",
	[GROUP_NAME] = "group's name",
	[GROUP_TEXT] = "group's texts",
	[GROUP_TEXT_B] = "group's texts",
	[GROUP_ZERO] = "group's texts",
	[RULE_NAME] = "rule's name",
	[RULE_LEN] = "rule's name",
	[RULE_CASE] = "rule's name",
	[RULE_STAR] = "rule's name",
	[RULE_FLAGS] = "unknown flags",
	[RULE_ZERO] = "unknown flags",
	[RULE_TRAIT] = "no trait",
	[RULE_ORDER] = "rules are not sorted",
	[RULE_DENY] = "has services or pins",
	[TRAIT_FIRST] = "trait's slice",
	[TRAIT_COUNT] = "trait's slice",
	[MEMBER_RANGE] = "rule's groups",
	[MEMBER_ORDER] = "rule's groups",
	[MEMBER_NONE] = "rule's groups",
	[SERVICE_PROTOCOL] = "rule's services",
	[SERVICE_PORT] = "rule's services",
	[SERVICE_ORDER] = "rule's services",
	[SERVICE_ZERO] = "rule's services",
	[PIN_FAMILY] = "rule's pins",
	[PIN_LEN] = "rule's pins",
	[PIN_HOST] = "rule's pins",
	[PIN_ORDER] = "rule's pins",
	[PIN_ZERO] = "rule's pins",
	[ENTRY_RULE] = "entry of the table has no rule",
	[ENTRY_HASH] = "not in the table",
	[ENTRY_TWICE] = "not in the table",
	[ENTRY_LOST] = "too many or too few",
	[ENTRY_EMPTY] = "empty entry",
	[CLIENT] = "client prefix is none",
	[TRAIT_NOBODY] = "rule's groups",
	[TRAIT_RANGE] = "rule's groups",
	[TRAIT_WIDER] = "rule's groups",
	[MORE_WRONG] = "rules are not sorted",
	[MORE_LOST] = "rules are not sorted",
	[MORE_LAST] = "announces one more",
	[MORE_ORDER] = "rules are not sorted",
	[MORE_TWICE] = "rules are not sorted",
};

/* An entry of the table, empty or not. */
static struct dp_entry_d *entry(const struct parts *p, bool empty)
{
	struct dp_entry_d *e = p->table;

	while ((e->rule == 0) != empty)
		e++;
	return e;
}

static void damage_header(struct parts *p, enum what what)
{
	struct dp_policy_d *head = p->head;

	switch (what) {
	case FLAGS: head->flags = 2; break;
	case DEPTH: head->wildcard_depth_max++; break;
	case SETTINGS: head->setting_count--; break;
	case SETTING: head->setting[DP_SET_MODE] = 2; break;
	case SETTING_REST: head->setting[15] = 1; break;
	case NFT_END: memset(head->nft_table, 'a', DP_NFT_TABLE_MAX); break;
	case NFT_REST: head->nft_table[DP_NFT_TABLE_MAX - 1] = 'a'; break;
	case AUDIENCES_NONE: head->audience_count = 0; break;
	case AUDIENCES_MANY: head->audience_count = 65; break;
	case SECTION_OFF: head->rules.off += 8; break;
	case SECTION_COUNT: head->pins.count++; break;
	case SECTION_HUGE: head->rules.count = UINT64_MAX / 12 + 2; break;
	case TABLE_COUNT: head->table.count--; head->file_b -= 8; break;
	default: break;
	}
}

static void damage_groups_and_rules(struct parts *p, enum what what)
{
	struct dp_group_d *group = p->groups;
	struct dp_rule_d *rule = p->rules, swap;
	uint8_t *name = p->names + rule->name_off;

	switch (what) {
	case GAP: ((uint8_t *)p->table)[-1] = 1; break;
	case GROUP_ORDER: group[1].name_off = group[0].name_off; break;
	case GROUP_NAME: group->name_len--; break;
	case GROUP_TEXT: group->text_off = UINT32_MAX; break;
	case GROUP_TEXT_B: group->text_b--; break;
	case GROUP_ZERO: group->zero = 1; break;
	case RULE_NAME: rule->name_off = UINT32_MAX - 4; break;
	case RULE_LEN: rule->name_len--; break;
	case RULE_CASE: name[1] = 'O'; break;
	case RULE_STAR: memcpy(name, "\1*\1b", 4); break;
	case RULE_FLAGS: rule->flags |= 8; break;
	case RULE_ZERO: rule->zero = 1; break;
	case RULE_TRAIT: rule->trait = (uint32_t)p->head->traits.count; break;
	case RULE_ORDER: swap = rule[0]; rule[0] = rule[1]; rule[1] = swap;
		break;
	case RULE_DENY: rule->flags |= DP_RULE_DENY; break;
	default: break;
	}
}

static void damage_audiences(struct parts *p, enum what what)
{
	struct dp_rule_d *two = p->rules + TWO_REST;
	struct dp_trait_d *t = p->traits;
	uint32_t last = (uint32_t)p->head->rules.count - 1, trait;

	switch (what) {
	case CLIENT: p->clients->family = 5; break; /* more: policy_client */
	case TRAIT_NOBODY: t[0].audiences = 0; break;
	case TRAIT_RANGE: t[0].audiences |= 8; break;
	case TRAIT_WIDER: t[p->rules[last].trait].audiences |= 1; break;
	case MORE_WRONG: p->rules->flags |= DP_RULE_MORE; break;
	case MORE_LOST: two->flags = 0; break;
	case MORE_LAST: p->rules[last].flags |= DP_RULE_MORE; break;
	case MORE_ORDER: trait = two[0].trait; two[0].trait = two[1].trait;
		two[1].trait = trait; break;
	case MORE_TWICE: t[two->trait].audiences |= 2; break;
	default: break;
	}
}

static void damage_traits_and_table(struct parts *p, enum what what)
{
	struct dp_trait_d *t = p->traits; /* of one.example: two of each */
	struct dp_service_d *s = p->services;
	struct dp_pin_d *pin = p->pins;
	struct dp_entry_d *e = entry(p, false), *next = e + 1;

	while (next->rule == 0)
		next++;
	switch (what) {
	case TRAIT_FIRST: t[1].pin_first--; break;
	case TRAIT_COUNT: t[0].service_count = UINT32_MAX; break;
	case MEMBER_RANGE: p->members[0] = 4; break;
	case MEMBER_ORDER: p->members[p->head->members.count - 1] = 9; break;
	case MEMBER_NONE: t[1].member_first = t[0].member_first;
		t[0].member_count = 0; t[1].member_count++; break;
	case SERVICE_PROTOCOL: s->protocol = 1; break;
	case SERVICE_PORT: s->port = 0; break;
	case SERVICE_ORDER: s[1] = s[0]; break;
	case SERVICE_ZERO: s->zero = 1; break;
	case PIN_FAMILY: pin->family = 5; break;
	case PIN_LEN: pin->len = 33; break;
	case PIN_HOST: pin->bytes[3] = 1; break;
	case PIN_ORDER: pin[1] = pin[0]; break;
	case PIN_ZERO: pin->zero[1] = 1; break;
	case ENTRY_RULE: e->rule = (uint32_t)p->head->rules.count + 1; break;
	case ENTRY_HASH: e->hash ^= 1; break;
	case ENTRY_TWICE: *next = *e; break;
	case ENTRY_LOST: e->rule = 0; e->hash = 0; break;
	case ENTRY_EMPTY: entry(p, true)->hash = 1; break;
	default: break;
	}
}

static void each_promise_of_the_format_is_checked(void)
{
	uint8_t *bytes;
	struct dp_diag diag;

	make_good();
	bytes = malloc(good_b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (int what = 0; what < WHATS; what++) {
		struct parts p;
		enum dp_err err;

		memcpy(bytes, good, good_b);
		p = parts_of(bytes);
		damage_header(&p, (enum what)what);
		damage_groups_and_rules(&p, (enum what)what);
		damage_audiences(&p, (enum what)what);
		damage_traits_and_table(&p, (enum what)what);
		CU_ASSERT_NOT_EQUAL(memcmp(bytes, good, good_b), 0);
		err = open_sealed(bytes, (size_t)p.head->file_b, &diag);
		CU_ASSERT_EQUAL(err, DP_ERR_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "damaged policy"));
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, complaint[what]));
		if (!strstr(diag.reason, complaint[what]))
			fprintf(stderr, "case %d: %s\n", what, diag.reason);
		CU_ASSERT_PTR_NOT_NULL(
		    strstr(diag.reason, "run dnspin compile again"));
	}
	free(bytes);
}

static void the_good_one_is_taken(void)
{
	struct dp_diag diag;

	make_good();
	CU_ASSERT_EQUAL(open_sealed(good, good_b, &diag), DP_OK);
}

UNIT_MAIN_WITH("policy_check", NULL, free_good,
    UNIT(the_good_one_is_taken), UNIT(frame_is_checked_first),
    UNIT(each_length_is_refused), UNIT(each_flipped_byte_resealed),
    UNIT(hostile_numbers_resealed),
    UNIT(each_promise_of_the_format_is_checked))
