/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts: the name that stands for a registry known by its address. */
#include "node/block.h"
#include "node/driver.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

#define HOSTS "/etc/hosts"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Whether a line gives the alias an address. */
static bool names_alias(zreg__span line)
{
    const char *comment = memchr(line.text, '#', line.size);
    size_t size = comment == NULL ? line.size : (size_t)(comment - line.text);
    size_t at = 0;
    while (at < size) {
        size_t begin = at;
        while (at < size && !is_blank(line.text[at])) {
            at++;
        }
        if (zreg__span_is_nocase((zreg__span){line.text + begin, at - begin}, ZREG__HOST_ALIAS)) {
            return true;
        }
        at += at < size;
    }
    return false;
}

/* Before the first line that names the alias too, since the first one counts; else the end. */
static size_t find_place(const zreg__content *hosts)
{
    size_t at = 0;
    while (at < hosts->size) {
        const char *begin = hosts->bytes + at;
        const char *end = memchr(begin, '\n', hosts->size - at);
        size_t size = end == NULL ? hosts->size - at : (size_t)(end - begin);
        if (names_alias((zreg__span){begin, size})) {
            return at;
        }
        at += size + (end != NULL);
    }
    return hosts->size;
}

static zreg_status plan_hosts(zreg__steps *plan, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content before = {0};
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    if (plan->connection->address == NULL) {
        return ZREG_OK;
    }
    ZREG__AUTO_FREE char *line =
        zreg__asprintf("%s %s\n", plan->connection->address, ZREG__HOST_ALIAS);
    if (line == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__steps_read(&before, plan, HOSTS, err));
    size_t at = find_place(&before);
    ZREG__TRY(zreg__block_insert(&after, &before, at, at, line, err));
    return zreg__steps_write(plan, HOSTS, &zreg__format_block, ZREG__WANTS_NOTHING, &after, err);
}

const zreg__node_driver zreg__node_driver_hosts = {.name = "hosts", .plan = plan_hosts};
