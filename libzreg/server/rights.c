/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rights.h"

#include "base/mem.h"
#include "base/str.h"
#include "server/pattern.h"
#include "server/rights_inside.h"
#include <string.h>

zreg__rights *zreg__rights_share(zreg__rights *rights)
{
    atomic_fetch_add(&rights->holders, 1);
    return rights;
}

/* --- who */

static int compare(const void *name, const void *item)
{
    return strcmp(name, *(char *const *)item);
}

static bool holds(const zreg__rights_texts *ordered, const char *name)
{
    return ordered->count > 0 &&
           bsearch(name, ordered->items, ordered->count, sizeof(char *), compare) != NULL;
}

static bool is_caller(const zreg__rights *rights, const zreg__rights_caller *meant,
                      const zreg__identity *caller)
{
    if (meant->kind == ZREG__RIGHTS_ANYONE) {
        return true;
    }
    if (caller->name == NULL) {
        return false;
    }
    switch (meant->kind) {
    case ZREG__RIGHTS_USER:
        return zreg__str_equal(meant->name, caller->name);
    case ZREG__RIGHTS_GROUP:
        return (meant->group != NULL && holds(&meant->group->members, caller->name)) ||
               zreg__identity_in_group(caller, meant->name);
    case ZREG__RIGHTS_WRITERS:
        return !holds(&rights->readers, caller->name);
    default:
        return true;
    }
}

static bool is_meant(const zreg__rights *rights, const zreg__rights_rule *rule,
                     const zreg__identity *caller)
{
    for (size_t i = 0; i < rule->caller_count; i++) {
        if (is_caller(rights, &rule->callers[i], caller)) {
            return true;
        }
    }
    return false;
}

/* --- where */

static bool covers(const zreg__rights_rule *rule, const char *repository)
{
    for (size_t i = 0; i < rule->patterns.count; i++) {
        if (zreg__pattern_fits(zreg__span_of(rule->patterns.items[i]), repository)) {
            return true;
        }
    }
    return false;
}

uint32_t zreg__rights_of(const zreg__rights *rights, const zreg__identity *caller,
                         const char *repository)
{
    uint32_t granted = 0;
    for (size_t i = 0; i < rights->rule_count; i++) {
        const zreg__rights_rule *rule = &rights->rules[i];
        bool is_news = (rule->granted & ~granted) != 0;
        if (is_news && is_meant(rights, rule, caller) && covers(rule, repository)) {
            granted |= rule->granted;
        }
    }
    return granted;
}

uint32_t zreg__rights_somewhere(const zreg__rights *rights, const zreg__identity *caller)
{
    uint32_t granted = 0;
    for (size_t i = 0; i < rights->rule_count; i++) {
        if (is_meant(rights, &rights->rules[i], caller)) {
            granted |= rights->rules[i].granted;
        }
    }
    return granted;
}

static bool covers_all(const zreg__rights_rule *rule)
{
    for (size_t i = 0; i < rule->patterns.count; i++) {
        if (zreg__str_equal(rule->patterns.items[i], "**")) {
            return true;
        }
    }
    return false;
}

bool zreg__rights_are_open(const zreg__rights *rights)
{
    const zreg__identity nobody = {.name = NULL};
    uint32_t granted = 0;
    for (size_t i = 0; i < rights->rule_count; i++) {
        const zreg__rights_rule *rule = &rights->rules[i];
        granted |= covers_all(rule) && is_meant(rights, rule, &nobody) ? rule->granted : 0;
    }
    return granted == ZREG__RIGHTS_ALL;
}

/* --- what stays, and what the whole server refuses */

zreg__span zreg__rights_cut(const char *kept, zreg__span *out_tags)
{
    zreg__span whole = zreg__span_of(kept);
    *out_tags = (zreg__span){NULL, 0};
    const char *slash = strrchr(kept, '/');
    const char *colon = strrchr(kept, ':');
    if (colon == NULL || (slash != NULL && colon < slash)) {
        return whole;
    }
    *out_tags = zreg__span_of(colon + 1);
    return (zreg__span){kept, (size_t)(colon - kept)};
}

/* `tag` NULL: any. */
static bool keeps(const zreg__rights *rights, const char *repository, const char *tag)
{
    for (size_t i = 0; i < rights->kept.count; i++) {
        zreg__span tags;
        zreg__span repositories = zreg__rights_cut(rights->kept.items[i], &tags);
        if (zreg__pattern_fits(repositories, repository) &&
            (tag == NULL || tags.text == NULL || zreg__pattern_fits(tags, tag))) {
            return true;
        }
    }
    return false;
}

bool zreg__rights_keep_tag(const zreg__rights *rights, const char *repository, const char *tag)
{
    return keeps(rights, repository, tag);
}

bool zreg__rights_keep_tags(const zreg__rights *rights, const char *repository)
{
    return keeps(rights, repository, NULL);
}

bool zreg__rights_no_writes(const zreg__rights *rights)
{
    return rights->no_writes;
}

bool zreg__rights_no_deletes(const zreg__rights *rights)
{
    return rights->no_deletes;
}

/* --- the end */

static void finish_texts(zreg__rights_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        free(texts->items[i]);
    }
    free(texts->items);
}

static void finish_rule(zreg__rights_rule *rule)
{
    for (size_t i = 0; i < rule->caller_count; i++) {
        free(rule->callers[i].name);
    }
    free(rule->callers);
    finish_texts(&rule->patterns);
}

void zreg__rights_free(zreg__rights *rights)
{
    if (rights == NULL || atomic_fetch_sub(&rights->holders, 1) > 1) {
        return;
    }
    for (size_t i = 0; i < rights->rule_count; i++) {
        finish_rule(&rights->rules[i]);
    }
    for (size_t i = 0; i < rights->group_count; i++) {
        free(rights->groups[i].name);
        finish_texts(&rights->groups[i].members);
    }
    free(rights->rules);
    free(rights->groups);
    finish_texts(&rights->readers);
    finish_texts(&rights->kept);
    free(rights);
}
