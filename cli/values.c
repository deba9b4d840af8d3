/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

#include "memory.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_JOBS = 64 };

static bool is_digits(const char *text, size_t size)
{
    return size > 0 && strspn(text, "0123456789") >= size;
}

bool values_duration(uint64_t *out_ms, const char *text)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"", 1000},       {"ms", 1},          {"s", 1000},
                 {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text + digits, units[i].unit) == 0) {
            *out_ms = strtoull(text, NULL, 10) * units[i].ms;
            return true;
        }
    }
    return false;
}

zreg_status values_timeout(session *s, const char *name, uint32_t *out_ms)
{
    const char *text = options_text(&s->given, name);
    uint64_t ms = 0;
    if (text == NULL) {
        return ZREG_OK;
    }
    if (!values_duration(&ms, text) || ms == 0 || ms > UINT32_MAX) {
        return session_misuse(s, "--%s: \"%.20s\" is no duration; write 500ms, 30s, 5m or 2h", name,
                              text);
    }
    *out_ms = (uint32_t)ms;
    return ZREG_OK;
}

static zreg_status check_duration(session *s, const option_spec *spec, const char *text)
{
    uint32_t ms = 0;
    (void)text;
    return values_timeout(s, spec->name, &ms);
}

static zreg_status check_jobs(session *s, const option_spec *spec, const char *text)
{
    bool good = is_digits(text, strlen(text)) && strlen(text) <= 4;
    long number = good ? strtol(text, NULL, 10) : 0;
    if (number < 1 || number > MAX_JOBS) {
        return session_misuse(s, "--%s: \"%.20s\" is no number from 1 to %d", spec->name, text,
                              MAX_JOBS);
    }
    return ZREG_OK;
}

/* os/architecture, and perhaps /variant. */
static zreg_status check_platform(session *s, const option_spec *spec, const char *text)
{
    size_t parts = 1;
    size_t size = 0; /* of the part that is being read */
    bool good = true;
    for (const char *c = text; *c != '\0'; c++) {
        good = good &&
               (isalnum((unsigned char)*c) || strchr("._-", *c) != NULL || (*c == '/' && size > 0));
        parts += *c == '/' ? 1 : 0;
        size = *c == '/' ? 0 : size + 1;
    }
    if (!good || size == 0 || parts < 2 || parts > 3) {
        return session_misuse(s,
                              "--%s: \"%.40s\" is no platform; write OS/ARCHITECTURE or "
                              "OS/ARCHITECTURE/VARIANT, such as linux/amd64",
                              spec->name, text);
    }
    return ZREG_OK;
}

/* What would match nothing, or name nothing, is a variable that was not set more likely than meant. */
static zreg_status check_given(session *s, const option_spec *spec, const char *text)
{
    return text[0] == '\0' ? session_misuse(s, "--%s: it is empty; leave it out, or name a %s",
                                            spec->name, spec->value)
                           : ZREG_OK;
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

static zreg_status check_name(session *s, const option_spec *spec, const char *text)
{
    return has_control(text)
               ? session_misuse(s, "--%s: \"%.40s\" has control characters", spec->name, text)
               : ZREG_OK;
}

static zreg_status check_url(session *s, const option_spec *spec, const char *text)
{
    size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : 7;
    bool good = scheme == 8 || strncmp(text, "http://", 7) == 0;
    if (!good || has_control(text) || strchr(text, ' ') != NULL ||
        strchr("/:?#", text[scheme]) != NULL) {
        return session_misuse(s, "--%s: \"%.80s\" is no URL; write https://HOST[:PORT][/PATH]",
                              spec->name, text);
    }
    return ZREG_OK;
}

/* TYPE/SUBTYPE (RFC 6838). */
static zreg_status check_type(session *s, const option_spec *spec, const char *text)
{
    const char *slash = strchr(text, '/');
    bool good = slash != NULL && slash != text && slash[1] != '\0';
    for (const char *c = text; *c != '\0'; c++) {
        good =
            good && (isalnum((unsigned char)*c) || c == slash || strchr("!#$&-^_.+", *c) != NULL);
    }
    return good ? ZREG_OK
                : session_misuse(s, "--%s: \"%.80s\" is no media type; write TYPE/SUBTYPE",
                                 spec->name, text);
}

static zreg_status check_address(session *s, const option_spec *spec, const char *text)
{
    return text[0] != '\0' && !has_control(text) && strpbrk(text, " /@=") == NULL
               ? ZREG_OK
               : session_misuse(s, "--%s: \"%.80s\" is no registry; write HOST:PORT", spec->name,
                                text);
}

static zreg_status check_options(session *s)
{
    static const struct {
        const char *value;
        zreg_status (*check)(session *, const option_spec *, const char *);
    } kinds[] = {
        {"OS/ARCH", check_platform}, {"DURATION", check_duration}, {"JOBS", check_jobs},
        {"URL", check_url},          {"TYPE", check_type},         {"HOST:PORT", check_address},
        {"NAME", check_name},        {"PATTERN", check_given},     {"REGEX", check_given},
        {"REF", check_given},        {"TAG", check_given}};
    /* What serve takes of the same names it looks at by itself. */
    size_t count = s->verb->uses_registries ? sizeof(kinds) / sizeof(kinds[0]) : 3;
    for (size_t i = 0; i < s->given.count; i++) {
        const option_spec *spec = s->given.specs[i];
        for (size_t k = 0; spec->value != NULL && k < count; k++) {
            const char *const *given = s->given.values[i];
            for (; strcmp(kinds[k].value, spec->value) == 0 && *given != NULL; given++) {
                zreg_status status = kinds[k].check(s, spec, *given);
                if (status != ZREG_OK) {
                    return status;
                }
            }
        }
    }
    return ZREG_OK;
}

/* Without a slash docker's rules read all of these as an image of Docker Hub, for which nobody means them. A
 * number of one to three digits may be a tag: "debian:12". */
static bool is_host_alone(const char *text)
{
    size_t name = text[0] == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":@");
    const char *port = text + (name < strlen(text) ? name : strlen(text));
    bool has_port = port[0] == ':' && is_digits(port + 1, strlen(port + 1));
    if (strchr(text, '/') != NULL || (port[0] != '\0' && !has_port)) {
        return false;
    }
    return text[0] == '[' || memchr(text, '.', name) != NULL ||
           (name == 9 && strncmp(text, "localhost", name) == 0) ||
           (has_port && strlen(port + 1) >= 4);
}

