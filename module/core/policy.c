#include "module/core/policy.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/core/policy_view.h"

/* The label of group i, at most 255 octets. */
static size_t label_of(const struct dp_policy *p, uint32_t i,
    char text[DP_NAME_TEXT_MAX])
{
	size_t label_b;

	dp_policy_group_name(p, i, text);
	label_b = strlen(text);
	return label_b < UINT8_MAX ? label_b : UINT8_MAX;
}

/* Once, since nobody who answers has time for it. */
static bool make_labels(struct dp_policy *p)
{
	uint32_t count = p->view.group_count;
	char text[DP_NAME_TEXT_MAX];
	size_t size_b = 1;

	for (uint32_t i = 0; i < count; i++)
		size_b += label_of(p, i, text);
	p->labels = malloc(size_b);
	p->label_end = calloc((size_t)count + 1, sizeof(*p->label_end));
	if (!p->labels || !p->label_end || size_b > UINT32_MAX)
		return false;
	size_b = 0;
	for (uint32_t i = 0; i < count; i++) {
		size_t label_b = label_of(p, i, text);

		memcpy(p->labels + size_b, text, label_b);
		size_b += label_b;
		p->label_end[i] = (uint32_t)size_b;
	}
	return true;
}

enum dp_err dp_policy_from_bytes(struct dp_policy **out, const uint8_t *bytes,
    size_t size_b, const uint8_t *trusted, const char *object,
    struct dp_diag *diag)
{
	static _Atomic uint64_t instances;
	struct dp_policy *p = calloc(1, sizeof(*p));
	enum dp_err err;

