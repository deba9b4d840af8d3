/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "http/wire_head.h"
#include <stdio.h>

/* Small, so that the fuzzer reaches both sides of each. */
static const zreg__wire_limits limits = {.line_bytes = 200, .head_bytes = 1000, .fields = 20};

/* The end of a head is found at the same place however the bytes come. */
static int find(size_t *out_size, const char *bytes, size_t size, size_t step)
{
    zreg__wire_scan scan = {.line = 0};
    int status = 0;
    *out_size = 0;
    for (size_t come = step; status == 0 && *out_size == 0; come += step) {
        come = come < size ? come : size;
        status = zreg__wire_head_find(out_size, &scan, &limits, bytes, come);
        if (come == size) {
            break;
        }
    }
    return status;
}

/* What was taken holds nothing that a second reader could take for an end. */
static void check_text(const char *text)
{
    for (; *text != '\0'; text++) {
        fuzz_check(*text != '\r' && *text != '\n');
    }
}

static void check_head(const zreg__wire_head *head, size_t size)
{
    check_text(head->method);
    check_text(head->target);
    fuzz_check(head->target[0] == '/' || head->target[0] == '*');
    fuzz_check(strchr(head->target, ' ') == NULL && strchr(head->method, ' ') == NULL);
    fuzz_check(head->is_chunked == (head->body_size == UINT64_MAX));
    fuzz_check(head->is_chunked || zreg__wire_head_field(head, "Transfer-Encoding") == NULL);
    fuzz_check(!head->is_chunked || zreg__wire_head_field(head, "Content-Length") == NULL);
    fuzz_check(head->is_http_1_0 || zreg__wire_head_field(head, "Host") != NULL);
    fuzz_check(!head->closes || !head->keeps);
    size_t seen = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        check_text(head->fields[i].name);
        check_text(head->fields[i].value);
        fuzz_check(head->fields[i].name[0] != '\0');
        seen += strlen(head->fields[i].name) + strlen(head->fields[i].value);
    }
    fuzz_check(seen < size);
}

/* Written anew, a head means the same. */
static void check_again(const zreg__wire_head *head, size_t size)
{
    static zreg__wire_head again;
    size_t room = size + 4 * head->field_count + 64;
    ZREG__AUTO_FREE char *text = malloc(room);
    size_t at = (size_t)snprintf(text, room, "%s %s HTTP/1.%d\r\n", head->method, head->target,
                                 head->is_http_1_0 ? 0 : 1);
    for (size_t i = 0; i < head->field_count; i++) {
        at += (size_t)snprintf(text + at, room - at, "%s: %s\r\n", head->fields[i].name,
                               head->fields[i].value);
    }
    at += (size_t)snprintf(text + at, room - at, "\r\n");
    size_t found;
    fuzz_check(find(&found, text, at, at) == 0 || at > limits.head_bytes);
    fuzz_check(zreg__wire_head_parse(&again, &limits, text, at) == 0);
    fuzz_check(again.body_size == head->body_size && again.keeps == head->keeps);
    fuzz_check(again.field_count == head->field_count && again.expects == head->expects);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static zreg__wire_head head;
    ZREG__AUTO_FREE char *exact = fuzz_text(data, size);
    size_t whole = 0;
    size_t in_steps = 0;
    int status = find(&whole, exact, size, size == 0 ? 1 : size);
    fuzz_check(find(&in_steps, exact, size, 1) == status && (status != 0 || whole == in_steps));
    if (status != 0 || whole == 0) {
        return 0;
    }
    fuzz_check(whole <= size && memcmp(exact + whole - 4, "\r\n\r\n", 4) == 0);
    status = zreg__wire_head_parse(&head, &limits, exact, whole);
    fuzz_check(status == 0 || (status >= 400 && status < 600 && head.fault != NULL));
    if (status == 0) {
        check_head(&head, whole);
        check_again(&head, whole);
    }
    return 0;
}
