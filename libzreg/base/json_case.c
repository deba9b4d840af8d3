/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

/* The next character as Go folds it: besides A to Z, U+017F is an s and U+212A a k there. */
static char next_folded(const char **text)
{
    static const char long_s[] = "\xc5\xbf", kelvin[] = "\xe2\x84\xaa";
    if (zreg__str_starts(*text, long_s)) {
        *text += strlen(long_s);
        return 's';
    }
    if (zreg__str_starts(*text, kelvin)) {
        *text += strlen(kelvin);
        return 'k';
    }
    return zreg__to_lower(*(*text)++);
}

static int compare_folded(const char *a, const char *b)
{
    char x, y;
    do {
        x = next_folded(&a);
        y = next_folded(&b);
    } while (x == y && x != '\0');
    return (unsigned char)x - (unsigned char)y;
}

/* Spellings of one name come to stand beside each other. */
static int compare(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int folded = compare_folded(x, y);
    return folded != 0 ? folded : strcmp(x, y);
}

zreg_status zreg__json_check_case(const zreg__json *json, const char *const *fields,
                                  const char *where, zreg_error *err)
{
    size_t count = 0;
    while (fields[count] != NULL) {
        count++;
    }
    ZREG__AUTO_FREE const char **names =
        zreg__calloc(count + zreg__json_members(json) + 1, sizeof(*names));
    if (names == NULL) {
        return zreg__fail_nomem(err);
    }
    memcpy(names, fields, count * sizeof(*names));
    for (zreg__json_member member = {0}; zreg__json_next(&member, json);) {
        names[count++] = member.key;
    }
    qsort(names, count, sizeof(*names), compare);
    for (size_t i = 1; i < count; i++) {
        if (compare_folded(names[i - 1], names[i]) == 0 && strcmp(names[i - 1], names[i]) != 0) {
            return zreg__fail(err, ZREG_INVAL,
                              "%s: a key is written \"%.100s\" and \"%.100s\", which some readers "
                              "take for one",
                              where, names[i - 1], names[i]);
        }
    }
    return ZREG_OK;
}
