/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "http/wire_proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *exact = fuzz_text(data, size);
    zreg__wire_proxy told;
    char text[ZREG__ADDRESS_TEXT];
    size_t whole = size < ZREG__WIRE_PROXY_BEGIN ? 0 : zreg__wire_proxy_size(exact);
    fuzz_check(whole == 0 || (whole >= ZREG__WIRE_PROXY_BEGIN && whole <= ZREG__WIRE_PROXY_MAX));
    if (whole == 0 || whole > size) {
        return 0;
    }
    ZREG__AUTO_FREE char *header = malloc(whole); /* a read past it is seen */
    fuzz_check(header != NULL);
    memcpy(header, data, whole);
    if (zreg__wire_proxy_parse(&told, header, whole) && told.has_client) {
        zreg__address again;
        zreg__address_print(text, &told.client);
        fuzz_check(zreg__address_parse(&again, zreg__span_of(text), true));
        fuzz_check(again.port == told.client.port);
        fuzz_check(memcmp(again.bytes, told.client.bytes, sizeof(again.bytes)) == 0);
    }
    return 0;
}
