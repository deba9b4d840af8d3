/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/buf.h"
#include "http/wire_way.h"

static const zreg__wire_limits limits = {
    .line_bytes = 200, .head_bytes = 4000, .fields = ZREG__WIRE_MAX_FIELDS};

/* What a proxy tells, with `before` put in by the client at the left of each list, where a client can. */
static bool read_way(zreg__wire_way *out, const char *fields, size_t size, const char *before)
{
    static zreg__wire_head head;
    static zreg__buf text = ZREG__BUF(8192);
    static zreg__network trusted;
    static zreg__address peer;
    size_t found;
    zreg__wire_scan scan = {.line = 0};
    fuzz_check(zreg__address_network(&trusted, "127.0.0.0/8", NULL) == ZREG_OK);
    fuzz_check(zreg__address_parse(&peer, zreg__span_of("127.0.0.1"), false));
    zreg__buf_reset(&text);
    zreg__buf_text(&text, "GET / HTTP/1.1\r\nHost: h\r\n", NULL);
    zreg__buf_text(&text, before, NULL);
    zreg__buf_append(&text, fields, size, NULL);
    zreg__buf_text(&text, "\r\n\r\n", NULL);
    if (zreg__wire_head_find(&found, &scan, &limits, text.data, text.size) != 0 || found == 0 ||
        found != text.size || zreg__wire_head_parse(&head, &limits, text.data, found) != 0) {
        return false;
    }
    return zreg__wire_way_read(out, &head, &peer, &trusted, 1);
}

static void check_client(const zreg__wire_way *way, const char *address)
{
    zreg__address wanted;
    fuzz_check(zreg__address_parse(&wanted, zreg__span_of(address), false));
    fuzz_check(memcmp(way->client.bytes, wanted.bytes, sizeof(wanted.bytes)) == 0);
}

/* Between quotes nothing is more than text. */
static void check_quoted(const char *text)
{
    ZREG__AUTO(zreg__buf) zreg__buf field = ZREG__BUF(8192);
    zreg__wire_way way;
    zreg__buf_text(&field, "Forwarded: for=6.6.6.6, host=\"", NULL);
    for (; *text != '\0' && field.size < 4096; text++) {
        bool is_escaped = *text == '"' || *text == '\\';
        bool is_line = *text == '\r' || *text == '\n';
        zreg__buf_append(&field, "\\", is_escaped ? 1 : 0, NULL);
        zreg__buf_append(&field, text, is_line ? 0 : 1, NULL);
    }
    zreg__buf_text(&field, "\";for=192.0.2.1", NULL);
    if (read_way(&way, field.data, field.size, "Forwarded: for=\"\r\n")) {
        check_client(&way, "192.0.2.1");
        fuzz_check(way.host.text == NULL || way.host.text[-1] == '"');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *exact = fuzz_text(data, size);
    zreg__wire_way way;
    zreg__wire_way forged;
    bool is_told = read_way(&way, exact, size, "X-Forwarded-For: 192.0.2.1\r\n");
    if (is_told) {
        fuzz_check(way.prefix.text == NULL || (way.prefix.size > 1 && way.prefix.text[0] == '/'));
        fuzz_check(way.scheme.text == NULL || way.scheme.size == 4 || way.scheme.size == 5);
        fuzz_check(way.host.text == NULL || way.host.size > 0);
    }
    /* Where the proxies' own entries end the search, what stands before them is never looked at. */
    static const char last[] = "\r\nX-Forwarded-For: 192.0.2.1";
    ZREG__AUTO(zreg__buf) zreg__buf ended = ZREG__BUF(size + sizeof(last));
    fuzz_check(zreg__buf_append(&ended, exact, size, NULL) == ZREG_OK &&
               zreg__buf_text(&ended, last, NULL) == ZREG_OK);
    if (read_way(&forged, ended.data, ended.size, "X-Forwarded-For: 6.6.6.6\r\n")) {
        check_client(&forged, "192.0.2.1");
    }
    check_quoted(exact);
    return 0;
}
