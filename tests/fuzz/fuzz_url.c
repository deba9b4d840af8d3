/* SPDX-License-Identifier: Apache-2.0 */
/* URLs: of settings, and of Location and Link as seen at a registry. */
#include "fuzz.h"

#include "http/fetch_url.h"

/* What was read is printed so that it is read as the same. */
static void check_url(const zreg__fetch_url *url)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url again = {0};
    ZREG__AUTO_FREE char *text = zreg__fetch_url_text(url);

    fuzz_check(text != NULL && url->target[0] == '/' && url->port != 0);
    fuzz_check(strpbrk(text, " \r\n\t#") == NULL);
    fuzz_check(zreg__fetch_url_parse(&again, text, NULL) == ZREG_OK);
    fuzz_check(zreg__fetch_url_same_origin(url, &again) && strcmp(url->target, again.target) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = zreg__strndup((const char *)data, size);
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url base = {0};
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url led = {0};
    zreg_error err = {0};

    fuzz_check(text != NULL);
    zreg_status status = zreg__fetch_url_parse(&url, text, &err);
    fuzz_check_result(status, &err);
    if (status == ZREG_OK) {
        check_url(&url);
    }
    fuzz_check(zreg__fetch_url_parse(&base, "https://e.com:5000/v2/a/b?x=1", NULL) == ZREG_OK);
    err = (zreg_error){0};
    status = zreg__fetch_url_resolve(&led, &base, text, &err);
    fuzz_check_result(status, &err);
    if (status == ZREG_OK) {
        check_url(&led);
    }
    return 0;
}