	if (!p) {
		dp_diag_set(diag, object, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	p->file.fd = -1;
	p->instance = 1 + atomic_fetch_add(&instances, 1);
	err = dp_policy_check(&p->view, &p->settings, bytes, size_b, trusted,
	    object, diag);
	if (err == DP_OK && !make_labels(p)) {
		dp_diag_set(diag, object, 0, "out of memory");
		err = DP_ERR_NOMEM;
	}
	if (err != DP_OK) {
		dp_policy_close(&p);
		return err;
	}
	*out = p;
	return DP_OK;
}

enum dp_err dp_policy_open(struct dp_policy **out, const char *path,
    const uint8_t *trusted, struct dp_diag *diag)
{
	struct dp_policy *p;
	struct dp_file file;
	enum dp_err err;

	err = dp_file_snapshot(&file, path, DP_POLICY_FILE_MAX, diag);
	if (err != DP_OK)
		return err;
	err = dp_policy_from_bytes(&p, file.bytes, file.size_b, trusted, path,
	    diag);
	if (err != DP_OK) {
		dp_file_close(&file);
		return err;
	}
	p->file = file;
	memcpy(p->file_id, file.id, sizeof(p->file_id));
	*out = p;
	return DP_OK;
}

bool dp_policy_claims_signature(const char *path)
{
	const struct dp_policy_d *head;
	struct dp_file file;
	bool claims;

	if (dp_file_snapshot(&file, path, DP_POLICY_FILE_MAX, NULL) != DP_OK)
		return false;
	head = (const struct dp_policy_d *)file.bytes;
	claims = file.size_b >= offsetof(struct dp_policy_d, flags) +
		sizeof(head->flags) &&
	    memcmp(head->magic, DP_POLICY_MAGIC, sizeof(head->magic)) == 0 &&
	    (head->flags & DP_POLICY_SIGNED);
	dp_file_close(&file);
	return claims;
}

void dp_policy_close(struct dp_policy **p)
{
	if (!*p)
		return;
	dp_file_close(&(*p)->file);
	free((*p)->labels);
	free((*p)->label_end);
	free(*p);
	*p = NULL;
}

const struct dp_settings *dp_policy_settings(const struct dp_policy *p)
{
	return &p->settings;
}

const uint8_t *dp_policy_digest(const struct dp_policy *p)
{
	return p->view.head->digest;
}

uint64_t dp_policy_instance(const struct dp_policy *p)
{
	return p->instance;
}

const uint8_t *dp_policy_signer(const struct dp_policy *p)
{
	return p->view.head->flags & DP_POLICY_SIGNED ? p->view.head->signer
						      : NULL;
}

const uint64_t *dp_policy_file_id(const struct dp_policy *p)
{
	return p->file_id;
}

uint32_t dp_policy_group_count(const struct dp_policy *p)
{
	return p->view.group_count;
}

uint32_t dp_policy_rule_count(const struct dp_policy *p)
{
	return p->view.rule_count;
}

static void name_at(const struct dp_policy_view *v, uint32_t off, uint32_t len,
    struct dp_name *out)
{
	memcpy(out->wire, v->names + off, len);
	out->len = (uint8_t)len;
}

void dp_policy_group(const struct dp_policy *p, uint32_t i,
    struct dp_group_info *out)
{
	const struct dp_group_d *group = &p->view.groups[i];

	name_at(&p->view, group->name_off, group->name_len, &out->apex);
	out->serial = group->serial;
	out->text = p->view.names + group->text_off;
	out->text_b = group->text_b;
	out->audiences = group->audiences;
}

void dp_policy_group_name(const struct dp_policy *p, uint32_t i,
    char text[DP_NAME_TEXT_MAX])
{
	static const uint8_t tail[] = "\6dnspin"; /* the root's octet is NUL */
	struct dp_group_info group;
	struct dp_name *apex = &group.apex;
	struct dp_name parent = { .len = sizeof(tail) };

	dp_policy_group(p, i, &group);
	memcpy(parent.wire, tail, sizeof(tail));
	if (dp_name_within(apex, &parent) && apex->len > parent.len) {
		apex->len = (uint8_t)(apex->len - parent.len + 1);
		apex->wire[apex->len - 1] = 0;
	}
	dp_name_to_text(apex, text);
}

static const struct dp_trait_d *trait_of(const struct dp_policy *p, uint32_t i)
{
	return &p->view.traits[p->view.rules[i].trait];
}

void dp_policy_rule(const struct dp_policy *p, uint32_t i,
    struct dp_rule_info *out)
{
	const struct dp_rule_d *rule = &p->view.rules[i];
	const struct dp_trait_d *trait = trait_of(p, i);

	name_at(&p->view, rule->name_off, rule->name_len, &out->base);
	out->wildcard = rule->flags & DP_RULE_WILDCARD;
	out->allow = !(rule->flags & DP_RULE_DENY);
	out->group_count = trait->member_count;
	out->service_count = trait->service_count;
	out->pin_count = trait->pin_count;
	out->audiences = trait->audiences;
}

void dp_policy_rule_text(const struct dp_policy *p, uint32_t i,
    char text[DP_NAME_TEXT_MAX])
{
	const struct dp_rule_d *rule = &p->view.rules[i];
	const uint8_t *base = p->view.names + rule->name_off;
	struct dp_name name = { .len = 0 };

	/* A wildcard's base leaves room for the label in front. */
	if (rule->flags & DP_RULE_WILDCARD) {
		name.wire[0] = 1;
		name.wire[1] = '*';
		name.len = 2;
	}
	memcpy(name.wire + name.len, base, rule->name_len);
	name.len = (uint8_t)(name.len + rule->name_len);
	dp_name_to_text(&name, text);
}

void dp_policy_rule_told(const struct dp_policy *p, uint32_t i,
    struct dp_rule_told *out)
{
	const struct dp_rule_d *rule = &p->view.rules[i];
	uint32_t group = p->view.members[trait_of(p, i)->member_first];
	uint32_t begin = group > 0 ? p->label_end[group - 1] : 0;

	out->wildcard = rule->flags & DP_RULE_WILDCARD;
	out->base_b = rule->name_len;
	out->group = p->labels + begin;
	out->group_b = (uint8_t)(p->label_end[group] - begin);
}

uint32_t dp_policy_rule_group(const struct dp_policy *p, uint32_t i,
    uint32_t k)
{
	return p->view.members[trait_of(p, i)->member_first + k];
}

struct dp_service dp_policy_rule_service(const struct dp_policy *p, uint32_t i,
    uint32_t k)
{
	const struct dp_service_d *s =
	    &p->view.services[trait_of(p, i)->service_first + k];

	return (struct dp_service){ s->protocol, s->port };
}

struct dp_prefix dp_policy_rule_pin(const struct dp_policy *p, uint32_t i,
    uint32_t k)
{
	const struct dp_pin_d *pin =
	    &p->view.pins[trait_of(p, i)->pin_first + k];
	struct dp_prefix prefix = { .len = pin->len };

	prefix.addr.family = pin->family;
	memcpy(prefix.addr.bytes, pin->bytes, sizeof(pin->bytes));
	return prefix;
}

size_t dp_service_to_text(struct dp_service s, char text[DP_SERVICE_TEXT_MAX])
{
	return (size_t)snprintf(text, DP_SERVICE_TEXT_MAX, "%s/%u",
	    s.protocol == 6 ? "tcp" : "udp", (unsigned)s.port);
}

enum dp_err dp_service_from_text(struct dp_service *out, const char *text,
    struct dp_diag *diag)
{
	const char *digits = "";
	unsigned port = 0;
	size_t n;

	if (strncmp(text, "tcp/", 4) == 0 || strncmp(text, "udp/", 4) == 0)
		digits = text + 4;
	n = strspn(digits, "0123456789");
	/* Five digits cannot overflow; a 0 in front is a second spelling. */
	if (n <= 5 && digits[n] == '\0' && digits[0] != '0')
		for (size_t i = 0; i < n; i++)
			port = port * 10 + (unsigned)(digits[i] - '0');
	if (port == 0 || port > 65535) {
		dp_diag_set(diag, text, 0,
		    "not a service: write tcp/PORT or udp/PORT in lower case, "
		    "PORT from 1 to 65535");
		return DP_ERR_SYNTAX;
	}
	*out = (struct dp_service){ text[0] == 't' ? 6 : 17, (uint16_t)port };
	return DP_OK;
}
