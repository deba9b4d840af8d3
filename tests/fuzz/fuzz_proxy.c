/* SPDX-License-Identifier: Apache-2.0 */
/* The first line is a proxy, the second one NO_PROXY, the third the host. */
#include "fuzz.h"

#include "http/proxy.h"

static char *lines[3];

static const char *variable(const char *name)
{
    return strcmp(name, "https_proxy") == 0 ? lines[0]
           : strcmp(name, "no_proxy") == 0  ? lines[1]
                                            : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = fuzz_text(data, size);
    ZREG__AUTO(zreg__proxies) zreg__proxies proxies = {0};
    zreg__fetch_url url = {.tls = true, .port = 443};
    const zreg__proxy *proxy = NULL;
    zreg_error err = {0};
    char *at = text;

    for (size_t i = 0; i < ZREG__COUNT(lines); i++) {
        char *next = at + strcspn(at, "\n");
        lines[i] = at;
        at = *next != '\0' ? next + 1 : next;
        *next = '\0';
    }
    url.host = lines[2];
    fuzz_check(zreg__proxies_read(&proxies, variable, &err) == ZREG_OK);
    fuzz_check_result(zreg__proxies_choose(&proxy, &proxies, &url, &err), &err);
    if (proxy != NULL) {
        fuzz_check(proxy->url != NULL && strchr(proxy->shown, '@') == NULL);
        fuzz_check(!zreg__proxy_passes_by(lines[1], url.host, url.port));
    }
    return 0;
}
