#include "dp_config.h"

#include "tools/report/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "tools/intern.h"
#include "tools/policy/sort_key.h"
#include "tools/vec.h"

#define ORIGIN_B (sizeof(DP_SUGGEST_ORIGIN) - 1) /* octets that it adds */

struct seen {
	uint64_t queries;
	uint64_t first_us;
	uint64_t last_us;
};

struct asked { /* a pair of numbers, kept once */
	uint32_t name;
	uint32_t client;
};

struct dp_suggest {
	struct dp_intern names; /* sort keys */
	struct seen *seen;	/* by number of the name */
	size_t seen_room;
	struct dp_intern clients;
	struct dp_intern asked;
	uint64_t odd;
	uint64_t dropped;
	uint64_t anonymous;
	/* made */
	uint32_t *order; /* numbers of the names */
	uint32_t *place; /* of each name in it */
	uint32_t *by_place; /* numbers of `asked`, in the order of the names */
	uint32_t *begin; /* in by_place, by place; one more than names */
};

enum dp_err dp_suggest_open(struct dp_suggest **out, struct dp_diag *diag)
{
	*out = calloc(1, sizeof(**out));
	if (*out)
		return DP_OK;
	dp_diag_set(diag, NULL, 0, "out of memory");
	return DP_ERR_NOMEM;
}

static void unmake(struct dp_suggest *s)
{
	free(s->order);
	free(s->place);
	free(s->by_place);
	free(s->begin);
	s->order = s->place = s->by_place = s->begin = NULL;
}

void dp_suggest_close(struct dp_suggest **s)
{
	if (!*s)
		return;
	unmake(*s);
	dp_intern_free(&(*s)->names);
	dp_intern_free(&(*s)->clients);
	dp_intern_free(&(*s)->asked);
	free((*s)->seen);
	free(*s);
	*s = NULL;
}

static enum dp_err see(struct dp_suggest *s, uint32_t name, uint64_t time_us)
{
	size_t before = s->seen_room;
	enum dp_err err = dp_vec_room(&s->seen, &s->seen_room,
	    (size_t)name + 1, sizeof(*s->seen));
	struct seen *seen;

	if (err != DP_OK)
		return err;
	memset(s->seen + before, 0,
	    (s->seen_room - before) * sizeof(*s->seen));
	seen = &s->seen[name];
	seen->queries++;
	if (time_us > 0 && (seen->first_us == 0 || time_us < seen->first_us))
		seen->first_us = time_us;
	if (time_us > seen->last_us)
		seen->last_us = time_us;
	return DP_OK;
}

/* What is asked is a stranger's: a query for the name "*.com" must not come out
 * as a rule for all below com. */
static bool can_be_rule(const struct dp_name *name)
{
	return name->len > 1 && name->len + ORIGIN_B <= DP_NAME_MAX &&
	    !memchr(name->wire, '*', name->len) &&
	    !memchr(name->wire, '#', name->len);
}

/* Who asked costs memory for each pair of name and client, and both are
 * strangers' choice: sources of UDP can be made up. */
static enum dp_err see_client(struct dp_suggest *s, uint32_t name,
    const char *client)
{
	struct asked asked = { .name = name };
	uint32_t number;
	enum dp_err err;

	if (!client[0])
		return DP_OK;
	if (s->asked.count >= DP_SUGGEST_PAIRS_MAX &&
	    (!dp_intern_find(&s->clients, client, strlen(client),
		 &asked.client) ||
		!dp_intern_find(&s->asked, &asked, sizeof(asked), &number))) {
		s->anonymous++;
		return DP_OK;
	}
	err = dp_intern_add(&s->clients, client, strlen(client),
	    &asked.client);
	if (err == DP_OK)
		err = dp_intern_add(&s->asked, &asked, sizeof(asked), &number);
	return err;
}

enum dp_err dp_suggest_add(struct dp_suggest *s, const struct dp_name *name,
    const char *client, uint64_t time_us)
{
	uint8_t key[DP_SORT_KEY_MAX];
	size_t key_b = dp_sort_key_make(key, name, false);
	uint32_t number;
	enum dp_err err;

	if (!can_be_rule(name)) {
		s->odd++;
		return DP_OK;
	}
	if (s->names.count >= DP_SUGGEST_NAMES_MAX &&
	    !dp_intern_find(&s->names, key, key_b, &number)) {
		s->dropped++;
		return DP_OK;
	}
	err = dp_intern_add(&s->names, key, key_b, &number);
	if (err == DP_OK)
		err = see(s, number, time_us);
	if (err == DP_OK)
		err = see_client(s, number, client);
	return err;
}

uint64_t dp_suggest_odd(const struct dp_suggest *s)
{
	return s->odd;
}

uint64_t dp_suggest_dropped(const struct dp_suggest *s)
{
	return s->dropped;
}

