/* SPDX-License-Identifier: Apache-2.0 */
/* How values are read and built; which texts are JSON: test_json.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"
#include <string.h>

static zreg__json *document_of(const char *text)
{
    zreg__json *json = NULL;
    assert_int_equal(zreg__json_parse(&json, text, strlen(text), "test", NULL), ZREG_OK);
    return json;
}

static void assert_printed(zreg__json *json, const char *expected)
{
    ZREG__AUTO_FREE char *text = NULL;
    assert_int_equal(zreg__json_print(&text, json, NULL), ZREG_OK);
    assert_string_equal(text, expected);
}

static void what_is_of_another_type_is_not_there(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__json)
    zreg__json *json =
        document_of("{\"t\":\"x\",\"n\":7,\"f\":7.5,\"b\":true,\"no\":false,\"z\":null,"
                    "\"a\":[\"x\",1],\"neg\":-1}");
    const zreg__json *array = zreg__json_get(json, "a");
    uint64_t number = 1;
    assert_string_equal(zreg__json_text(json, "t"), "x");
    assert_null(zreg__json_text(json, "n"));
    assert_null(zreg__json_text(NULL, "t"));
    assert_null(zreg__json_text(array, "t"));
    assert_true(zreg__json_u64(json, "n", &number) && number == 7);
    assert_false(zreg__json_u64(json, "neg", &number) || zreg__json_u64(json, "f", &number) ||
                 zreg__json_u64(json, "t", &number));
    assert_true(zreg__json_bool(json, "b"));
    assert_false(zreg__json_bool(json, "no") || zreg__json_bool(json, "t") ||
                 zreg__json_bool(json, "n") || zreg__json_bool(json, "missing"));
    assert_true(zreg__json_has(json, "z"));
    assert_false(zreg__json_has(json, "missing") || zreg__json_has(array, "z") ||
                 zreg__json_has(NULL, "z"));
    assert_true(zreg__json_is_fraction(zreg__json_get(json, "f")));
    assert_false(zreg__json_is_fraction(zreg__json_get(json, "n")));
    assert_true(zreg__json_is_object(json) && zreg__json_is_array(array));
    assert_false(zreg__json_is_object(array) || zreg__json_is_object(NULL));
    assert_string_equal(zreg__json_as_text(zreg__json_at(array, 0)), "x");
    assert_null(zreg__json_as_text(zreg__json_at(array, 1)));
    assert_null(zreg__json_as_text(zreg__json_at(array, 2)));
    assert_int_equal(zreg__json_length(json), 0);
    assert_int_equal(zreg__json_members(json), 8);
    assert_int_equal(zreg__json_members(array), 0);
}

static void a_text_that_is_none_is_named(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__json) zreg__json *json = document_of("{\"t\":\"x\",\"n\":7,\"z\":null}");
    const char *text = NULL;
    zreg_error err = {0};
    assert_int_equal(zreg__json_read_text(&text, json, "t", "here", &err), ZREG_OK);
    assert_string_equal(text, "x");
    assert_int_equal(zreg__json_read_text(&text, json, "z", "here", &err), ZREG_OK);
    assert_string_equal(text, "");
    assert_int_equal(zreg__json_read_text(&text, json, "missing", "here", &err), ZREG_OK);
    assert_int_equal(zreg__json_read_text(&text, json, "n", "here", &err), ZREG_INVAL);
    assert_string_equal(err.message, "here: \"n\" is not a string");
}

static void members_come_in_their_order(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__json) zreg__json *json = document_of("{\"c\":1,\"a\":null,\"b\":[]}");
    ZREG__AUTO(zreg__json) zreg__json *empty = zreg__json_new_object();
    char seen[4] = "";
    size_t count = 0;
    size_t values = 0;
    for (zreg__json_member member = {0}; zreg__json_next(&member, json);) {
        seen[count++] = member.key[0];
        values += member.value != NULL;
    }
    assert_string_equal(seen, "cab");
    assert_int_equal(values, 2);
    zreg__json_member none = {0};
    assert_false(zreg__json_next(&none, empty));
    assert_false(zreg__json_next(&none, NULL));
    assert_false(zreg__json_next(&none, zreg__json_get(json, "b")));
}

static void documents_are_built(void **state)
{
    (void)state;
    static const char *const texts[] = {"x", "y", NULL};
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    zreg__json *array = NULL, *object = NULL;
    assert_int_equal(zreg__json_set_text(json, "t", "old", NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_u64(json, "n", UINT64_MAX, NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_bool(json, "b", false, NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_null(json, "z", NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_known(json, "k", "", NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_if_known(json, "left out", "", NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_if_known(json, "left out", NULL, NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_span(json, "t", (zreg__span){"new text", 3}, NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_texts(json, "l", texts, NULL), ZREG_OK);
    assert_int_equal(zreg__json_replace_text(zreg__json_get(json, "l"), 1, "z", NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_array(&array, json, "a", NULL), ZREG_OK);
    assert_int_equal(zreg__json_add_object(&object, array, NULL), ZREG_OK);
    assert_int_equal(zreg__json_add_text(array, "last", NULL), ZREG_OK);
    assert_int_equal(zreg__json_add_shared(array, NULL, NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_shared(object, "s", zreg__json_get(json, "l"), NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_object(&object, object, "o", NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_text(object, "p", NULL, NULL), ZREG_OK);
    zreg__json_remove(json, "n");
    assert_printed(json, "{\"t\":\"new\",\"b\":false,\"z\":null,\"k\":null,\"l\":[\"x\",\"z\"],"
                         "\"a\":[{\"s\":[\"x\",\"z\"],\"o\":{\"p\":null}},\"last\",null]}");
}

/* So whoever builds needs not check what was to be built in. */
static void nothing_is_built_in_nothing(void **state)
{
    (void)state;
    zreg__json *out = NULL;
    ZREG__AUTO(zreg__json) zreg__json *array = document_of("[1]");
    assert_int_equal(zreg__json_set_text(NULL, "t", "x", NULL), ZREG_NOMEM);
    assert_int_equal(zreg__json_set_null(NULL, "t", NULL), ZREG_NOMEM);
    assert_int_equal(zreg__json_set_object(&out, NULL, "t", NULL), ZREG_NOMEM);
    assert_int_equal(zreg__json_add_object(&out, NULL, NULL), ZREG_NOMEM);
    assert_int_equal(zreg__json_add_text(NULL, "x", NULL), ZREG_NOMEM);
    assert_int_equal(zreg__json_set(NULL, "t", zreg__json_share(array), NULL), ZREG_NOMEM);
    assert_int_equal(zreg__json_add(array, NULL, NULL), ZREG_NOMEM);
    assert_null(out);
    assert_printed(array, "[1]");
}

static void a_shared_value_outlives_its_document(void **state)
{
    (void)state;
    zreg__json *json = document_of("{\"a\":{\"x\":1,\"y\":[2]}}");
    ZREG__AUTO(zreg__json) zreg__json *same = document_of("{\"y\":[2],\"x\":1}");
    ZREG__AUTO(zreg__json) zreg__json *kept = zreg__json_share(zreg__json_get(json, "a"));
    zreg__json_free(json);
    zreg__json_free(NULL);
    assert_null(zreg__json_share(NULL));
    assert_true(zreg__json_equal(kept, same) && zreg__json_equal(NULL, NULL));
    assert_false(zreg__json_equal(kept, NULL) || zreg__json_equal(kept, zreg__json_get(same, "y")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_of_another_type_is_not_there),
        cmocka_unit_test(a_text_that_is_none_is_named),
        cmocka_unit_test(members_come_in_their_order),
        cmocka_unit_test(documents_are_built),
        cmocka_unit_test(nothing_is_built_in_nothing),
        cmocka_unit_test(a_shared_value_outlives_its_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
