/* SPDX-License-Identifier: Apache-2.0 */
#include "sync_hosts.h"

#include "memory.h"
#include "values.h"
#include <fnmatch.h>
#include <string.h>

bool sync_hosts_is_host(const sync_line *line)
{
    return values_is_host(line->src);
}

/* Without the prefix and a slash at the end, in new memory. */
static char *bare(const char *place)
{
    const char *name = strncmp(place, "docker://", 9) == 0 ? place + 9 : place;
    size_t size = strlen(name);
    size -= size > 0 && name[size - 1] == '/' ? 1 : 0;
    return memory_printf("%.*s", (int)size, name);
}

static bool is_layout(const char *place)
{
    return strncmp(place, "oci:", 4) == 0;
}

zreg_status sync_hosts_check(session *s, const sync_line *line)
{
    AUTO_FREE char *src = bare(line->src);
    AUTO_FREE char *dst = bare(line->dst);
    if (values_is_local(line->dst) &&
        (!is_layout(line->dst) || strchr(line->dst + 4, ':') != NULL)) {
        return session_misuse(s,
                              "\"%s\" cannot hold a whole registry; write HOST[:PORT], "
                              "HOST[:PORT]/PREFIX or oci:DIR",
                              line->dst);
    }
    if (strcmp(src, dst) == 0) {
        return session_misuse(s, "source and destination are both \"%s\"", line->dst);
    }
    if (!is_layout(line->dst) && !values_is_host(line->dst) &&
        (values_names_tag(dst) || strchr(dst, '@') != NULL)) {
        return session_misuse(s, "\"%s\" has a tag; write HOST[:PORT] or HOST[:PORT]/PREFIX",
                              line->dst);
    }
    return ZREG_OK;
}

static bool fits_one(const char *const *patterns, const char *name)
{
    for (; *patterns != NULL; patterns++) {
        if (fnmatch(*patterns, name, 0) == 0) {
            return true;
        }
    }
    return false;
}

/* What an earlier run put below a prefix on the same host is no source of this one. */
static bool is_own_copy(const char *src, const char *dst, const char *repository)
{
    AUTO_FREE char *place = memory_printf("%s/%s", src, repository);
    size_t size = strlen(dst);
    return strncmp(place, dst, size) == 0 && (place[size] == '/' || place[size] == '\0');
}

static bool is_wanted(const session *s, const char *repository)
{
    const char *const *wanted = options_list(&s->given, "repositories");
    return (wanted[0] == NULL || fits_one(wanted, repository)) &&
           !fits_one(options_list(&s->given, "exclude-repositories"), repository);
}

/* A name that is none is the registry's fault, and no path of ours. */
static zreg_status walk_one(session *s, const sync_line *line, const char *repository,
                            sync_hosts_fn each, void *user)
{
    AUTO_FREE char *from = bare(line->src);
    AUTO_FREE char *to = bare(line->dst);
    AUTO_FREE char *src = memory_printf("%s/%s", from, repository);
    AUTO_FREE char *dst = memory_printf("%s/%s", to, repository);
    sync_line own = *line;
    zreg_ref *ref = NULL;
    zreg_status status = zreg_ref_parse(&ref, src, &s->err);
    bool is_name = status == ZREG_OK && strcmp(zreg_ref_repository(ref), repository) == 0 &&
                   !values_names_tag(src);
    zreg_ref_free(ref);
    if (!is_name) {
        return session_fail(s, ZREG_PROTO, "%s: its catalog has \"%.100s\", which is no repository",
                            from, repository);
    }
    own.src = src;
    own.dst = dst;
    return is_own_copy(from, to, repository) ? ZREG_OK : each(s, user, &own);
}

zreg_status sync_hosts_walk(session *s, const sync_line *line, sync_hosts_fn each, void *user)
{
    AUTO_FREE char *host = bare(line->src);
    zreg_strings *names = NULL;
    zreg_status status = zreg_client_catalog(&names, s->client, host, s->cancel, &s->err);
    for (size_t i = 0; status == ZREG_OK && i < zreg_strings_count(names); i++) {
        const char *repository = zreg_strings_at(names, i);
        if (zreg_cancel_triggered(s->cancel)) {
            status = session_fail(s, ZREG_CANCELLED, "%s: stopped before %s", host, repository);
            break;
        }
        status = is_wanted(s, repository) ? walk_one(s, line, repository, each, user) : ZREG_OK;
    }
    zreg_strings_free(names);
    return status;
}