uint64_t dp_suggest_anonymous(const struct dp_suggest *s)
{
	return s->anonymous;
}

/* --- in order ------------------------------------------------------------- */

static void name_at(const struct dp_suggest *s, uint32_t at,
    struct dp_name *out)
{
	size_t key_b;
	const uint8_t *key = dp_intern_get(&s->names, s->order[at], &key_b);

	dp_sort_key_name(out, key, key_b);
}

static struct asked asked_at(const struct dp_suggest *s, uint32_t number)
{
	struct asked a;
	size_t size_b;

	memcpy(&a, dp_intern_get(&s->asked, number, &size_b), sizeof(a));
	return a;
}

/* The pairs by the place of their names: counted, then put. */
static enum dp_err sort_asked(struct dp_suggest *s)
{
	size_t names = s->names.count;

	s->place = calloc(names + 1, sizeof(*s->place));
	s->begin = calloc(names + 2, sizeof(*s->begin));
	s->by_place = calloc(s->asked.count + 1, sizeof(*s->by_place));
	if (!s->place || !s->begin || !s->by_place)
		return DP_ERR_NOMEM;
	for (uint32_t at = 0; at < names; at++)
		s->place[s->order[at]] = at;
	for (uint32_t i = 0; i < s->asked.count; i++)
		s->begin[s->place[asked_at(s, i).name] + 2]++;
	for (uint32_t at = 0; at < names; at++)
		s->begin[at + 2] += s->begin[at + 1];
	for (uint32_t i = 0; i < s->asked.count; i++)
		s->by_place[s->begin[s->place[asked_at(s, i).name] + 1]++] = i;
	return DP_OK;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* How many clients asked for one of the names at places first to end. */
static uint64_t count_clients(const struct dp_suggest *s, uint32_t first,
    uint32_t end)
{
	size_t pairs = s->begin[end] - s->begin[first];
	uint32_t *clients = calloc(pairs + 1, sizeof(*clients));
	uint64_t count = 0;

	if (!clients)
		return 0;
	for (size_t i = 0; i < pairs; i++)
		clients[i] = asked_at(s, s->by_place[s->begin[first] + i])
				 .client;
	qsort(clients, pairs, sizeof(*clients), by_number);
	for (size_t i = 0; i < pairs; i++)
		count += i == 0 || clients[i] != clients[i - 1];
	free(clients);
	return count;
}

static void sum_up(const struct dp_suggest *s, struct dp_suggestion *to)
{
	for (uint32_t at = to->first; at < to->first + to->names; at++) {
		const struct seen *seen = &s->seen[s->order[at]];

		if (to->first_us == 0 || (seen->first_us > 0 &&
					     seen->first_us < to->first_us))
			to->first_us = seen->first_us;
		if (seen->last_us > to->last_us)
			to->last_us = seen->last_us;
		to->queries += seen->queries;
	}
	to->clients = count_clients(s, to->first, to->first + to->names);
}

void dp_suggest_name(struct dp_suggest *s, uint32_t at,
    struct dp_suggestion *out)
{
	memset(out, 0, sizeof(*out));
	out->first = at;
	out->names = 1;
	name_at(s, at, &out->base);
	sum_up(s, out);
}

/* --- patterns ------------------------------------------------------------- */

struct range { /* names with the same last `labels` labels */
	uint32_t first, end;
	unsigned labels;
};

struct making {
	struct dp_suggest *s;
	const struct dp_suffix_list *suffixes;
	uint32_t min_names;
	struct dp_suggestion *list;
	size_t count, room;
	struct range *ranges; /* still to be looked at */
	size_t range_count, range_room;
};

/* The last labels of name, with the root label. */
static void ancestor(struct dp_name *out, const struct dp_name *name,
    unsigned labels)
{
	unsigned all = dp_name_labels(name);
	size_t off = 0;

	for (; all > labels; all--)
		off += (size_t)name->wire[off] + 1;
	(void)dp_name_copy_lower(out, name->wire + off, name->len - off);
}

static enum dp_err propose(struct making *m, const struct dp_name *base,
    bool wildcard, uint32_t first, uint32_t names)
{
	enum dp_err err = dp_vec_room(&m->list, &m->room, m->count + 1,
	    sizeof(*m->list));
	struct dp_suggestion *to;

	if (err != DP_OK)
		return err;
	to = &m->list[m->count++];
	memset(to, 0, sizeof(*to));
	to->base = *base;
	to->wildcard = wildcard;
	to->first = first;
	to->names = names;
	sum_up(m->s, to);
	return DP_OK;
}

static enum dp_err push(struct making *m, uint32_t first, uint32_t end,
    unsigned labels)
{
	enum dp_err err = dp_vec_room(&m->ranges, &m->range_room,
	    m->range_count + 1, sizeof(*m->ranges));

	if (err == DP_OK)
		m->ranges[m->range_count++] =
		    (struct range){ first, end, labels };
	return err;
}

static bool begins(const struct dp_suggest *s, uint32_t at,
    const uint8_t *begin, size_t begin_b)
{
	size_t key_b;
	const uint8_t *key = dp_intern_get(&s->names, s->order[at], &key_b);

	return key_b >= begin_b && memcmp(key, begin, begin_b) == 0;
}

/* The end of the names from first on that lie in the same ancestor: their keys
 * begin alike. In ever longer steps, then by halves: a flood of names of many
 * labels would be walked once for each label. */
static uint32_t end_of(const struct dp_suggest *s, uint32_t first,
    uint32_t end, unsigned labels)
{
	uint8_t begin[DP_SORT_KEY_MAX];
	struct dp_name name, base;
	uint32_t low = first, step = 1;
	size_t begin_b;

	name_at(s, first, &name);
	ancestor(&base, &name, labels);
	begin_b = dp_sort_key_make(begin, &base, false) - 1; /* no kind */
	for (; step < end - low && begins(s, low + step, begin, begin_b);
	     step *= 2)
		low += step;
	if (step < end - low)
		end = low + step;
	while (end - low > 1) {
		uint32_t middle = low + (end - low) / 2;

		if (begins(s, middle, begin, begin_b))
			low = middle;
		else
			end = middle;
	}
	return end;
}

/* No suffix that many share lies between the names and their ancestor. */
static bool have_one_owner(const struct making *m, const struct range *r)
{
	for (uint32_t at = r->first; at < r->end; at++) {
		struct dp_name name;
		unsigned labels;

		name_at(m->s, at, &name);
		labels = dp_suffixes_labels(m->suffixes, &name);
		if (labels == 0 || labels > r->labels)
			return false;
	}
	return true;
}

/* Names below one ancestor: it is worth a wildcard when it has enough children;
 * else each child is looked at. */
static enum dp_err look_at(struct making *m, struct range r)
{
	struct dp_name name, base;
	enum dp_err err = DP_OK;
	uint32_t children = 0;

