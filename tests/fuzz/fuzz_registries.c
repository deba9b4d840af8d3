/* SPDX-License-Identifier: Apache-2.0 */
/* registries.conf: what is taken of it makes names and hosts that may be asked. */
#include "fuzz.h"

#include "oci/reference.h"
#include "registry/registries_conf.h"

static const char *const names[] = {"docker.io/library/x:1", "e.com", "a.e.com:5000/a/b@sha256:0",
                                    "localhost/x"};

static void check_server(const zreg__mirror_server *server)
{
    fuzz_check(zreg__reference_is_host(zreg__span_of(server->host)));
    fuzz_check(server->path[0] == '\0' ||
               zreg__reference_is_repository(zreg__span_of(server->path)));
    fuzz_check(strcmp(server->base, "/v2") == 0);
    fuzz_check(server->serves != 0);
}

static void look_for(const zreg__mirror_rules *rules, const char *name)
{
    size_t size = 0;
    const zreg__mirror_rule *rule = zreg__mirror_rules_find(&size, rules, name);

    if (rule == NULL) {
        return;
    }
    fuzz_check(size > 0 && size <= strlen(name));
    for (size_t i = 0; i < rule->count; i++) {
        ZREG__AUTO_FREE char *repository =
            zreg__mirror_server_repository(&rule->servers[i], name, size);
        fuzz_check(repository == NULL || strstr(repository, "..") == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO(zreg__mirror_rules) zreg__mirror_rules rules = {0};
    zreg_error err = {0};
    zreg_status status =
        zreg__registries_conf_read(&rules, (zreg__span){(const char *)data, size}, "x.conf", &err);

    fuzz_check_result(status, &err);
    for (size_t i = 0; i < rules.count; i++) {
        fuzz_check(rules.items[i].prefix[0] != '\0');
        for (size_t j = 0; j < rules.items[i].count; j++) {
            check_server(&rules.items[i].servers[j]);
        }
        if (rules.items[i].has_origin) {
            check_server(&rules.items[i].origin);
        }
    }
    for (size_t i = 0; i < ZREG__COUNT(names); i++) {
        look_for(&rules, names[i]);
    }
    return 0;
}
