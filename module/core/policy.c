#include "module/core/policy.h"

#include <stdio.h>
#include <string.h>

#include "module/core/policy_view.h"

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
	const struct dp_trait_d *trait = trait_of(p, i);
	uint32_t group = p->view.members[trait->member_first];
	uint32_t begin = group > 0 ? p->label_end[group - 1] : 0;

	out->pinned = trait->pin_count > 0;
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
