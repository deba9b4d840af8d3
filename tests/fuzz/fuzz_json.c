/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <json-c/json.h>

/* Whatever is taken is JSON for json-c too, which takes more when it is not strict. */
static void check_with_json_c(const uint8_t *data, size_t size)
{
    struct json_tokener *reader = json_tokener_new_ex(ZREG__MAX_JSON_DEPTH + 2);
    fuzz_check(reader != NULL);
    json_object_put(json_tokener_parse_ex(reader, (const char *)data, (int)size));
    enum json_tokener_error error = json_tokener_get_error(reader);
    /* A number or a word at the end might go on for json-c. */
    fuzz_check(error == json_tokener_success || error == json_tokener_continue);
    json_tokener_free(reader);
}

/* What is printed is the same document: UTF-8, taken again, and printed alike. */
static void check_print(zreg__json *json)
{
    ZREG__AUTO_FREE char *once = NULL;
    ZREG__AUTO_FREE char *lines = NULL;
    ZREG__AUTO_FREE char *again = NULL;
    ZREG__AUTO(zreg__json) zreg__json *read = NULL;
    fuzz_check(zreg__json_print(&once, json, NULL) == ZREG_OK);
    fuzz_check(zreg__utf8_is_valid(once, strlen(once)));
    fuzz_check(zreg__json_print_lines(&lines, json, "\t", NULL) == ZREG_OK);
    fuzz_check(zreg__json_parse(&read, lines, strlen(lines), "fuzz", NULL) == ZREG_OK);
    fuzz_check(zreg__json_equal(json, read));
    fuzz_check(zreg__json_print(&again, read, NULL) == ZREG_OK && strcmp(once, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__AUTO_FREE char *exact = fuzz_text(data, size);
    zreg_error err = {0};
    fuzz_check_result(zreg__json_parse(&json, exact, size, "fuzz", &err), &err);
    fuzz_check(zreg__utf8_is_valid(err.message, strlen(err.message)));
    if (err.code == ZREG_OK) {
        check_with_json_c(data, size);
        check_print(json);
    }
    return 0;
}
