/* SPDX-License-Identifier: Apache-2.0 */
#include "http/wire_head.h"

#include "base/compiler.h"
#include "base/str.h"
#include "base/word.h"
#include <string.h>

/* What a byte may be part of; the sums of these stand in the table. */
#define TOKEN 1u  /* RFC 9110 section 5.6.2 */
#define VALUE 2u  /* of a field: section 5.5 */
#define TARGET 4u /* of a request: printable, and no fragment */
#define HOST 8u   /* RFC 3986 section 3.2, without user information */

/* clang-format off */
static const unsigned char classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, /* 0_ */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 1_ */
    2, 15, 6, 3, 15, 15, 15, 15, 14, 14, 15, 15, 14, 15, 15, 6, /* 2_ */
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 14, 14, 6, 14, 6, 6, /* 3_ */
    6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, /* 4_ */
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 14, 6, 14, 7, 15, /* 5_ */
    7, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, /* 6_ */
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 7, 6, 15, 0, /* 7_ */
    /* 0x80 and above: text of other alphabets, which a value may hold */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* 8_ */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* 9_ */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* a_ */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* b_ */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* c_ */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* d_ */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* e_ */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* f_ */
};
/* clang-format on */

/* The size of the longest beginning of `text` whose bytes are all of a class. */
static size_t span_of_class(const char *text, unsigned class)
{
    size_t size = 0;
    while ((classes[(unsigned char)text[size]] & class) != 0) {
        size++;
    }
    return size;
}

/* The same of VALUE, which is most of what is looked at. */
static size_t span_of_value(const char *text, size_t size)
{
    size_t at = 0;
    for (; size - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word = zreg__word_at(text + at);
        if (zreg__word_has_less(word, ' ') || zreg__word_has(word, 0x7f)) {
            break;
        }
    }
    return at + span_of_class(text + at, VALUE);
}

bool zreg__wire_head_is_value(const char *text)
{
    size_t size = strlen(text);
    return span_of_value(text, size) == size;
}

bool zreg__wire_head_is_name(char c)
{
    return (classes[(unsigned char)c] & TOKEN) != 0;
}

static int refuse(zreg__wire_head *head, int status, const char *fault)
{
    head->fault = fault;
    return status;
}

/* ---- where it ends ---- */

static int too_much(const zreg__wire_scan *scan, const zreg__wire_limits *limits, size_t size)
{
    if (!scan->has_line && size - scan->line > limits->line_bytes + 2) {
        return 414;
    }
    return size > limits->head_bytes ? 431 : 0;
}

/* A line that ends at `end`, where its line feed is. Returns 0 or the status of the answer. */
static int close_line(const zreg__wire_scan *scan, const zreg__wire_limits *limits,
                      const char *bytes, size_t end)
{
    int status = too_much(scan, limits, end); /* as it would be if the bytes came one by one */
    if (status != 0) {
        return status;
    }
    if (end == scan->line || bytes[end - 1] != '\r') {
        return 400;
    }
    if (!scan->has_line && end - 1 - scan->line > limits->line_bytes) {
        return 414;
    }
    return 0;
}

int zreg__wire_head_find(size_t *out_size, zreg__wire_scan *scan, const zreg__wire_limits *limits,
                         const char *bytes, size_t size)
{
    *out_size = 0;
    /* What begins otherwise is no request; of TLS no line would ever end. */
    if (size > 0 && bytes[0] != '\r' && (classes[(unsigned char)bytes[0]] & TOKEN) == 0) {
        return 400;
    }
    while (scan->seen < size) {
        const char *feed = memchr(bytes + scan->seen, '\n', size - scan->seen);
        if (feed == NULL) {
            scan->seen = size;
            break;
        }
        size_t end = (size_t)(feed - bytes);
        int status = close_line(scan, limits, bytes, end);
        if (status != 0) {
            return status;
        }
        bool is_empty = end - scan->line == 1;
        scan->seen = scan->line = end + 1;
        if (is_empty && scan->has_line) {
            *out_size = end + 1;
            return end + 1 > limits->head_bytes ? 431 : 0;
        }
        /* One empty line before a request is an old client's slip (RFC 9112 section 2.2). */
        if (is_empty && end > 1) {
            return 400;
        }
        scan->has_line = !is_empty;
    }
    return too_much(scan, limits, size);
}

/* ---- the request line ---- */

