/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/cleanup_rule.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_MATCH "change_[0-9]+_.+"
#define DEFAULT_AGE_S 86400

/* The leftmost longest match is the whole tag if any match is. */
static bool matches_whole(const regex_t *pattern, const char *tag)
{
    regmatch_t at;
    return regexec(pattern, tag, 1, &at, 0) == 0 && at.rm_so == 0 &&
           (size_t)at.rm_eo == strlen(tag);
}

/* PIPELINE_TAG: nothing else is ever deleted, whatever the pattern. */
static bool has_temporary_form(const char *tag)
{
    const char *mark = strchr(tag, '_');
    return mark != NULL && mark != tag && mark[1] != '\0';
}

/* Tags that nobody wants to lose, and those of a pipeline that nobody has. */
static const char *finds_final(const regex_t *pattern)
{
    static const char *const final[] = {
        "latest", "stable",       "main",        "master",     "1",
        "1.0",    "v1.0.0",       "1.0_alpine",  "v1_0",       "anything_latest",
        "x_1.0",  "other_v1.0.0", "release_1_0", "anything_0", "zreg-order_latest",
    };
    for (size_t i = 0; i < ZREG__COUNT(final); i++) {
        if (matches_whole(pattern, final[i])) {
            return final[i];
        }
    }
    return NULL;
}

static zreg_status compile(zreg__cleanup_rule *rule, const char *match, zreg_error *err)
{
    if (strlen(match) > ZREG__MAX_PATTERN) {
        return zreg__fail(err, ZREG_INVAL, "cleanup: a pattern has at most %d characters",
                          ZREG__MAX_PATTERN);
    }
    int failed = regcomp(&rule->pattern, match, REG_EXTENDED);
    if (failed != 0) {
        char why[100];
        regerror(failed, &rule->pattern, why, sizeof(why));
        return zreg__fail(err, failed == REG_ESPACE ? ZREG_NOMEM : ZREG_INVAL,
                          "cleanup: \"%s\" is no pattern: %s", match, why);
    }
    rule->compiled = true;
    return ZREG_OK;
}

zreg_status zreg__cleanup_rule_make(zreg__cleanup_rule *out, const char *match,
                                    uint64_t older_than_s, bool any_age, zreg_error *err)
{
    ZREG__AUTO(zreg__cleanup_rule) zreg__cleanup_rule rule = {.any_age = any_age};
    uint64_t age_s = older_than_s == 0 ? DEFAULT_AGE_S : older_than_s;
    rule.older_than_s = age_s < INT64_MAX ? (int64_t)age_s : INT64_MAX;
    ZREG__TRY(compile(&rule, match == NULL ? DEFAULT_MATCH : match, err));
    const char *final = finds_final(&rule.pattern);
    if (final != NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "cleanup: \"%s\" matches a tag like \"%s\" too; name the pipeline, as in "
                          "\"periodic_.+\"",
                          match, final);
    }
    *out = rule;
    rule = (zreg__cleanup_rule){.compiled = false};
    return ZREG_OK;
}

bool zreg__cleanup_rule_fits(const zreg__cleanup_rule *rule, const char *tag,
                             char reason[ZREG__REASON_BYTES])
{
    const char *why = has_temporary_form(tag) ? "does not match" : "is not a temporary tag";
    if (has_temporary_form(tag) && matches_whole(&rule->pattern, tag)) {
        return true;
    }
    zreg__str_copy(reason, ZREG__REASON_BYTES, why);
    return false;
}

/* "3 d 1 h 7 min": whole units, no more than people need. */
static void print_duration(char *to, size_t room, int64_t s)
{
    int64_t days = s / 86400;
    int64_t hours = s / 3600 % 24;
    int64_t minutes = s / 60 % 60;
    if (days > 0) {
        snprintf(to, room, "%" PRId64 " d %" PRId64 " h %" PRId64 " min", days, hours, minutes);
    } else {
        snprintf(to, room, "%" PRId64 " h %" PRId64 " min", hours, minutes);
    }
}

bool zreg__cleanup_rule_is_old(const zreg__cleanup_rule *rule, const zreg__cleanup_age *age,
                               char reason[ZREG__REASON_BYTES])
{
    char text[64];
    if (rule->any_age) {
        zreg__str_copy(reason, ZREG__REASON_BYTES, "matches; its age does not count");
        return true;
    }
    if (age->age_s < 0) {
        snprintf(reason, ZREG__REASON_BYTES, "its age is not known: %s", age->unknown);
        return false;
    }
    bool is_old = age->age_s >= rule->older_than_s;
    print_duration(text, sizeof(text), age->age_s);
    snprintf(reason, ZREG__REASON_BYTES, "%s %s%s ago", age->of, is_old ? "" : "only ", text);
    return is_old;
}

void zreg__cleanup_rule_finish(zreg__cleanup_rule *rule)
{
    if (rule->compiled) {
        regfree(&rule->pattern);
    }
}
