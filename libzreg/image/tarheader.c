/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tarheader.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The block as POSIX lays it out. */
typedef struct block {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char target[100];
    char magic[6];
    char version[2];
    char owner[32];
    char group[32];
    char device_major[8];
    char device_minor[8];
    char prefix[155];
    char unused[12];
} block;

_Static_assert(sizeof(block) == ZREG__TAR_BLOCK, "the header fills one block");

#define LARGEST_OCTAL 077777777777ull /* what the 11 digits of size and mtime hold */

/* Fills a field with octal digits and a NUL. */
static void put_octal(char *field, size_t size, uint64_t number)
{
    field[size - 1] = '\0';
    for (size_t i = size - 1; i-- > 0; number >>= 3) {
        field[i] = (char)('0' + (number & 7));
    }
}

/* The field need not end with NUL; what does not fit is in a pax header. */
static void put_text(char *field, size_t size, const char *text)
{
    size_t length = strlen(text);
    memcpy(field, text, length < size ? length : size);
}

static unsigned checksum(const block *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof(*header); i++) {
        bool inside = i >= offsetof(block, checksum) && i < offsetof(block, type);
        sum += inside ? ' ' : bytes[i];
    }
    return sum;
}

static uint64_t if_fits(uint64_t number)
{
    return number <= LARGEST_OCTAL ? number : 0;
}

static zreg_status add_block(zreg__buf *to, char type, const zreg__tarheader *entry,
                             zreg_error *err)
{
    block header = {.type = type, .magic = "ustar", .version = {'0', '0'}};
    put_text(header.name, sizeof(header.name), entry->path);
    put_text(header.target, sizeof(header.target), entry->target);
    put_octal(header.mode, sizeof(header.mode), entry->mode & 07777);
    put_octal(header.uid, sizeof(header.uid), 0);
    put_octal(header.gid, sizeof(header.gid), 0);
    put_octal(header.size, sizeof(header.size), if_fits(entry->size_bytes));
    put_octal(header.mtime, sizeof(header.mtime), if_fits((uint64_t)entry->mtime_s));
    put_octal(header.device_major, sizeof(header.device_major), 0);
    put_octal(header.device_minor, sizeof(header.device_minor), 0);
    put_octal(header.checksum, sizeof(header.checksum) - 1, checksum(&header));
    header.checksum[7] = ' ';
    return zreg__buf_append(to, &header, sizeof(header), err);
}

static size_t digits_of(size_t number)
{
    size_t digits = 1;
    for (; number >= 10; number /= 10) {
        digits++;
    }
    return digits;
}

/* A record is "LENGTH KEY=VALUE\n", where the length counts its own digits too. */
static zreg_status add_record(zreg__buf *to, const char *key, const char *value, zreg_error *err)
{
    size_t rest = strlen(key) + strlen(value) + 3;
    size_t length = rest + 1;
    while (length != rest + digits_of(length)) {
        length = rest + digits_of(length);
    }
    return zreg__buf_printf(to, err, "%zu %s=%s\n", length, key, value);
}

static zreg_status add_number(zreg__buf *to, const char *key, uint64_t number, zreg_error *err)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, number);
    return number <= LARGEST_OCTAL ? ZREG_OK : add_record(to, key, text, err);
}

static zreg_status add_records(zreg__buf *to, const zreg__tarheader *entry, zreg_error *err)
{
    if (strlen(entry->path) > sizeof(((block *)0)->name)) {
        ZREG__TRY(add_record(to, "path", entry->path, err));
    }
    if (strlen(entry->target) > sizeof(((block *)0)->target)) {
        ZREG__TRY(add_record(to, "linkpath", entry->target, err));
    }
    ZREG__TRY(add_number(to, "size", entry->size_bytes, err));
    return add_number(to, "mtime", (uint64_t)entry->mtime_s, err);
}

static zreg_status pad(zreg__buf *to, zreg_error *err)
{
    static const char zeros[ZREG__TAR_BLOCK];
    size_t over = to->size % ZREG__TAR_BLOCK;
    return over == 0 ? ZREG_OK : zreg__buf_append(to, zeros, ZREG__TAR_BLOCK - over, err);
}

static zreg_status add_pax(zreg__buf *to, const zreg__buf *records, zreg_error *err)
{
    const zreg__tarheader pax = {
        .path = "PaxHeaders/entry", .target = "", .mode = 0644, .size_bytes = records->size};
    if (records->size == 0) {
        return ZREG_OK;
    }
    ZREG__TRY(add_block(to, 'x', &pax, err));
    ZREG__TRY(zreg__buf_append(to, records->data, records->size, err));
    return pad(to, err);
}

