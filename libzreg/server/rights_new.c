/* SPDX-License-Identifier: Apache-2.0 */
/* How a table of rights is made of the owner's settings. */
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "server/pattern.h"
#include "server/rights_inside.h"
#include <string.h>

static const char *const anyone[] = {"anyone", NULL};
static const char *const users_all[] = {"users", NULL};
static const char *const everything[] = {"**", NULL};

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts != NULL && texts[count] != NULL) {
        count++;
    }
    return count;
}

static zreg_status copy_texts(zreg__rights_texts *out, const char *const *texts, const char *what,
                              zreg_error *err)
{
    size_t count = count_texts(texts);
    if (count > ZREG__MAX_RULE_TEXTS) {
        return zreg__fail(err, ZREG_LIMIT, "%s: more than %d", what, ZREG__MAX_RULE_TEXTS);
    }
    out->items = zreg__calloc(count + 1, sizeof(char *));
    if (out->items == NULL) {
        return zreg__fail_nomem(err);
    }
    for (; out->count < count; out->count++) {
        out->items[out->count] = zreg__strdup(texts[out->count]);
        if (out->items[out->count] == NULL) {
            return zreg__fail_nomem(err);
        }
    }
    return ZREG_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void order(zreg__rights_texts *texts)
{
    qsort(texts->items, texts->count, sizeof(char *), compare);
}

/* --- groups */

static const zreg__rights_group *find_group(const zreg__rights *rights, const char *name)
{
    for (size_t i = 0; i < rights->group_count; i++) {
        if (zreg__str_equal(rights->groups[i].name, name)) {
            return &rights->groups[i];
        }
    }
    return NULL;
}

static zreg_status add_group(zreg__rights *rights, const zreg_server_group *given, zreg_error *err)
{
    zreg_server_group set;
    zreg__rights_group *group = &rights->groups[rights->group_count];
    ZREG__TRY(ZREG__OPTIONS_READ(&set, given, err));
    if (!zreg__identity_is_group(zreg__span_of(set.name))) {
        return zreg__fail(err, ZREG_INVAL,
                          "group %zu: a name has 1 to 128 characters, and no comma",
                          rights->group_count + 1);
    }
    if (find_group(rights, set.name) != NULL) {
        return zreg__fail(err, ZREG_INVAL, "the group \"%s\" is there twice", set.name);
    }
    rights->group_count++;
    group->name = zreg__strdup(set.name);
    if (group->name == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(copy_texts(&group->members, set.members, "the members of a group", err));
    order(&group->members);
    return ZREG_OK;
}

static zreg_status add_groups(zreg__rights *rights, const zreg_server_group *const *groups,
                              zreg_error *err)
{
    size_t count = 0;
    while (groups != NULL && groups[count] != NULL) {
        count++;
    }
    if (count > ZREG__MAX_RULES) {
        return zreg__fail(err, ZREG_LIMIT, "more than %d groups", ZREG__MAX_RULES);
    }
    rights->groups = zreg__calloc(count + 1, sizeof(*rights->groups));
    if (rights->groups == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(add_group(rights, groups[i], err));
    }
    return ZREG_OK;
}

/* --- rules */

static zreg_status read_caller(zreg__rights_caller *out, const zreg__rights *rights,
                               const char *text, zreg_error *err)
{
    zreg__span name = zreg__span_of(text);
    zreg__span kind = zreg__span_cut(&name, ':');
    bool is_group = zreg__span_is(kind, "group");
    if (zreg__str_equal(text, "anyone") || zreg__str_equal(text, "users")) {
        out->kind = text[0] == 'a' ? ZREG__RIGHTS_ANYONE : ZREG__RIGHTS_USERS;
        return ZREG_OK;
    }
    if ((!is_group && !zreg__span_is(kind, "user")) || !zreg__identity_is_name(name)) {
        return zreg__fail(err, ZREG_INVAL,
                          "\"%.100s\" is nobody; write anyone, users, user:NAME or group:NAME",
                          text);
    }
    out->kind = is_group ? ZREG__RIGHTS_GROUP : ZREG__RIGHTS_USER;
    out->name = zreg__strdup(name.text);
    out->group = is_group ? find_group(rights, name.text) : NULL;
    return out->name == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status read_callers(zreg__rights_rule *rule, const zreg__rights *rights,
                                const char *const *who, zreg_error *err)
{
    size_t count = count_texts(who);
    if (count == 0 || count > ZREG__MAX_RULE_TEXTS) {
        return zreg__fail(err, count == 0 ? ZREG_INVAL : ZREG_LIMIT,
                          "it is for nobody, or for more than %d", ZREG__MAX_RULE_TEXTS);
    }
    rule->callers = zreg__calloc(count, sizeof(*rule->callers));
    if (rule->callers == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        rule->caller_count++;
        ZREG__TRY(read_caller(&rule->callers[i], rights, who[i], err));
    }
    return ZREG_OK;
}

static zreg_status read_patterns(zreg__rights_rule *rule, const char *const *patterns,
                                 zreg_error *err)
{
    ZREG__TRY(copy_texts(&rule->patterns, patterns, "the patterns of a rule", err));
    if (rule->patterns.count == 0) {
        return zreg__fail(err, ZREG_INVAL, "it is for no repository; write ** for all");
    }
    for (size_t i = 0; i < rule->patterns.count; i++) {
        ZREG__TRY(zreg__pattern_check(zreg__span_of(rule->patterns.items[i]), err));
    }
    return ZREG_OK;
}

static zreg_status add_rule(zreg__rights *rights, const char *const *who,
                            const char *const *patterns, uint32_t granted, zreg_error *err)
{
    zreg__rights_rule *rule = &rights->rules[rights->rule_count++];
    if ((granted & ~(uint32_t)ZREG__RIGHTS_ALL) != 0) {
        return zreg__fail(err, ZREG_INVAL, "it grants a right that is none");
    }
    rule->granted = granted;
    ZREG__TRY(read_callers(rule, rights, who, err));
    return read_patterns(rule, patterns, err);
}

static zreg_status add_given(zreg__rights *rights, const zreg_server_rule *given, zreg_error *err)
{
    zreg_server_rule set;
    zreg_error why;
    zreg__error_clear(&why);
    size_t number = rights->rule_count + 1;
    zreg_status status = ZREG__OPTIONS_READ(&set, given, &why);
    if (status == ZREG_OK) {
        status = add_rule(rights, set.who, set.repositories, set.rights, &why);
    }
    return status == ZREG_OK
               ? status
               : zreg__fail(err, status, "rule %zu of the rights: %s", number, why.message);
}

static zreg_status make_room(zreg__rights *rights, size_t count, zreg_error *err)
{
    if (count > ZREG__MAX_RULES) {
        return zreg__fail(err, ZREG_LIMIT, "more than %d rules", ZREG__MAX_RULES);
    }
    rights->rules = zreg__calloc(count + 1, sizeof(*rights->rules));
    return rights->rules == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status add_all_given(zreg__rights *rights, const zreg_server_options *options,
                                 zreg_error *err)
{
    size_t count = 0;
    if (options->anonymous != ZREG_ANONYMOUS_DEFAULT || count_texts(options->read_only) > 0) {
        return zreg__fail(err, ZREG_INVAL,
                          "with rules of rights, what anybody and what a reader may do stands in "
                          "them: leave out anonymous and read_only");
    }
    while (options->rules[count] != NULL) {
        count++;
    }
    ZREG__TRY(make_room(rights, count, err));
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(add_given(rights, options->rules[i], err));
    }
    return ZREG_OK;
}

/* --- those of a server without rules of its own */

static zreg_status read_readers(zreg__rights *rights, const char *const *names,
                                const zreg__users *users, zreg_error *err)
{
    ZREG__TRY(copy_texts(&rights->readers, names, "the users who may pull only", err));
    for (size_t i = 0; i < rights->readers.count; i++) {
        if (!zreg__users_has(users, rights->readers.items[i])) {
            return zreg__fail(err, ZREG_INVAL,
                              "the read-only user \"%.60s\" is not in the htpasswd file",
                              rights->readers.items[i]);
        }
    }
    order(&rights->readers);
    return ZREG_OK;
}

static zreg_status add_usual(zreg__rights *rights, const zreg_server_options *options,
                             const zreg__users *users, zreg_error *err)
{
    static const uint32_t of_anyone[] = {
        [ZREG_ANONYMOUS_NONE] = 0,
        [ZREG_ANONYMOUS_PULL] = ZREG_SERVER_PULL | ZREG_SERVER_CATALOG,
        [ZREG_ANONYMOUS_PUSH] = ZREG__RIGHTS_ALL,
    };
    ZREG__TRY(make_room(rights, 3, err));
    ZREG__TRY(read_readers(rights, options->read_only, users, err));
    ZREG__TRY(add_rule(rights, anyone, everything, of_anyone[options->anonymous], err));
    ZREG__TRY(add_rule(rights, users_all, everything, ZREG_SERVER_PULL | ZREG_SERVER_CATALOG, err));
    ZREG__TRY(add_rule(rights, users_all, everything, ZREG__RIGHTS_ALL, err));
    rights->rules[2].callers[0].kind = ZREG__RIGHTS_WRITERS;
    return ZREG_OK;
}

/* --- tags that stay */

static zreg_status read_kept(zreg__rights *rights, const char *const *patterns, zreg_error *err)
{
    ZREG__TRY(copy_texts(&rights->kept, patterns, "the immutable tags", err));
    for (size_t i = 0; i < rights->kept.count; i++) {
        zreg__span tags;
        zreg__span repositories = zreg__rights_cut(rights->kept.items[i], &tags);
        ZREG__TRY(zreg__pattern_check(repositories, err));
        ZREG__TRY(tags.text == NULL ? ZREG_OK : zreg__pattern_check_tag(tags, err));
    }
    return ZREG_OK;
}

zreg_status zreg__rights_new(zreg__rights **out, const zreg_server_options *options,
                             const zreg__users *users, zreg_error *err)
{
    ZREG__AUTO(zreg__rights) zreg__rights *rights = zreg__new(zreg__rights);
    if (rights == NULL) {
        return zreg__fail_nomem(err);
    }
    atomic_init(&rights->holders, 1);
    rights->no_writes = options->no_writes != 0;
    rights->no_deletes = options->no_deletes != 0;
    ZREG__TRY(add_groups(rights, options->groups, err));
    ZREG__TRY(options->rules != NULL ? add_all_given(rights, options, err)
                                     : add_usual(rights, options, users, err));
    ZREG__TRY(read_kept(rights, options->immutable_tags, err));
    *out = zreg__steal(&rights);
    return ZREG_OK;
}