/* The size of "http://" or "https://" at the beginning of a target, else 0. */
static size_t scheme_size(const char *target)
{
    size_t size = strcspn(target, "/");
    bool is_http = zreg__span_is_nocase((zreg__span){target, size}, "http:") ||
                   zreg__span_is_nocase((zreg__span){target, size}, "https:");
    return is_http && target[size] == '/' && target[size + 1] == '/' ? size + 2 : 0;
}

/* "http://HOST/path" becomes its path, and the host replaces that of Host (section 3.2.2). */
static int take_absolute(zreg__wire_head *head, char *host)
{
    size_t size = span_of_class(host, HOST);
    if (size == 0 || (host[size] != '/' && host[size] != '\0')) {
        return refuse(head, 400, "an absolute target without a host and a path");
    }
    /* The path begins where the host ends, so the host moves one to the left to get its own end. */
    head->target = host[size] == '/' ? host + size : "/";
    head->authority = memmove(host - 1, host, size);
    host[size - 1] = '\0';
    return 0;
}

static int take_target(zreg__wire_head *head, char *target)
{
    if (target[0] == '/') {
        head->target = target;
        return 0;
    }
    size_t scheme = scheme_size(target);
    if (scheme > 0) {
        return take_absolute(head, target + scheme);
    }
    if (strcmp(target, "*") == 0 && strcmp(head->method, "OPTIONS") == 0) {
        head->target = target;
        return 0;
    }
    return refuse(head, 400, "the target is no path");
}

static int take_version(zreg__wire_head *head, const char *version, size_t size)
{
    if (size != 8 || memcmp(version, "HTTP/", 5) != 0 || !zreg__is_digit(version[5]) ||
        version[6] != '.' || !zreg__is_digit(version[7])) {
        return refuse(head, 400, "no HTTP version");
    }
    if (version[5] != '1') {
        return refuse(head, 505, "a version other than HTTP/1");
    }
    head->is_http_1_0 = version[7] == '0';
    return 0;
}

/* "METHOD SP TARGET SP VERSION", already ended with NUL, which it must not hold itself. */
static int take_line(zreg__wire_head *head, char *line, size_t size)
{
    char *method_end = line + span_of_class(line, TOKEN);
    if (method_end == line || *method_end != ' ') {
        return refuse(head, 400, "no method");
    }
    *method_end = '\0';
    head->method = line;
    char *target = method_end + 1;
    char *target_end = target + span_of_class(target, TARGET);
    if (target_end == target || *target_end != ' ') {
        return refuse(head, 400, "no target");
    }
    *target_end = '\0';
    char *version = target_end + 1;
    int status = take_version(head, version, size - (size_t)(version - line));
    return status != 0 ? status : take_target(head, target);
}

/* ---- fields ---- */

/* "NAME: VALUE", already ended with NUL, which it must not hold itself. */
static int take_field(zreg__wire_head *head, size_t most, char *line, size_t size)
{
    if (head->field_count == most) {
        return refuse(head, 431, "too many fields");
    }
    size_t name_size = span_of_class(line, TOKEN);
    if (name_size == 0 || line[name_size] != ':') {
        return refuse(head, 400, "a line that is no field");
    }
    if (name_size + 1 + span_of_value(line + name_size + 1, size - name_size - 1) != size) {
        return refuse(head, 400, "a control character in a field");
    }
    line[name_size] = '\0';
    zreg__span value = zreg__span_trim((zreg__span){line + name_size + 1, size - name_size - 1});
    line[value.text - line + (ptrdiff_t)value.size] = '\0';
    head->fields[head->field_count++] = (zreg__wire_field){line, value.text};
    return 0;
}

static int take_lines(zreg__wire_head *head, size_t most, char *bytes, size_t size)
{
    char *end = bytes + size - 2; /* before the empty line that ends the head */
    char *line = bytes[0] == '\r' && bytes[1] == '\n' ? bytes + 2 : bytes;
    bool is_first = true;
    while (line < end) {
        char *feed = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)(feed - line) - 1;
        line[length] = '\0';
        int status =
            is_first ? take_line(head, line, length) : take_field(head, most, line, length);
        if (status != 0) {
            return status;
        }
        is_first = false;
        line = feed + 1;
    }
    return 0;
}

/* ---- what the fields say of the message ---- */

