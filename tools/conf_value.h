/*
 * The settings of dnspin.conf one by one: which there are, and what the text of
 * a value means. No parser and no file: that is conf.c, the only caller.
 *
 * On failure conf stays as it was, and diag (never NULL) has the reason.
 */
#ifndef DP_CONF_VALUE_H
#define DP_CONF_VALUE_H

#include "tools/conf.h"

const char *dp_conf_key_name(int key);
/* DP_CONF_COUNT: there is none of that name. */
int dp_conf_key_of(const char *name);
/* Say that there is no setting name, and which may be meant. */
void dp_conf_key_unknown(const char *name, struct dp_diag *diag);

/* Any setting but zones. Relative paths count from folder, which is "" or ends
 * in "/"; an empty path takes the setting back. */
enum dp_err dp_conf_value_set(struct dp_conf *conf, int key, const char *text,
    const char *folder, struct dp_diag *diag) DP_MUST_CHECK;

/* The value as the file would have it, of any setting but zones; "none" where
 * there is none. Cut off where it is too long. */
void dp_conf_value_say(char *text, size_t size_b, const struct dp_conf *conf,
    int key);

/* The list of zones; an empty glob is none. */
enum dp_err dp_conf_zone_add(struct dp_conf *conf, const char *glob,
    const char *folder, struct dp_diag *diag) DP_MUST_CHECK;
void dp_conf_zones_clear(struct dp_conf *conf);

#endif
