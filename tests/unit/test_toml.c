/* SPDX-License-Identifier: Apache-2.0 */
#include "base/toml.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_toml_tables(void **state)
{
    (void)state;
    zreg__span text = zreg__span_of("top = \"[no]\" # [no]\n"
                                    "list = [\n  \"a\", # ]\n  [\"b\"],\n]\n"
                                    "long = \"\"\"\n[no]\n\"\"\"\n"
                                    "lit = 'C:\\'\n"
                                    " [ plugins . \"io.x\" . 'reg' ] # x\n"
                                    "path = 'p' \n"
                                    "[[registry]]\n"
                                    "[[registry.mirror]]");
    static const char *const names[] = {"", "plugins\nio.x\nreg", "registry", "registry\nmirror"};
    zreg__toml_table table = {0};
    zreg__toml_pair pair;
    zreg__span value;
    for (size_t i = 0; i < ZREG__COUNT(names); i++) {
        assert_true(zreg__toml_next(&table, text));
        assert_string_equal(table.name, names[i]);
        assert_int_equal(table.array, i >= 2);
    }
    assert_false(zreg__toml_next(&table, text));
    assert_true(zreg__toml_find(&table, text, names[1]));
    assert_true(zreg__toml_key(&pair, text, &table, "path"));
    assert_true(zreg__toml_string(&value, pair.value));
    assert_true(zreg__span_is(value, "p"));
    assert_false(zreg__toml_key(&pair, text, &table, "top"));
    assert_true(zreg__toml_find(&table, text, ""));
    assert_true(zreg__toml_key(&pair, text, &table, "list"));
    assert_true(zreg__toml_item(&value, &pair.value) && zreg__span_is(value, "a"));
    assert_true(zreg__toml_item(&value, &pair.value) && zreg__span_is(value, "b"));
    assert_false(zreg__toml_item(&value, &pair.value));
    text = zreg__span_of("list = \n");
    table = (zreg__toml_table){0};
    assert_true(zreg__toml_next(&table, text));
    assert_true(zreg__toml_key(&pair, text, &table, "list"));
    assert_int_equal(pair.value.size, 0);
}

static void test_toml_of_nothing_and_of_noise(void **state)
{
    (void)state;
    static const char *const rows[] = {NULL,       "",      "[",        "[[",      "[\"",
                                       "a = \"",   "a = [", "= 1\n[x",  "]]\n[",   "\"\"\"",
                                       "'''\n[a]", "[a.",   "[a.\"b.c", "a = {\n", "\\\n#"};
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        zreg__span text = zreg__span_of(rows[i] != NULL ? rows[i] : "");
        zreg__toml_table table = {0};
        zreg__toml_pair pair;
        size_t count = 0;
        while (zreg__toml_next(&table, text)) {
            assert_true(++count < 10);
            assert_true(table.end <= text.size && table.body <= table.end);
            zreg__toml_key(&pair, text, &table, "a");
        }
    }
}

static void test_toml_pairs_and_types(void **state)
{
    (void)state;
    zreg__span text = zreg__span_of(
        "a = true\n# b = 1\n\n'c.d' = [[\"x\", 'y'], [\"z\"], \"]\"]\ne.f = 'false'\n");
    static const char *const names[] = {"a", "c.d", "e\nf"};
    zreg__toml_table table = {0};
    zreg__toml_pair pair = {0};
    zreg__span inner;
    zreg__span value;
    bool flag = false;

    assert_true(zreg__toml_next(&table, text));
    for (size_t i = 0; i < ZREG__COUNT(names); i++) {
        assert_true(zreg__toml_pair_next(&pair, text, &table));
        assert_string_equal(pair.name, names[i]);
    }
    assert_false(zreg__toml_bool(&flag, pair.value));
    assert_false(zreg__toml_pair_next(&pair, text, &table));
    assert_true(zreg__toml_key(&pair, text, &table, "a") && zreg__toml_bool(&flag, pair.value));
    assert_true(flag);
    assert_true(zreg__toml_key(&pair, text, &table, "c.d"));
    assert_true(zreg__toml_array(&inner, &pair.value) && zreg__span_is(inner, "[\"x\", 'y']"));
    assert_true(zreg__toml_array(&inner, &pair.value) && zreg__span_is(inner, "[\"z\"]"));
    assert_false(zreg__toml_array(&inner, &pair.value));
    value = zreg__span_of("[\"]\", \"[\"]");
    assert_false(zreg__toml_array(&inner, &value));
}

static void test_toml_that_is_whole(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "\n# x\r\n \t\n",
        "a = 1\nb.\"c d\" = -1.5e+3 # x\nc = 1979-05-27T07:32:00Z",
        "a = [ # x\n  1, # ]\n  [\"b\"],\n  {c = 'd', e = [true]},\n]\n",
        "a = \"\"\"\nb \\\"\"\" c\n\"\"\"\nd = '''x'y'''\n",
        "[a]\n[[b . \"c\"]] # d\ne = {}\nf = []",
        "a = \"x # = [\"\n",
    };
    static const char *const bad[] = {
        "a",           "= 1",         "a = ",
        "a = \"b",     "a = 'b\n'",   "a = [1, 2",
        "a = [1\n2]",  "[a",          "a = {b = 1",
        "a = 1 2",     "[a]]",        "[[a]",
        "[]",          "a. = 1",      "[a] b = 1",
        "a b = 1",     "a = }",       "\x01",
        "a = \"b\" c", "a = {\nb=1}", "a = \"\"\"b\"\"",
    };

    for (size_t i = 0; i < ZREG__COUNT(good); i++) {
        assert_int_equal(zreg__toml_check(zreg__span_of(good[i]), "x", NULL), ZREG_OK);
    }
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        assert_int_equal(zreg__toml_check(zreg__span_of(bad[i]), "x", NULL), ZREG_INVAL);
    }
}

static void test_toml_names_the_line_and_is_not_deep(void **state)
{
    (void)state;
    char deep[200] = "a = ";
    zreg_error err = {0};

    assert_int_equal(zreg__toml_check(zreg__span_of("a = 1\n\nb\n"), "x", &err), ZREG_INVAL);
    assert_string_equal(err.message, "x: line 3 is not TOML");
    memset(deep + 4, '[', 90);
    memset(deep + 94, ']', 90);
    assert_int_equal(zreg__toml_check(zreg__span_of(deep), "x", NULL), ZREG_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_toml_tables),
        cmocka_unit_test(test_toml_of_nothing_and_of_noise),
        cmocka_unit_test(test_toml_pairs_and_types),
        cmocka_unit_test(test_toml_that_is_whole),
        cmocka_unit_test(test_toml_names_the_line_and_is_not_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
