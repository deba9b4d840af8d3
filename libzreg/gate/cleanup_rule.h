/* SPDX-License-Identifier: Apache-2.0 */
/** The rule by which cleanup deletes or keeps a tag. Pure: the clock and the registry are elsewhere. */
#ifndef ZREG_GATE_CLEANUP_RULE_H
#define ZREG_GATE_CLEANUP_RULE_H

#include "base/compiler.h"
#include <regex.h>
#include <stdbool.h>
#include <zreg/common.h>

#define ZREG__REASON_BYTES 160

typedef struct zreg__cleanup_rule {
    regex_t pattern;
    bool compiled;
    bool any_age;
    int64_t older_than_s;
} zreg__cleanup_rule;

/** What is known of the age of a tag. */
typedef struct zreg__cleanup_age {
    int64_t age_s;       /* -1: unknown */
    const char *of;      /* what the age is of: "pushed", "built" */
    const char *unknown; /* why it is unknown */
} zreg__cleanup_age;

/** Compiles the pattern (NULL: the tags of changes). Errors: INVAL (no pattern, or one that does
 *  not name its pipeline). */
zreg_status zreg__cleanup_rule_make(zreg__cleanup_rule *out, const char *match,
                                    uint64_t older_than_s, bool any_age, zreg_error *err);

/** Whether the tag is one to delete once it is old enough; if not, `reason` says why. */
bool zreg__cleanup_rule_fits(const zreg__cleanup_rule *rule, const char *tag,
                             char reason[ZREG__REASON_BYTES]);

/** Whether it is old enough; `reason` says why or why not. */
bool zreg__cleanup_rule_is_old(const zreg__cleanup_rule *rule, const zreg__cleanup_age *age,
                               char reason[ZREG__REASON_BYTES]);

void zreg__cleanup_rule_finish(zreg__cleanup_rule *rule);

ZREG__DEFINE_AUTO_VALUE(zreg__cleanup_rule, zreg__cleanup_rule_finish)

#endif
