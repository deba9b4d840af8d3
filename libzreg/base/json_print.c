/* SPDX-License-Identifier: Apache-2.0 */
/* Printing of texts, lists and objects is ours as reading is: json-c's differs in empty lists, and prints any bytes
 * as a text. */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/limits.h"
#include "base/mem.h"
#include <json-c/json.h>
#include <string.h>

typedef struct writer {
    zreg__buf text;
    const char *indent; /* of one level; NULL: no spaces and line ends at all */
    size_t depth;
    bool cleans;       /* replaces what is no UTF-8 */
    const char *field; /* the key of what is being printed, or NULL */
    zreg_error *err;
} writer;

static void writer_finish(writer *out)
{
    zreg__buf_finish(&out->text);
}

ZREG__DEFINE_AUTO_VALUE(writer, writer_finish)

static zreg_status put(writer *out, const char *text)
{
    return zreg__buf_text(&out->text, text, out->err);
}

static zreg_status put_text(writer *out, const char *text, size_t size)
{
    return zreg__json_text_put(&out->text, (zreg__span){text, size}, out->cleans, out->field,
                               out->err);
}

static zreg_status put_line_end(writer *out)
{
    if (out->indent == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(put(out, "\n"));
    for (size_t i = 0; i < out->depth; i++) {
        ZREG__TRY(put(out, out->indent));
    }
    return ZREG_OK;
}

static zreg_status put_value(writer *out, zreg__json *json);

static zreg_status put_array(writer *out, zreg__json *array)
{
    size_t count = zreg__json_length(array);
    ZREG__TRY(put(out, "["));
    out->depth++;
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(put(out, i == 0 ? "" : ","));
        ZREG__TRY(put_line_end(out));
        ZREG__TRY(put_value(out, zreg__json_at(array, i)));
    }
    out->depth--;
    ZREG__TRY(count == 0 ? ZREG_OK : put_line_end(out));
    return put(out, "]");
}

static zreg_status put_member(writer *out, const char *key, zreg__json *value)
{
    const char *outer = out->field;
    ZREG__TRY(put_line_end(out));
    out->field = key;
    ZREG__TRY(put_text(out, key, strlen(key)));
    ZREG__TRY(put(out, out->indent == NULL ? ":" : ": "));
    ZREG__TRY(put_value(out, value));
    out->field = outer;
    return ZREG_OK;
}

static zreg_status put_object(writer *out, zreg__json *object)
{
    bool first = true;
    ZREG__TRY(put(out, "{"));
    out->depth++;
    for (zreg__json_member member = {0}; zreg__json_next(&member, object);) {
        ZREG__TRY(put(out, first ? "" : ","));
        ZREG__TRY(put_member(out, member.key, member.value));
        first = false;
    }
    out->depth--;
    ZREG__TRY(first ? ZREG_OK : put_line_end(out));
    return put(out, "}");
}

static zreg_status put_value(writer *out, zreg__json *json)
{
    switch (json_object_get_type(json)) {
    case json_type_object:
        return put_object(out, json);
    case json_type_array:
        return put_array(out, json);
    case json_type_string:
        return put_text(out, json_object_get_string(json),
                        (size_t)json_object_get_string_len(json));
    case json_type_null:
        return put(out, "null");
    default: {
        const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
        return text == NULL ? zreg__fail_nomem(out->err) : put(out, text);
    }
    }
}

static zreg_status print(char **out_text, zreg__json *json, const char *indent, bool cleans,
                         zreg_error *err)
{
    ZREG__AUTO(writer)
    writer out = {.text = ZREG__SECRET_BUF(ZREG__MAX_JSON_BYTES),
                  .indent = indent,
                  .cleans = cleans,
                  .err = err};
    ZREG__TRY(put_value(&out, json));
    char *text = zreg__buf_steal(&out.text);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    *out_text = text;
    return ZREG_OK;
}

zreg_status zreg__json_print(char **out, zreg__json *json, zreg_error *err)
{
    return print(out, json, NULL, false, err);
}

zreg_status zreg__json_print_report(char **out, zreg__json *json, zreg_error *err)
{
    return print(out, json, NULL, true, err);
}

zreg_status zreg__json_print_lines(char **out, zreg__json *json, const char *indent,
                                   zreg_error *err)
{
    return print(out, json, indent, false, err);
}