static const char *without_prefix(const char *text)
{
    return strncmp(text, "docker://", 9) == 0 ? text + 9 : text;
}

bool values_is_local(const char *text)
{
    return strncmp(text, "oci:", 4) == 0 || strncmp(text, "docker-archive:", 15) == 0 ||
           strncmp(text, "oci-archive:", 12) == 0 || strncmp(text, "docker-daemon:", 14) == 0;
}

bool values_is_host(const char *text)
{
    const char *name = without_prefix(text);
    size_t size = strlen(name);
    size -= size > 0 && name[size - 1] == '/' ? 1 : 0;
    AUTO_FREE char *bare = memory_printf("%.*s", (int)size, name);
    return !values_is_local(text) && is_host_alone(bare);
}

zreg_status values_place(session *s, const char *text)
{
    const char *name = without_prefix(text);
    return values_is_host(text)
               ? session_misuse(s,
                                "\"%s\" is a registry and names no repository; write "
                                "HOST[:PORT]/REPOSITORY (zreg catalog %.*s lists those it has)",
                                text, (int)strcspn(name, "/"), name)
               : ZREG_OK;
}

/* For which a registry's own word is missing in what verbs say that take one. */
static zreg_status check_host(session *s, const char *text, bool with_repository)
{
    const char *name = without_prefix(text);
    const char *slash = strchr(name, '/');
    if (strstr(name, "://") != NULL) {
        return session_misuse(
            s, "\"%s\" is no host; leave out what is before and behind HOST[:PORT]", text);
    }
    if (slash != NULL && !with_repository) {
        return session_misuse(s, "\"%s\" is more than a host; write: zreg %s %.*s", text,
                              s->verb->name, (int)(slash - name), name);
    }
    return ZREG_OK;
}

static zreg_status check_words(session *s)
{
    const char *kinds = s->verb->places == NULL ? "" : s->verb->places;
    for (size_t i = 0; i < s->given.word_count && kinds[0] != '\0'; i++) {
        char kind = i < strlen(kinds) ? kinds[i] : kinds[strlen(kinds) - 1];
        const char *word = s->given.words[i];
        zreg_status status = kind == 'p'                  ? values_place(s, word)
                             : strchr("hn", kind) != NULL ? check_host(s, word, kind == 'n')
                                                          : ZREG_OK;
        if (status != ZREG_OK) {
            return status;
        }
    }
    return ZREG_OK;
}

zreg_status values_check(session *s)
{
    zreg_status status = check_options(s);
    return status == ZREG_OK ? check_words(s) : status;
}

bool values_names_tag(const char *text)
{
    const char *slash = strrchr(text, '/');
    return strchr(slash == NULL ? text : slash, ':') != NULL && strchr(text, '@') == NULL;
}
