#include "dp_config.h"

#include "tools/log/dns_word.h"

#include <ldns/ldns.h>
#include <stdio.h>

static const char *numbered(char text[DP_DNS_WORD_MAX], const char *what,
    unsigned number)
{
	snprintf(text, DP_DNS_WORD_MAX, "%s%u", what, number);
	return text;
}

const char *dp_dns_type_word(uint16_t type, char text[DP_DNS_WORD_MAX])
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);

	switch (type) { /* of questions only, which ldns has no words for */
	case LDNS_RR_TYPE_IXFR:
		return "IXFR";
	case LDNS_RR_TYPE_AXFR:
		return "AXFR";
	case LDNS_RR_TYPE_ANY:
		return "ANY";
	}
	/* It describes another type where it knows none. */
	if (type != 0 && d->_type == type)
		return d->_name;
	return numbered(text, "TYPE", type);
}

static const char *looked_up(ldns_lookup_table *table, uint16_t number,
    char text[DP_DNS_WORD_MAX], const char *what)
{
	const ldns_lookup_table *found = ldns_lookup_by_id(table, number);

	return found ? found->name : numbered(text, what, number);
}

const char *dp_dns_class_word(uint16_t class, char text[DP_DNS_WORD_MAX])
{
	return looked_up(ldns_rr_classes, class, text, "CLASS");
}

const char *dp_dns_rcode_word(uint16_t rcode, char text[DP_DNS_WORD_MAX])
{
	return looked_up(ldns_rcodes, rcode, text, "RCODE");
}
