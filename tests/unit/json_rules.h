/* SPDX-License-Identifier: Apache-2.0 */
/** The rows of tests/data/json_rules.tsv, where their form is told. */
#ifndef ZREG_TESTS_JSON_RULES_H
#define ZREG_TESTS_JSON_RULES_H

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include <stdlib.h>
#include <string.h>

typedef struct json_rule {
    char where[16];
    zreg_status verdict;
    zreg__buf what;
    zreg__buf text;
} json_rule;

/* %XX, and %XX*N for N of them. */
static inline void json_rule_decode(zreg__buf *to, zreg__span from)
{
    zreg__buf_reset(to);
    assert_int_equal(zreg__buf_text(to, "", NULL), ZREG_OK);
    for (size_t i = 0; i < from.size;) {
        char digits[3] = {0};
        char byte = from.text[i++];
        unsigned long times = 1;
        if (byte == '%') {
            assert_true(i + 2 <= from.size);
            memcpy(digits, from.text + i, 2);
            byte = (char)strtoul(digits, NULL, 16);
            i += 2;
            if (i + 1 < from.size && from.text[i] == '*' && zreg__is_digit(from.text[i + 1])) {
                char *end;
                times = strtoul(from.text + i + 1, &end, 10);
                i = (size_t)(end - from.text);
            }
        }
        for (; times > 0; times--) {
            assert_int_equal(zreg__buf_append(to, &byte, 1, NULL), ZREG_OK);
        }
    }
}

static inline void json_rule_read(json_rule *rule, zreg__span line)
{
    zreg__span where = zreg__span_cut(&line, '\t');
    zreg__span verdict = zreg__span_cut(&line, '\t');
    zreg__span what = zreg__span_cut(&line, '\t');
    assert_true(where.size < sizeof(rule->where));
    memcpy(rule->where, where.text, where.size);
    rule->where[where.size] = '\0';
    bool is_limit = zreg__span_is(verdict, "limit");
    assert_true(is_limit || zreg__span_is(verdict, "yes") || zreg__span_is(verdict, "no"));
    rule->verdict = is_limit ? ZREG_LIMIT : zreg__span_is(verdict, "yes") ? ZREG_OK : ZREG_INVAL;
    json_rule_decode(&rule->what, what);
    json_rule_decode(&rule->text, line);
}

/** Calls `check` with each row; returns their number. */
static inline size_t json_rules_each(void (*check)(const json_rule *rule))
{
    ZREG__AUTO(zreg__buf) zreg__buf table = ZREG__BUF(ZREG__MIB);
    ZREG__AUTO(zreg__buf) zreg__buf path = ZREG__BUF(4096);
    json_rule rule = {.what = ZREG__BUF(ZREG__MIB), .text = ZREG__BUF(ZREG__MIB)};
    size_t count = 0;
    const char *srcdir = getenv("ZREG_SRCDIR");
    assert_int_equal(zreg__buf_printf(&path, NULL, "%s/tests/data/json_rules.tsv",
                                      srcdir != NULL ? srcdir : "."),
                     ZREG_OK);
    assert_int_equal(zreg__file_read(&table, path.data, NULL), ZREG_OK);
    zreg__span rest = {table.data, table.size};
    while (rest.size > 0) {
        zreg__span line = zreg__span_cut(&rest, '\n');
        if (line.size > 0 && line.text[0] != '#') {
            json_rule_read(&rule, line);
            check(&rule);
            count++;
        }
    }
    zreg__buf_finish(&rule.what);
    zreg__buf_finish(&rule.text);
    return count;
}

#endif
