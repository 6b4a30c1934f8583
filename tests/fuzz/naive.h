/*
 * Which rule decides a name that a client asks for, by the words of
 * dnspin-zone(5) alone: lists of labels and prefixes, gone through from one end
 * to the other. It shares nothing with the parts that it is compared with, not
 * even names in wire form.
 */
#ifndef DP_FUZZ_NAIVE_H
#define DP_FUZZ_NAIVE_H

#include <stdbool.h>
#include <stddef.h>

#define NAIVE_OCTETS 255 /* of a name, each label with one more, and one */
#define NAIVE_LABEL 63
#define NAIVE_GROUPS 6

/* Label i is octets[at[i]] and so on, len[i] of them; 0 is the leftmost. */
struct naive_name {
	unsigned labels;
	unsigned char at[NAIVE_OCTETS], len[NAIVE_OCTETS];
	unsigned char octets[NAIVE_OCTETS];
};

struct naive_rule {
	struct naive_name base; /* x for *.x */
	bool wildcard;
	bool allow;
	unsigned group;
};

struct naive_verdict {
	const struct naive_rule *rule; /* NULL: none */
	bool allow;
	bool groups[NAIVE_GROUPS]; /* that have this rule */
};

/* Octets on the wire. */
unsigned naive_octets(const struct naive_name *name);

/* Put a label in front; false when the name would be longer than max octets. */
bool naive_prepend(struct naive_name *name, const unsigned char *label,
    unsigned len, unsigned max);

bool naive_equal(const struct naive_name *a, const struct naive_name *b);

struct naive_prefix {
	int family; /* 4 or 6 */
	unsigned char bytes[16];
	unsigned len;
};

/* Is the client in the prefix? */
bool naive_holds(const struct naive_prefix *prefix, int family,
    const unsigned char bytes[16]);

/* Only rules of groups that apply are there. */
void naive_judge(struct naive_verdict *out, const struct naive_rule *rules,
    size_t count, const bool *applies, const struct naive_name *name);

#endif
