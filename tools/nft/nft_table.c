#include "dp_config.h"

#include "tools/nft/nft_table.h"

#include <stdlib.h>
#include <string.h>

#include "module/core/settings.h"

/* What the scanner of nftables, 1.0.6 and later ones, reads as a token of its
 * own wherever it stands; sorted. */
static const char *const words[] = {
	"accept", "add", "ah", "all", "and", "arp", "auto-merge", "bridge",
	"cgroup", "chain", "comment", "comp", "constant", "continue",
	"counter", "cpu", "create", "ct", "day", "dccp", "define", "delete",
	"describe", "destroy", "device", "devices", "dnat", "drop", "dst",
	"dup", "dynamic", "ecn", "element", "elements", "eq", "esp", "ether",
	"exists", "expires", "export", "exthdr", "fib", "flags", "flow",
	"flowtable", "flush", "frag", "fwd", "gc-interval", "ge", "geneve",
	"get", "goto", "gre", "gretap", "gt", "handle", "hbh", "hook", "hour",
	"ibriport", "ibrname", "icmp", "icmpv6", "igmp", "iif", "iifgroup",
	"iifname", "iiftype", "import", "include", "index", "inet", "insert",
	"interval", "ip", "ip6", "ipsec", "jhash", "jump", "last", "le",
	"limit", "list", "log", "lshift", "lt", "map", "mark", "masquerade",
	"meta", "meter", "mh", "missing", "monitor", "ne", "netdev", "nftrace",
	"not", "notrack", "numgen", "obriport", "obrname", "offload", "oif",
	"oifgroup", "oifname", "oiftype", "or", "osf", "pkttype", "policy",
	"position", "priority", "queue", "quota", "random", "redefine",
	"redirect", "reject", "rename", "replace", "reset", "return",
	"rshift", "rt", "rt0", "rt2", "rtclassid", "rule", "ruleset", "sctp",
	"secmark", "set", "size", "skgid", "skuid", "snat", "socket", "srh",
	"symhash", "synproxy", "table", "tcp", "th", "time", "timeout",
	"tproxy", "tunnel", "type", "typeof", "udp", "udplite", "undefine",
	"update", "vlan", "vmap", "vni", "vxlan", "xor", "xt",
};

static int word_compare(const void *name, const void *word)
{
	return strcmp(name, *(const char *const *)word);
}

const char *dp_nft_table_wrong(const char *name)
{
	struct dp_settings settings;
	const char *wrong;

	dp_settings_default(&settings);
	memset(settings.nft_table, 0, sizeof(settings.nft_table));
	/* Cut off it has no end, which is wrong, too. */
	memcpy(settings.nft_table, name,
	    strnlen(name, sizeof(settings.nft_table)));
	wrong = dp_settings_wrong(&settings);
	if (wrong)
		return wrong;
	if (bsearch(name, words, sizeof(words) / sizeof(words[0]),
		sizeof(words[0]), word_compare))
		return "the nftables table's name must not be a word of nft's "
		       "own language";
	return NULL;
}
