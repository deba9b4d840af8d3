/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/range.h"

#include "base/str.h"
#include <string.h>

/* What follows the unit "bytes" and `separator`, trimmed; text NULL when that does not stand at
 * the front. */
static zreg__span after_unit(const char *header, char separator)
{
    zreg__span rest = zreg__span_trim(zreg__span_of(header));
    zreg__span unit = zreg__span_cut(&rest, separator);
    return zreg__span_is_nocase(unit, "bytes") && rest.text != NULL ? zreg__span_trim(rest)
                                                                    : (zreg__span){NULL, 0};
}

/* "F-L" with both ends. */
static bool parse_pair(uint64_t *first, uint64_t *last, zreg__span text)
{
    zreg__span left = zreg__span_cut(&text, '-');
    return zreg__span_u64(left, first) && zreg__span_u64(text, last) && *first <= *last;
}

static zreg__range_result suffix(uint64_t *first, uint64_t *last, zreg__span count_text,
                                 uint64_t size)
{
    uint64_t count = 0;
    if (!zreg__span_u64(count_text, &count)) {
        return ZREG__RANGE_NONE;
    }
    if (count == 0 || size == 0) {
        return ZREG__RANGE_UNSATISFIABLE;
    }
    *first = count < size ? size - count : 0;
    *last = size - 1;
    return ZREG__RANGE_OK;
}

zreg__range_result zreg__range_request(uint64_t *first, uint64_t *last, const char *header,
                                       uint64_t size)
{
    zreg__span rest = after_unit(header, '=');
    if (rest.text == NULL) {
        return ZREG__RANGE_NONE;
    }
    zreg__span left = zreg__span_cut(&rest, '-');
    if (rest.text == NULL) {
        return ZREG__RANGE_NONE;
    }
    if (left.size == 0) {
        return suffix(first, last, rest, size);
    }
    uint64_t from = 0;
    uint64_t to = UINT64_MAX;
    if (!zreg__span_u64(left, &from) || (rest.size > 0 && !zreg__span_u64(rest, &to)) ||
        to < from) {
        return ZREG__RANGE_NONE;
    }
    if (from >= size) {
        return ZREG__RANGE_UNSATISFIABLE;
    }
    *first = from;
    *last = to < size ? to : size - 1;
    return ZREG__RANGE_OK;
}

bool zreg__range_content(uint64_t *first, uint64_t *last, uint64_t *size, const char *header)
{
    zreg__span whole = after_unit(header, ' ');
    zreg__span range = zreg__span_cut(&whole, '/');
    uint64_t from = 0;
    uint64_t to = 0;
    uint64_t total = UINT64_MAX;
    if (!parse_pair(&from, &to, range) || whole.text == NULL) {
        return false;
    }
    if (!zreg__span_is(whole, "*") && (!zreg__span_u64(whole, &total) || to >= total)) {
        return false;
    }
    *first = from;
    *last = to;
    *size = total;
    return true;
}

bool zreg__range_upload(uint64_t *first, uint64_t *last, const char *header)
{
    zreg__span text = after_unit(header, '=');
    if (text.text == NULL) {
        text = after_unit(header, ' ');
    }
    if (text.text == NULL) {
        text = zreg__span_trim(zreg__span_of(header));
    }
    uint64_t from = 0;
    uint64_t to = 0;
    if (!parse_pair(&from, &to, text)) {
        return false;
    }
    *first = from;
    *last = to;
    return true;
}
