/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/scope.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

static const struct {
    const char *word;
    unsigned action;
} words[] = {
    {"pull", ZREG__PULL},
    {"push", ZREG__PUSH},
    {"delete", ZREG__DELETE},
};

static zreg__scope *find(const zreg__scopes *scopes, const char *name, bool other)
{
    for (size_t i = 0; i < scopes->count; i++) {
        const zreg__scope *item = &scopes->items[i];

        if ((item->actions == 0) == other && strcmp(item->name, name) == 0) {
            return (zreg__scope *)(uintptr_t)item;
        }
    }
    return NULL;
}

zreg_status zreg__scopes_add(zreg__scopes *scopes, const char *repository, unsigned actions,
                             zreg_error *err)
{
    zreg__scope *item = find(scopes, repository, actions == 0);

    if (item != NULL) {
        item->actions |= actions;
        return ZREG_OK;
    }
    if (scopes->count == ZREG__MAX_SCOPES) {
        return ZREG_OK;
    }
    item = &scopes->items[scopes->count];
    item->name = zreg__strdup(repository);
    if (item->name == NULL) {
        return zreg__fail_nomem(err);
    }
    item->actions = actions;
    scopes->count++;
    return ZREG_OK;
}

zreg_status zreg__scopes_merge(zreg__scopes *scopes, const zreg__scopes *more, zreg_error *err)
{
    for (size_t i = 0; i < more->count; i++) {
        ZREG__TRY(zreg__scopes_add(scopes, more->items[i].name, more->items[i].actions, err));
    }
    return ZREG_OK;
}

static unsigned actions_of(zreg__span text)
{
    unsigned actions = 0;

    while (text.size > 0) {
        zreg__span word = zreg__span_cut(&text, ',');
        unsigned action = 0;

        for (size_t i = 0; i < ZREG__COUNT(words); i++) {
            action |= zreg__span_is(word, words[i].word) ? words[i].action : 0;
        }
        if (action == 0) {
            return 0;
        }
        actions |= action;
    }
    return actions;
}

unsigned zreg__scope_actions(const char *text)
{
    return actions_of(zreg__span_of(text));
}

/* One scope of a challenge: "repository:NAME:ACTIONS" when we know all its words. */
static zreg_status parse_one(zreg__scopes *scopes, zreg__span text, zreg_error *err)
{
    ZREG__AUTO_FREE char *whole = zreg__strndup(text.text, text.size);
    zreg__span rest = text;
    zreg__span kind = zreg__span_cut(&rest, ':');
    zreg__span name = zreg__span_cut(&rest, ':');
    unsigned actions = zreg__span_is(kind, "repository") ? actions_of(rest) : 0;
    ZREG__AUTO_FREE char *repository = zreg__strndup(name.size > 0 ? name.text : "", name.size);

    if (whole == NULL || repository == NULL) {
        return zreg__fail_nomem(err);
    }
    return zreg__scopes_add(scopes, actions != 0 ? repository : whole, actions, err);
}

zreg_status zreg__scopes_parse(zreg__scopes *scopes, const char *text, zreg_error *err)
{
    zreg__span rest = zreg__span_of(text);

    while (rest.size > 0) {
        zreg__span one = zreg__span_cut(&rest, ' ');

        if (one.size > 0) {
            ZREG__TRY(parse_one(scopes, one, err));
        }
    }
    return ZREG_OK;
}

bool zreg__scopes_cover(const zreg__scopes *scopes, const zreg__scopes *needed)
{
    for (size_t i = 0; i < needed->count; i++) {
        const zreg__scope *need = &needed->items[i];
        const zreg__scope *have = find(scopes, need->name, need->actions == 0);

        if (have == NULL || (need->actions & ~have->actions) != 0) {
            return false;
        }
    }
    return true;
}

static zreg_status scope_text(const zreg__scope *scope, zreg__buf *to, zreg_error *err)
{
    const char *separator = ":";

    if (scope->actions == 0) {
        return zreg__buf_text(to, scope->name, err);
    }
    ZREG__TRY(zreg__buf_printf(to, err, "repository:%s", scope->name));
    for (size_t i = 0; i < ZREG__COUNT(words); i++) {
        if ((scope->actions & words[i].action) != 0) {
            ZREG__TRY(zreg__buf_printf(to, err, "%s%s", separator, words[i].word));
            separator = ",";
        }
    }
    return ZREG_OK;
}

zreg_status zreg__scopes_query(const zreg__scopes *scopes, zreg__buf *to, zreg_error *err)
{
    for (size_t i = 0; i < scopes->count; i++) {
        ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(ZREG__MAX_URL);

        ZREG__TRY(scope_text(&scopes->items[i], &text, err));
        ZREG__TRY(zreg__buf_text(to, "&scope=", err));
        ZREG__TRY(zreg__buf_query(to, zreg__buf_cstr(&text), err));
    }
    return ZREG_OK;
}

void zreg__scopes_finish(zreg__scopes *scopes)
{
    for (size_t i = 0; i < scopes->count; i++) {
        free(scopes->items[i].name);
    }
    scopes->count = 0;
}
