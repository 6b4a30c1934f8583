#include "tools/export/export.h"

#include <sodium.h>
#include <stdlib.h>

#include "tools/export/elements.h"

/*
 * A script that needs no argument: for each service a dynamic keyword address
 * and a rule that uses it, and away with those whose service is no more. Rules
 * stay as they are from run to run; what changes is the list of addresses,
 * which Windows replaces in one step. No name of a stranger is printed: all
 * strings are made of digits, letters, '-', '_' and what addresses have.
 */

static const char each_list[] =
    ")\n"
    "foreach ($list in $lists) {\n"
    "\t$id = $list.Id\n"
    "\t$rule = $list.Rule\n"
    "\tif (Get-NetFirewallDynamicKeywordAddress -Id $id"
    " -ErrorAction SilentlyContinue) {\n"
    "\t\t$null = Update-NetFirewallDynamicKeywordAddress -Id $id"
    " -Addresses $list.Addresses\n"
    "\t} else {\n"
    "\t\t$null = New-NetFirewallDynamicKeywordAddress -Id $id"
    " -Keyword $rule.Name -Addresses $list.Addresses\n"
    "\t}\n"
    "\tif (-not (Get-NetFirewallRule -Name $rule.Name"
    " -ErrorAction SilentlyContinue)) {\n"
    "\t\t$null = New-NetFirewallRule @rule -DisplayName $rule.Name"
    " -Group $name -Direction Outbound -Action Allow"
    " -RemoteDynamicKeywordAddresses $id\n"
    "\t}\n"
    "}\n";

static const char rest[] =
    "$names = @($lists | ForEach-Object { $_.Rule.Name })\n"
    "$ids = @($lists | ForEach-Object { $_.Id })\n"
    "Get-NetFirewallRule -Group $name -ErrorAction SilentlyContinue |\n"
    "\tWhere-Object { $names -notcontains $_.Name } |\n"
    "\tRemove-NetFirewallRule\n"
    "Get-NetFirewallDynamicKeywordAddress -AllNonAutoResolve"
    " -ErrorAction SilentlyContinue |\n"
    "\tWhere-Object { $_.Keyword -match $pattern -and"
    " $ids -notcontains $_.Id } |\n"
    "\tForEach-Object { Remove-NetFirewallDynamicKeywordAddress"
    " -Id $_.Id }\n";

static int by_service(const void *va, const void *vb)
{
	const struct dp_element *a = va, *b = vb;
	int order = a->service.protocol - b->service.protocol;

	if (order == 0)
		order = a->service.port - b->service.port;
	if (order == 0)
		order = dp_addr_compare(&a->addr, &b->addr);
	return order;
}

/* "tcp-443" or "any". */
static void service_word(const struct dp_service *s, char word[16])
{
	if (s->protocol == 0)
		snprintf(word, 16, "any");
	else
		snprintf(word, 16, "%s-%u", s->protocol == 6 ? "tcp" : "udp",
		    (unsigned)s->port);
}

/* RFC 9562, 5.8: the same for the same rule on every machine, with nothing to
 * keep between two runs. */
static void id_put(FILE *out, const char *name, const char *service)
{
	uint8_t id[crypto_generichash_BYTES_MIN];
	char text[128];
	int size_b = snprintf(text, sizeof(text), "dnspin %s %s", name, service);

	crypto_generichash(id, sizeof(id), (const uint8_t *)text,
	    (unsigned long long)size_b, NULL, 0);
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x80);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < 16; i++)
		fprintf(out, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
}

/* One list for the service of the first of items; how many are its. */
static size_t list_put(FILE *out, const char *name,
    const struct dp_element *items, size_t count)
{
	const struct dp_service *s = &items->service;
	char text[DP_ADDR_TEXT_MAX], word[16];
	size_t n = 0;

	service_word(s, word);
	fputs("\t@{ Id = '{", out);
	id_put(out, name, word);
	fprintf(out, "}'; Rule = @{ Name = '%s-%s'", name, word);
	if (s->protocol != 0)
		fprintf(out, "; Protocol = '%s'; RemotePort = '%u'",
		    s->protocol == 6 ? "TCP" : "UDP", (unsigned)s->port);
	fputs(" }; Addresses = '", out);
	do {
		dp_addr_to_text(&items[n].addr, text);
		fprintf(out, "%s%s", n > 0 ? "," : "", text);
		n++;
	} while (n < count && items[n].service.protocol == s->protocol &&
	    items[n].service.port == s->port);
	fputs("' }\n", out);
	return n;
}

enum dp_err dp_export_windows(const struct dp_export *x, FILE *out)
{
	const char *name = dp_export_name(x);
	struct dp_elements e;
	enum dp_err err = dp_elements_make(&e, x, true);

	if (err)
		return err;
	qsort(e.items, e.count, sizeof(*e.items), by_service);
	fprintf(out,
	    "$ErrorActionPreference = 'Stop'\n"
	    "$name = '%s'\n"
	    "$pattern = '^%s-(any|(tcp|udp)-[0-9]+)$'\n"
	    "$lists = @(\n", name, name);
	for (size_t i = 0; i < e.count;)
		i += list_put(out, name, e.items + i, e.count - i);
	fputs(each_list, out);
	fputs(rest, out);
	dp_elements_free(&e);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
