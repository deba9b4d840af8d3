/* SPDX-License-Identifier: Apache-2.0 */
#include "node/block.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include <string.h>

/* Before a line that the block stands in for. */
static const char kept[] = "#zreg-kept#";

/* Cuts the next line, its line end included. */
static zreg__span next_line(zreg__span *rest)
{
    const char *end = memchr(rest->text, '\n', rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->text) + 1;
    zreg__span line = {rest->text, size};
    *rest = (zreg__span){rest->text + size, rest->size - size};
    return line;
}

static zreg_status add_kept(zreg__buf *to, zreg__span lines, zreg_error *err)
{
    while (lines.size > 0) {
        zreg__span line = next_line(&lines);
        ZREG__TRY(zreg__buf_text(to, kept, err));
        ZREG__TRY(zreg__buf_append(to, line.text, line.size, err));
        if (line.text[line.size - 1] != '\n') {
            ZREG__TRY(zreg__buf_text(to, "\n", err));
        }
    }
    return ZREG_OK;
}

zreg_status zreg__block_insert(zreg__content *out, const zreg__content *before, size_t at,
                               size_t until, const char *lines, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    const char *bytes = before->exists ? before->bytes : "";
    ZREG__TRY(zreg__buf_append(&text, bytes, at, err));
    if (at > 0 && bytes[at - 1] != '\n') {
        ZREG__TRY(zreg__buf_text(&text, "\n", err));
    }
    ZREG__TRY(zreg__buf_text(&text, ZREG__BLOCK_BEGIN "\n", err));
    ZREG__TRY(add_kept(&text, (zreg__span){bytes + at, until - at}, err));
    ZREG__TRY(zreg__buf_text(&text, lines, err));
    ZREG__TRY(zreg__buf_text(&text, ZREG__BLOCK_END "\n", err));
    ZREG__TRY(zreg__buf_append(&text, bytes + until, before->size - until, err));
    return zreg__content_take(out, &text, err);
}

static bool is_marker(zreg__span line, const char *marker)
{
    while (line.size > 0 && strchr("\r\n", line.text[line.size - 1]) != NULL) {
        line.size--;
    }
    return zreg__span_is(zreg__span_trim(line), marker);
}

/* Reads a block, whose first comment was read, to its end. */
static zreg_status skip_block(zreg__buf *to, zreg__span *rest, zreg_error *err)
{
    size_t prefix = strlen(kept);
    while (rest->size > 0) {
        zreg__span line = next_line(rest);
        if (is_marker(line, ZREG__BLOCK_END)) {
            return ZREG_OK;
        }
        if (line.size > prefix && memcmp(line.text, kept, prefix) == 0) {
            ZREG__TRY(zreg__buf_append(to, line.text + prefix, line.size - prefix, err));
        }
    }
    return zreg__fail(err, ZREG_CONFLICT,
                      "the line \"" ZREG__BLOCK_END
                      "\" is gone; put it back after what zreg wrote");
}

zreg_status zreg__block_remove(zreg__content *out, const zreg__content *current, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    if (!current->exists) {
        return zreg__content_copy(out, current, err);
    }
    zreg__span rest = {current->bytes, current->size};
    while (rest.size > 0) {
        zreg__span line = next_line(&rest);
        if (is_marker(line, ZREG__BLOCK_BEGIN)) {
            ZREG__TRY(skip_block(&text, &rest, err));
        } else {
            ZREG__TRY(zreg__buf_append(&text, line.text, line.size, err));
        }
    }
    return zreg__content_take(out, &text, err);
}