zreg_status zreg__tarheader_add(zreg__buf *to, const zreg__tarheader *entry, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf records = ZREG__BUF(4 * ZREG__MAX_TREE_PATH);
    ZREG__TRY(add_records(&records, entry, err));
    ZREG__TRY(add_pax(to, &records, err));
    return add_block(to, (char)entry->type, entry, err);
}

/* GNU's form has other things where ustar has the prefix; older ones have nothing behind the target. */
static void make_ustar(block *header)
{
    if (memcmp(header->magic, "ustar", 5) != 0) {
        memset(header->owner, 0, sizeof(header->owner));
        memset(header->group, 0, sizeof(header->group));
        put_octal(header->device_major, sizeof(header->device_major), 0);
        put_octal(header->device_minor, sizeof(header->device_minor), 0);
    }
    memcpy(header->magic, "ustar", 6);
    memcpy(header->version, "00", 2);
    memset(header->prefix, 0, sizeof(header->prefix));
    memset(header->unused, 0, sizeof(header->unused));
    memset(header->name, 0, sizeof(header->name));
    memset(header->target, 0, sizeof(header->target));
}

zreg_status zreg__tarheader_add_as(zreg__buf *to, const zreg__tarheader *entry, const void *bytes,
                                   const zreg__buf *records, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf all = ZREG__BUF(SIZE_MAX / 2);
    block header;
    memcpy(&header, bytes, sizeof(header));
    ZREG__TRY(zreg__buf_append(&all, records->data, records->size, err));
    ZREG__TRY(add_records(&all, entry, err));
    ZREG__TRY(add_pax(to, &all, err));
    make_ustar(&header);
    header.type = (char)entry->type;
    put_text(header.name, sizeof(header.name), entry->path);
    put_text(header.target, sizeof(header.target), entry->target);
    put_octal(header.size, sizeof(header.size), if_fits(entry->size_bytes));
    put_octal(header.checksum, sizeof(header.checksum) - 1, checksum(&header));
    header.checksum[7] = ' ';
    return zreg__buf_append(to, &header, sizeof(header), err);
}

/* --- reading */

/* A number in octal, or in base 256 when the top bit of the first byte is set (GNU). */
static bool parse_number(uint64_t *out, const char *field, size_t size)
{
    uint64_t value = 0;
    bool binary = ((unsigned char)field[0] & 0x80) != 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)field[i];
        if (binary) {
            if (value >> 55 != 0) {
                return false;
            }
            value = value << 8 | (i == 0 ? c & 0x7f : c);
        } else if (c >= '0' && c <= '7') {
            value = value << 3 | (uint64_t)(c - '0');
        } else if (c != ' ' && c != '\0') {
            return false;
        }
    }
    *out = value;
    return true;
}

static char *field_text(const char *field, size_t size)
{
    return zreg__strndup(field, strnlen(field, size));
}

bool zreg__tarheader_is_end(const void *bytes)
{
    static const char zeros[ZREG__TAR_BLOCK];
    return memcmp(bytes, zeros, sizeof(zeros)) == 0;
}

bool zreg__tarheader_is_valid(const void *bytes)
{
    const block *header = bytes;
    uint64_t told = 0;
    return parse_number(&told, header->checksum, sizeof(header->checksum)) &&
           told == checksum(header);
}

char zreg__tarheader_type_of(const void *bytes)
{
    return ((const block *)bytes)->type;
}

bool zreg__tarheader_size(uint64_t *out, const void *bytes)
{
    const block *header = bytes;
    return parse_number(out, header->size, sizeof(header->size));
}

char *zreg__tarheader_name(const void *bytes)
{
    const block *header = bytes;
    ZREG__AUTO_FREE char *name = field_text(header->name, sizeof(header->name));
    ZREG__AUTO_FREE char *prefix = field_text(header->prefix, sizeof(header->prefix));
    if (name == NULL || prefix == NULL) {
        return NULL;
    }
    bool ustar = memcmp(header->magic, "ustar", 6) == 0;
    return ustar && prefix[0] != '\0' ? zreg__asprintf("%s/%s", prefix, name) : zreg__steal(&name);
}

char *zreg__tarheader_target(const void *bytes)
{
    const block *header = bytes;
    return field_text(header->target, sizeof(header->target));
}
