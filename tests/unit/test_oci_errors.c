/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "oci/errors.h"
#include <string.h>

static zreg_error answer(int http_status, const char *body)
{
    zreg_error err = {0};
    zreg_status status = zreg__errors_from_response(&err, http_status, body,
                                                    body ? strlen(body) : 0, "manifest q.io/x:1");
    assert_int_equal(status, err.code);
    assert_int_equal(err.http_status, http_status);
    assert_memory_equal(err.message, "manifest q.io/x:1", 17);
    return err;
}

static void every_code_has_a_name_and_a_status(void **state)
{
    (void)state;
    for (int code = ZREG__BLOB_UNKNOWN; code <= ZREG__TOOMANYREQUESTS; code++) {
        assert_non_null(zreg__errors_name((zreg__code)code));
        assert_in_range(zreg__errors_http_status((zreg__code)code), 400, 599);
    }
}

static void our_bodies_are_read_back(void **state)
{
    (void)state;
    ZREG__AUTO_FREE char *body = NULL;
    assert_int_equal(zreg__errors_body(&body, ZREG__MANIFEST_UNKNOWN, "no \"x\"\n", NULL, NULL),
                     ZREG_OK);
    assert_string_equal(
        body, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"no \\\"x\\\"\\n\"}]}");
    zreg_error err = answer(404, body);
    assert_int_equal(err.code, ZREG_NOTFOUND);
    assert_string_equal(err.registry_code, "MANIFEST_UNKNOWN");
    assert_string_equal(err.message, "manifest q.io/x:1: HTTP 404 MANIFEST_UNKNOWN: no \"x\"?");
}

static void the_status_is_chosen_by_code_then_by_http(void **state)
{
    (void)state;
    const struct {
        int http_status;
        const char *code;
        zreg_status status;
    } rows[] = {
        {400, "", ZREG_INVAL},
        {401, "UNAUTHORIZED", ZREG_DENIED},
        {403, "DENIED", ZREG_DENIED},
        {404, "NAME_UNKNOWN", ZREG_NOTFOUND},
        {404, "UNKNOWN", ZREG_NOTFOUND},
        {400, "MANIFEST_BLOB_UNKNOWN", ZREG_NOTFOUND},
        {400, "DIGEST_INVALID", ZREG_INVAL},
        {400, "UNSUPPORTED", ZREG_UNSUPPORTED},
        {405, "", ZREG_UNSUPPORTED},
        {409, "", ZREG_CONFLICT},
        {413, "SIZE_INVALID", ZREG_LIMIT},
        {429, "TOOMANYREQUESTS", ZREG_BUSY},
        {500, "UNKNOWN", ZREG_PEER},
        {507, "TOOMANYREQUESTS", ZREG_PEER},
        {400, "UNAVAILABLE", ZREG_BUSY},
        {503, "", ZREG_BUSY},
        {504, "", ZREG_PEER},
        {418, "TEAPOT", ZREG_PROTO},
        {302, "", ZREG_PROTO},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO_FREE char *body =
            zreg__asprintf("{\"errors\":[{\"code\":\"%s\",\"message\":\"m\"}]}", rows[i].code);
        zreg_error err = answer(rows[i].http_status, body);
        assert_int_equal(err.code, rows[i].status);
        assert_string_equal(err.registry_code, rows[i].code);
    }
}

static void other_services_bodies_are_understood(void **state)
{
    (void)state;
    const struct {
        const char *body, *message;
    } rows[] = {
        {"{\"details\":\"incorrect username or password\"}", "incorrect username or password"},
        {"{\"error\":\"invalid_grant\"}", "invalid_grant"},
        {"{\"error\":\"x\",\"error_description\":\"long story\"}", "long story"},
        {"{\"message\":\"no such project\"}", "no such project"},
        {"{\"error\":{\"code\":7,\"message\":\"quota\"}}", "quota"},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        zreg_error err = answer(400, rows[i].body);
        assert_non_null(strstr(err.message, rows[i].message));
        assert_string_equal(err.registry_code, "");
    }
}

static void hostile_bodies_do_no_harm(void **state)
{
    (void)state;
    const char *const bodies[] = {
        NULL,
        "",
        "<html>502</html>",
        "[]",
        "null",
        "{\"errors\":null}",
        "{\"errors\":{}}",
        "{\"errors\":[]}",
        "{\"errors\":[null]}",
        "{\"errors\":[{\"code\":5,\"message\":[]}]}",
        "{\"errors\":[{\"code\":\"A B\\r\\nC\"}]}",
        "{\"errors\":[{\"code\":\""
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "\"}]}",
    };
    for (size_t i = 0; i < ZREG__COUNT(bodies); i++) {
        zreg_error err = answer(502, bodies[i]);
        assert_int_equal(err.code, ZREG_PEER);
        assert_string_equal(err.registry_code, "");
        assert_string_equal(err.message, "manifest q.io/x:1: HTTP 502");
    }
}

static void control_characters_are_removed_and_long_text_is_cut(void **state)
{
    (void)state;
    zreg_error err = answer(400, "{\"message\":\"a\\u001b[31m\\r\\nb\"}");
    assert_string_equal(err.message, "manifest q.io/x:1: HTTP 400: a?[31m??b");

    char body[700] = "{\"message\":\"";
    size_t at = strlen(body);
    for (size_t i = 0; i < 300; i++) {
        memcpy(body + at + 2 * i, "\xc3\xa4", 2);
    }
    memcpy(body + at + 600, "\"}", 3);
    err = answer(400, body);
    size_t size = strlen(err.message);
    assert_in_range(size, 200, 260);
    assert_int_equal((unsigned char)err.message[size - 1], 0xa4);
}

static void an_oversized_body_is_not_parsed(void **state)
{
    (void)state;
    size_t size = ZREG__MAX_ERROR_BODY_BYTES + 1;
    ZREG__AUTO_FREE char *body = zreg__calloc(1, size + 1);
    memset(body, ' ', size);
    memcpy(body, "{\"message\":\"m\"}", 15);
    zreg_error err = answer(500, body);
    assert_null(strstr(err.message, ": m"));
}

static void the_first_error_stays(void **state)
{
    (void)state;
    zreg_error err = {.code = ZREG_INVAL, .message = "first"};
    zreg__errors_from_response(&err, 404, NULL, 0, "x");
    assert_string_equal(err.message, "first");
    assert_int_equal(err.http_status, 0);
    assert_int_equal(zreg__errors_from_response(NULL, 404, NULL, 0, "x"), ZREG_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_name_and_a_status),
        cmocka_unit_test(our_bodies_are_read_back),
        cmocka_unit_test(the_status_is_chosen_by_code_then_by_http),
        cmocka_unit_test(other_services_bodies_are_understood),
        cmocka_unit_test(hostile_bodies_do_no_harm),
        cmocka_unit_test(control_characters_are_removed_and_long_text_is_cut),
        cmocka_unit_test(an_oversized_body_is_not_parsed),
        cmocka_unit_test(the_first_error_stays),
    };

    return cmocka_run_group_tests_name("oci errors", tests, NULL, NULL);
}
