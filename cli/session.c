/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include "memory.h"
#include "signals.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const option_spec session_common_options[] = {
    {"json", NULL, "print one JSON document, for scripts"},
    {"quiet", NULL, "no progress and no warnings"},
    {"verbose", NULL, "tell what is done, on standard error"},
    {"help", NULL, "show this help"},
    {NULL},
};

const option_spec session_registry_options[] = {
    {"authfile", "FILE", "credentials of all hosts, in docker's config.json form"},
    {"username", "USER", "user at the registry that this verb is about; also ZREG_USERNAME"},
    {"password-file", "FILE",
     "holds that user's password; - reads it from standard input; also "
     "ZREG_PASSWORD"},
    {"creds-file", "HOST=FILE", "FILE holds USER:PASSWORD for HOST", true},
    {"connection", "FILE",
     "connection record of a buildset registry: its user, password and "
     "certificate",
     true},
    {"ca", "FILE", "further certificate authorities, PEM"},
    {"plain-http", "HOST", "speak HTTP without TLS to HOST", true},
    {"registries-conf", "FILE",
     "podman's file of mirrors, blocked and insecure registries; \"\" reads none"},
    {"hosts-dir", "DIR", "containerd's folder of HOST/hosts.toml: mirrors, and whom to trust"},
    {"certs-dir", "DIR",
     "docker's folder of HOST/ with ca.crt, client.cert, client.key; \"\" reads none"},
    {"retry", "N", "how often what failed in passing is tried again (4)"},
    {"timeout", "DURATION", "give up after this time, as 90s or 10m"},
    {"http2", "HOST", "speak HTTP/2 with HOST where it does, except to upload large blobs", true},
    {"insecure", "HOST", "accept any certificate of HOST", true},
    {NULL},
};

/* The bytes of a character of UTF-8; 0 when there is none. */
static size_t utf8_size(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t size = c[0] < 0x80   ? 1
                  : c[0] < 0xc2 ? 0
                  : c[0] < 0xe0 ? 2
                  : c[0] < 0xf0 ? 3
                  : c[0] < 0xf5 ? 4
                                : 0;
    for (size_t i = 1; i < size; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_foreign = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
                      (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f);
    return is_foreign ? 0 : size;
}

/* Arguments and paths are any bytes, which may be no text for a terminal, and none for --json. */
static void clean(char *text)
{
    while (*text != '\0') {
        size_t size = (unsigned char)*text < ' ' || *text == 0x7f ? 0 : utf8_size(text);
        if (size == 0) {
            *text = '?';
        }
        text += size == 0 ? 1 : size;
    }
}

__attribute__((format(printf, 3, 0))) static zreg_status
set_error(session *s, zreg_status code, const char *format, va_list values)
{
    s->err = (zreg_error){.code = code};
    vsnprintf(s->err.message, sizeof(s->err.message), format, values);
    clean(s->err.message);
    return code;
}

zreg_status session_fail(session *s, zreg_status code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    set_error(s, code, format, values);
    va_end(values);
    return code;
}

zreg_status session_misuse(session *s, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    set_error(s, ZREG_INVAL, format, values);
    va_end(values);
    s->misused = true;
    return ZREG_INVAL;
}

static zreg_status check_words(session *s)
{
    if (s->given.word_count < s->verb->min_words) {
        return session_misuse(s, "something is missing; write: zreg %s [options] %s", s->verb->name,
                              s->verb->words);
    }
    if (s->given.word_count > s->verb->max_words) {
        return session_misuse(s, "\"%s\" is too much; write: zreg %s [options] %s",
                              s->given.words[s->verb->max_words], s->verb->name, s->verb->words);
    }
    return ZREG_OK;
}

zreg_status session_start(session *s, const verb *which, int argc, char **argv)
{
    const option_spec *const tables[] = {which->options, session_common_options,
                                         which->uses_registries ? session_registry_options : NULL,
                                         NULL};
    s->verb = which;
    if (!options_parse(&s->given, tables, argc, argv)) {
        return session_misuse(s, "%s", s->given.mistake);
    }
    s->json = options_flag(&s->given, "json");
    s->quiet = options_flag(&s->given, "quiet");
    return options_flag(&s->given, "help") ? ZREG_OK : check_words(s);
}

const char *session_word(const session *s, size_t i)
{
    return i < s->given.word_count ? s->given.words[i] : NULL;
}

const char *session_text(const session *s, const char *name, const char *otherwise)
{
    const char *text = options_text(&s->given, name);
    return text == NULL ? otherwise : text;
}

zreg_status session_number(session *s, const char *name, uint32_t otherwise, uint32_t *out)
{
    const char *text = options_text(&s->given, name);
    char *end = NULL;
    *out = otherwise;
    if (text == NULL) {
        return ZREG_OK;
    }
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > 1000000) {
        return session_misuse(s, "--%s: \"%.20s\" is no number", name, text);
    }
    *out = (uint32_t)number;
    return ZREG_OK;
}

zreg_status session_choice(session *s, const char *name, const char *const *words, size_t *out)
{
    const char *given = options_text(&s->given, name);
    if (given == NULL) {
        return ZREG_OK;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], given) == 0) {
            *out = i;
            return ZREG_OK;
        }
    }
    return session_misuse(s, "--%s: \"%.20s\" is none of the choices", name, given);
}

void session_finish(session *s)
{
    signals_cancel(NULL);
    progress_finish(&s->progress);
    zreg_client_free(s->client);
    zreg_cancel_free(s->cancel);
    zreg_free(s->partly);
    options_finish(&s->given);
}