	name_at(m->s, r.first, &name);
	if (r.end - r.first == 1)
		return propose(m, &name, false, r.first, 1);
	ancestor(&base, &name, r.labels);
	if (dp_name_labels(&name) == r.labels) /* it was asked itself */
		err = propose(m, &base, false, r.first++, 1);
	for (uint32_t at = r.first; at < r.end && children < m->min_names;
	     children++)
		at = end_of(m->s, at, r.end, r.labels + 1);
	if (err == DP_OK && children >= m->min_names && have_one_owner(m, &r))
		return propose(m, &base, true, r.first, r.end - r.first);
	for (uint32_t at = r.first; err == DP_OK && at < r.end;) {
		uint32_t end = end_of(m->s, at, r.end, r.labels + 1);

		err = push(m, at, end, r.labels + 1);
		at = end;
	}
	return err;
}

/* Names of one owner each. */
static enum dp_err part(struct making *m)
{
	uint32_t count = (uint32_t)m->s->names.count;
	enum dp_err err = DP_OK;

	for (uint32_t at = 0; err == DP_OK && at < count;) {
		struct dp_name name;
		unsigned labels;
		uint32_t end;

		name_at(m->s, at, &name);
		labels = dp_suffixes_labels(m->suffixes, &name);
		end = labels == 0 ? at + 1 : end_of(m->s, at, count, labels);
		err = push(m, at, end,
		    labels == 0 ? dp_name_labels(&name) : labels);
		at = end;
		while (err == DP_OK && m->range_count > 0)
			err = look_at(m, m->ranges[--m->range_count]);
	}
	return err;
}

static int most_asked(const void *a, const void *b)
{
	const struct dp_suggestion *x = a, *y = b;

	if (x->queries != y->queries)
		return x->queries < y->queries ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

static size_t drop_rare(struct dp_suggestion *list, size_t count,
    uint64_t min_queries)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (list[i].queries >= min_queries)
			list[kept++] = list[i];
	return kept;
}

enum dp_err dp_suggest_make(struct dp_suggest *s,
    const struct dp_suffix_list *suffixes, uint64_t min_queries,
    uint32_t min_names, struct dp_suggestion **list, size_t *count)
{
	struct making m = { .s = s, .suffixes = suffixes,
		.min_names = min_names };
	enum dp_err err;

	unmake(s);
	err = dp_sort_keys(&s->order, &s->names);
	if (err == DP_OK)
		err = sort_asked(s);
	if (err == DP_OK)
		err = part(&m);
	free(m.ranges);
	if (err != DP_OK) {
		free(m.list);
		return err;
	}
	m.count = drop_rare(m.list, m.count, min_queries);
	if (m.count > 0)
		qsort(m.list, m.count, sizeof(*m.list), most_asked);
	*list = m.list;
	*count = m.count;
	return DP_OK;
}