static int take_host(zreg__wire_head *head, const char *value, bool is_repeated)
{
    if (is_repeated) {
        return refuse(head, 400, "two Host fields");
    }
    if (value[span_of_class(value, HOST)] != '\0') {
        return refuse(head, 400, "a Host that is none");
    }
    /* Of an absolute target the authority counts, but Host has to be there and well-formed. */
    head->authority = head->authority == NULL ? value : head->authority;
    return 0;
}

static int take_length(zreg__wire_head *head, const char *value, bool is_repeated)
{
    uint64_t size;
    if (is_repeated || !zreg__span_u64(zreg__span_of(value), &size) || size > INT64_MAX) {
        return refuse(head, 400, "a Content-Length that is not one number");
    }
    head->body_size = size;
    return 0;
}

static int take_coding(zreg__wire_head *head, const char *value, bool is_repeated)
{
    if (head->is_http_1_0) {
        return refuse(head, 400, "a Transfer-Encoding in HTTP/1.0");
    }
    if (is_repeated) {
        return refuse(head, 400, "two Transfer-Encoding fields");
    }
    if (!zreg__str_equal_nocase(value, "chunked")) {
        return refuse(head, 501, "a Transfer-Encoding other than chunked");
    }
    head->is_chunked = true;
    return 0;
}

static int take_connection(zreg__wire_head *head, const char *value, bool is_repeated)
{
    (void)is_repeated;
    zreg__span rest = zreg__span_of(value);
    while (rest.text != NULL) {
        zreg__span option = zreg__span_trim(zreg__span_cut(&rest, ','));
        if (zreg__span_is_nocase(option, "close")) {
            head->closes = true;
        } else if (zreg__span_is_nocase(option, "keep-alive")) {
            head->keeps = true;
        }
    }
    return 0;
}

static int take_expect(zreg__wire_head *head, const char *value, bool is_repeated)
{
    (void)is_repeated;
    if (!zreg__str_equal_nocase(value, "100-continue")) {
        return refuse(head, 417, "an expectation other than 100-continue");
    }
    head->expects = true;
    return 0;
}

/* Of two some would read the first, and others the last (RFC 9110 section 5.3). */
static int take_single(zreg__wire_head *head, const char *value, bool is_repeated)
{
    (void)value;
    return is_repeated ? refuse(head, 400, "two fields of a name that may come once") : 0;
}

typedef int (*take_fn)(zreg__wire_head *head, const char *value, bool is_repeated);

static const struct {
    const char *name;
    take_fn take;
} known[] = {
    {"Host", take_host},
    {"Content-Length", take_length},
    {"Transfer-Encoding", take_coding},
    {"Connection", take_connection},
    {"Expect", take_expect},
    {"Authorization", take_single},
    {"Content-Type", take_single},
    {"Content-Range", take_single},
    {"Range", take_single},
    {"If-Range", take_single},
};

static int take_meaning(zreg__wire_head *head)
{
    unsigned seen = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        for (size_t k = 0; k < ZREG__COUNT(known); k++) {
            if (zreg__str_equal_nocase(head->fields[i].name, known[k].name)) {
                int status = known[k].take(head, head->fields[i].value, (seen & 1u << k) != 0);
                if (status != 0) {
                    return status;
                }
                seen |= 1u << k;
            }
        }
    }
    if ((seen & 1u) == 0 && !head->is_http_1_0) {
        return refuse(head, 400, "no Host field");
    }
    if ((seen & 6u) == 6u) {
        return refuse(head, 400, "a Content-Length beside a Transfer-Encoding");
    }
    return 0;
}

int zreg__wire_head_parse(zreg__wire_head *out, const zreg__wire_limits *limits, char *bytes,
                          size_t size)
{
    out->authority = out->fault = NULL;
    out->is_chunked = out->keeps = out->closes = out->expects = false;
    out->body_size = 0;
    out->field_count = 0;
    int status = take_lines(out, limits->fields, bytes, size);
    status = status != 0 ? status : take_meaning(out);
    if (status != 0) {
        return status;
    }
    out->body_size = out->is_chunked ? UINT64_MAX : out->body_size;
    out->keeps = !out->closes && (out->keeps || !out->is_http_1_0);
    /* Who speaks HTTP/1.0 does not know 100; and without a body there is nothing to wait for. */
    out->expects = out->expects && !out->is_http_1_0 && out->body_size > 0;
    return 0;
}

const char *zreg__wire_head_field(const zreg__wire_head *head, const char *name)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (zreg__str_equal_nocase(head->fields[i].name, name)) {
            return head->fields[i].value;
        }
    }
    return NULL;
}
