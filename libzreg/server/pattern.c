/* SPDX-License-Identifier: Apache-2.0 */
#include "server/pattern.h"

#include "base/error.h"
#include "base/limits.h"
#include <string.h>

static bool holds(zreg__span pattern, const char *text)
{
    return memmem(pattern.text, pattern.size, text, strlen(text)) != NULL;
}

static zreg_status check(zreg__span pattern, const char *what, const char *letters, zreg_error *err)
{
    int shown = pattern.size < 100 ? (int)pattern.size : 100;
    if (pattern.size == 0 || pattern.size > ZREG__MAX_PATTERN) {
        return zreg__fail(err, ZREG_INVAL, "a pattern for %s has 1 to %d characters", what,
                          ZREG__MAX_PATTERN);
    }
    for (size_t i = 0; i < pattern.size; i++) {
        char c = pattern.text[i];
        if (c != '*' && !zreg__is_lower(c) && !zreg__is_digit(c) &&
            (c == '\0' || strchr(letters, c) == NULL)) {
            return zreg__fail(err, ZREG_INVAL,
                              "the pattern \"%.*s\" has a character that no name of %s has, at %zu",
                              shown, pattern.text, what, i + 1);
        }
    }
    if (holds(pattern, "***")) {
        return zreg__fail(err, ZREG_INVAL, "the pattern \"%.*s\": write * or **", shown,
                          pattern.text);
    }
    return ZREG_OK;
}

zreg_status zreg__pattern_check(zreg__span pattern, zreg_error *err)
{
    ZREG__TRY(check(pattern, "repositories", "._-/:", err));
    if (pattern.text[0] == '/' || pattern.text[pattern.size - 1] == '/' || holds(pattern, "//")) {
        return zreg__fail(err, ZREG_INVAL,
                          "the pattern \"%.*s\" has an empty part between slashes, as no name has",
                          (int)pattern.size, pattern.text);
    }
    return ZREG_OK;
}

zreg_status zreg__pattern_check_tag(zreg__span pattern, zreg_error *err)
{
    return check(pattern, "tags", "._-ABCDEFGHIJKLMNOPQRSTUVWXYZ", err);
}

/* Where to go on when what comes after a star does not fit: the star takes one character more. */
typedef struct retreat {
    size_t pattern; /* behind the star; 0: there was none */
    size_t name;    /* where the star's text ends by now */
} retreat;

static bool take_longer(retreat *star, size_t *p, size_t *n)
{
    if (star->pattern == 0) {
        return false;
    }
    *p = star->pattern;
    *n = ++star->name;
    return true;
}

/* A star that came earlier need never be gone back to: the later one can take what it would have. */
bool zreg__pattern_fits(zreg__span pattern, const char *name)
{
    size_t size = strlen(name);
    retreat one = {0, 0}, two = {0, 0};
    size_t p = 0, n = 0;
    while (n < size || p < pattern.size) {
        char wanted = p < pattern.size ? pattern.text[p] : '\0';
        bool is_two = wanted == '*' && p + 1 < pattern.size && pattern.text[p + 1] == '*';
        if (is_two && p + 2 == pattern.size) {
            return true;
        }
        if (is_two) {
            p += 2;
            two = (retreat){p, n};
            one = (retreat){0, 0};
        } else if (wanted == '*') {
            p++;
            one = (retreat){p, n};
        } else if (n < size && wanted == name[n]) {
            p++;
            n++;
        } else if (one.name < size && name[one.name] != '/' && take_longer(&one, &p, &n)) {
            continue;
        } else if (two.name < size && take_longer(&two, &p, &n)) {
            one = (retreat){0, 0};
        } else {
            return false;
        }
    }
    return true;
}
