/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tarstream.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

#define MAX_EXTENSION ((size_t)1024 * ZREG__KIB)

void zreg__tarstream_begin(zreg__tarstream *tar, const zreg__tarstream_reader *reader)
{
    *tar = (zreg__tarstream){
        .reader = *reader, .text = ZREG__BUF(MAX_EXTENSION), .pax = ZREG__BUF(MAX_EXTENSION)};
}

void zreg__tarstream_finish(zreg__tarstream *tar)
{
    zreg__buf_finish(&tar->text);
    zreg__buf_finish(&tar->pax);
    free(tar->name);
    free(tar->target);
}

static void forget(zreg__tarstream *tar)
{
    free(tar->name);
    free(tar->target);
    tar->name = NULL;
    tar->target = NULL;
    tar->has_size = false;
    zreg__buf_reset(&tar->pax);
}

/* --- headers that describe the entry after them */

static zreg_status set_text(char **to, const char *text, size_t size, zreg_error *err)
{
    if (memchr(text, '\0', size) != NULL) {
        return zreg__fail(err, ZREG_CORRUPT, "a tar header has a name with a NUL in it");
    }
    free(*to);
    *to = zreg__strndup(text, size);
    return *to != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status take_record(zreg__tarstream *tar, zreg__span record, zreg__span key,
                               zreg__span value, zreg_error *err)
{
    if (zreg__span_is(key, "path") || zreg__span_is(key, "linkpath")) {
        return set_text(key.size == 4 ? &tar->name : &tar->target, value.text, value.size, err);
    }
    if (zreg__span_is(key, "size")) {
        tar->has_size = zreg__span_u64(value, &tar->size_bytes);
        return tar->has_size ? ZREG_OK : zreg__fail(err, ZREG_CORRUPT, "a pax size is no number");
    }
    if (key.size >= 11 && strncmp(key.text, "GNU.sparse.", 11) == 0) {
        return zreg__fail(err, ZREG_UNSUPPORTED, "a sparse file in a tar archive is not read");
    }
    return zreg__buf_append(&tar->pax, record.text, record.size, err);
}

/* Records "LENGTH KEY=VALUE\n", where LENGTH counts itself too. */
static zreg_status take_pax(zreg__tarstream *tar, const char *text, size_t size, zreg_error *err)
{
    for (size_t at = 0; at < size;) {
        zreg__span rest = {text + at, size - at};
        uint64_t length = 0;
        zreg__span number = zreg__span_cut(&rest, ' ');
        if (!zreg__span_u64(number, &length) || length > size - at || length < number.size + 3 ||
            text[at + length - 1] != '\n') {
            return zreg__fail(err, ZREG_CORRUPT, "a pax header is malformed");
        }
        zreg__span value = {rest.text, length - number.size - 2};
        zreg__span key = zreg__span_cut(&value, '=');
        if (value.text == NULL) {
            return zreg__fail(err, ZREG_CORRUPT, "a pax header is malformed");
        }
        ZREG__TRY(take_record(tar, (zreg__span){text + at, length}, key, value, err));
        at += length;
    }
    return ZREG_OK;
}

static zreg_status take_extension(zreg__tarstream *tar, zreg_error *err)
{
    const char *text = zreg__buf_cstr(&tar->text);
    switch (tar->extension) {
    case 'x':
        return take_pax(tar, text, tar->text.size, err);
    case 'L':
        return set_text(&tar->name, text, strlen(text), err);
    case 'K':
        return set_text(&tar->target, text, strlen(text), err);
    default: /* of all entries, such as a comment */
        return ZREG_OK;
    }
}

static bool is_extension(char type)
{
    return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

/* --- entries */

/* Old archives tell a folder by the slash at its end alone. */
static char plain_type(char type, const char *name)
{
    bool regular = type == '\0' || type == '0' || type == '7';
    if (regular && name[0] != '\0' && name[strlen(name) - 1] == '/') {
        return ZREG__TAR_FOLDER;
    }
    return regular ? ZREG__TAR_FILE : type;
}

static zreg_status tell(zreg__tarstream *tar, uint64_t size_bytes, zreg_error *err)
{
    char type = zreg__tarheader_type_of(tar->block);
    ZREG__AUTO_FREE char *name =
        tar->name != NULL ? zreg__steal(&tar->name) : zreg__tarheader_name(tar->block);
    ZREG__AUTO_FREE char *target =
        tar->target != NULL ? zreg__steal(&tar->target) : zreg__tarheader_target(tar->block);
    if (name == NULL || target == NULL) {
        return zreg__fail_nomem(err);
    }
    type = plain_type(type, name);
    if (type < '0' || type > '6') {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          type == 'S' ? "a sparse file in a tar archive is not read"
                                      : "a tar archive has an entry of a type that is not known");
    }
    const zreg__tarentry entry = {.type = type,
                                  .name = name,
                                  .target = target,
                                  .size_bytes = type == ZREG__TAR_FILE ? size_bytes : 0,
                                  .block = tar->block,
                                  .pax = &tar->pax};
    tar->left = entry.size_bytes;
    ZREG__TRY(tar->reader.entry(tar->reader.user, &entry, err));
    forget(tar);
    return tar->left > 0 ? ZREG_OK : tar->reader.end(tar->reader.user, err);
}

static zreg_status take_header(zreg__tarstream *tar, zreg_error *err)
{
    uint64_t size = 0;
    char type = zreg__tarheader_type_of(tar->block);
    if (zreg__tarheader_is_end(tar->block)) {
        tar->over = true;
        return ZREG_OK;
    }
    if (!zreg__tarheader_is_valid(tar->block) || !zreg__tarheader_size(&size, tar->block)) {
        return zreg__fail(err, ZREG_CORRUPT, "it is no tar archive, or damaged");
    }
    tar->extension = is_extension(type) ? type : '\0';
    if (tar->extension == '\0') {
        ZREG__TRY(tell(tar, tar->has_size ? tar->size_bytes : size, err));
    } else if (size > MAX_EXTENSION) {
        return zreg__fail(err, ZREG_LIMIT, "a tar header has more than %zu bytes", MAX_EXTENSION);
    } else {
        zreg__buf_reset(&tar->text);
        tar->left = size;
    }
    tar->padding = (size_t)((ZREG__TAR_BLOCK - tar->left % ZREG__TAR_BLOCK) % ZREG__TAR_BLOCK);
    return ZREG_OK;
}

static zreg_status take_content(zreg__tarstream *tar, const void *bytes, size_t size,
                                zreg_error *err)
{
    tar->left -= size;
    if (tar->extension == '\0') {
        ZREG__TRY(tar->reader.data(tar->reader.user, bytes, size, err));
        return tar->left > 0 ? ZREG_OK : tar->reader.end(tar->reader.user, err);
    }
    ZREG__TRY(zreg__buf_append(&tar->text, bytes, size, err));
    return tar->left > 0 ? ZREG_OK : take_extension(tar, err);
}

static size_t least(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

zreg_status zreg__tarstream_feed(zreg__tarstream *tar, const void *bytes, size_t size,
                                 zreg_error *err)
{
    const unsigned char *from = bytes;
    for (size_t used; size > 0 && !tar->over; from += used, size -= used) {
        if (tar->left > 0) {
            used = least(tar->left, size);
            ZREG__TRY(take_content(tar, from, used, err));
        } else if (tar->padding > 0) {
            used = least(tar->padding, size);
            tar->padding -= used;
        } else {
            used = least(ZREG__TAR_BLOCK - tar->filled, size);
            memcpy(tar->block + tar->filled, from, used);
            tar->filled = (tar->filled + used) % ZREG__TAR_BLOCK;
            ZREG__TRY(tar->filled == 0 ? take_header(tar, err) : ZREG_OK);
        }
    }
    return ZREG_OK;
}

zreg_status zreg__tarstream_end(const zreg__tarstream *tar, zreg_error *err)
{
    return tar->over || (tar->left == 0 && tar->filled == 0 && tar->extension == '\0')
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "the tar archive is cut off");
}
