/* SPDX-License-Identifier: Apache-2.0 */
/* Quay's API, which tells when a tag was set and deletes one tag. */
#include "registry/tagapi.h"

/* When the tag came to hold what it holds: start_ts in seconds, last_modified as a date. */
static int64_t pushed_s(const zreg__json *tag)
{
    uint64_t seconds;
    int64_t when = zreg__fetch_date(zreg__json_text(tag, "last_modified"));

    if (zreg__json_u64(tag, "start_ts", &seconds) && seconds > 0) {
        return (int64_t)seconds;
    }
    return when > 0 ? when : ZREG__NO_TIME;
}

static bool has_more(const zreg__json *page)
{
    return zreg__json_bool(page, "has_additional");
}

const zreg__tagapi zreg__tagapi_quay = {
    .name = "Quay",
    .repositories = "/api/v1/repository/",
    .tags = "/tag/",
    .query = "?onlyActiveTags=true&limit=100", /* more is refused */
    .tag_end = "",
    .key = "tags",
    .has_more = has_more,
    .pushed_s = pushed_s,
    .wants_token = "Quay deletes tags for an OAuth token only; give one",
};
