#include "module/compat.h"

#include "module/around.h"

/* Add a word to a list of words; one that has no room is left out. */
static void add(char *list, size_t size_b, const char *separator,
    const char *word, size_t word_b)
{
	size_t used = strlen(list), sep_b = used > 0 ? strlen(separator) : 0;

	if (used + sep_b + word_b + 1 > size_b)
		return;
	memcpy(list + used, separator, sep_b);
	memcpy(list + used + sep_b, word, word_b);
	list[used + sep_b + word_b] = '\0';
}

static bool is_word(const char *text, size_t text_b, const char *word)
{
	return text_b == strlen(word) && memcmp(text, word, text_b) == 0;
}

static void find_modules(struct dp_around *out, const char *modules, int id)
{
	static const char blank[] = " \t";

	for (int i = 0;; i++) {
		size_t word_b;

		modules += strspn(modules, blank);
		word_b = strcspn(modules, blank);
		if (word_b == 0)
			return;
		/* What dns64 asks for is judged; it answers nothing else. */
		if (i < id && !is_word(modules, word_b, "dns64"))
			add(out->in_front, sizeof(out->in_front), " ", modules,
			    word_b);
		if (i > id && is_word(modules, word_b, "validator"))
			out->validates = true;
		modules += word_b;
	}
}

static void note(struct dp_around *out, unsigned n, const char *option)
{
	char text[64];
	int text_b;

	if (n == 0)
		return;
	text_b = snprintf(text, sizeof(text), "%u %s", n, option);
	add(out->notes, sizeof(out->notes), ", ", text, (size_t)text_b);
}

/* Local zones and local data are no longer in the configuration when modules
 * are initialised. */
void dp_around_find(struct dp_around *out, const struct config_file *cfg,
    int id)
{
	unsigned auth = 0, rpz = 0, views = 0;

	memset(out, 0, sizeof(*out));
	find_modules(out, cfg->module_conf, id);
	for (const struct config_auth *a = cfg->auths; a; a = a->next) {
		rpz += a->isrpz != 0;
		auth += !a->isrpz && a->for_downstream;
	}
	for (const struct config_view *v = cfg->views; v; v = v->next)
		views++;
	note(out, auth, "auth-zone");
	note(out, rpz, "rpz");
	note(out, views, "view");
}
