/* SPDX-License-Identifier: Apache-2.0 */
/* hosts.toml: what is taken of it makes hosts, paths and headers that may be sent. */
#include "fuzz.h"

#include "oci/reference.h"
#include "registry/hosts_toml.h"

static void check_server(const zreg__mirror_server *server)
{
    size_t certificates = 0;
    size_t keys = 0;

    fuzz_check(zreg__reference_is_host(zreg__span_of(server->host)));
    fuzz_check(strpbrk(server->base, "?#%\r\n ") == NULL && strstr(server->base, "..") == NULL);
    for (size_t i = 0; server->headers[i] != NULL; i++) {
        fuzz_check(strpbrk(server->headers[i], "\r\n") == NULL);
        fuzz_check(strstr(server->headers[i], ": ") != NULL);
    }
    while (server->certificates != NULL && server->certificates[certificates] != NULL) {
        certificates++;
    }
    while (server->keys != NULL && server->keys[keys] != NULL) {
        keys++;
    }
    fuzz_check(certificates == keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO(zreg__mirror_rule) zreg__mirror_rule rule = {0};
    zreg_error err = {0};
    zreg_status status = zreg__hosts_toml_read(&rule, (zreg__span){(const char *)data, size},
                                               "/x/hosts.toml", "docker.io", &err);

    fuzz_check_result(status, &err);
    if (status == ZREG_OK) {
        check_server(&rule.origin);
        for (size_t i = 0; i < rule.count; i++) {
            check_server(&rule.servers[i]);
        }
    }
    return 0;
}
