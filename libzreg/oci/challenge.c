/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/challenge.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "oci/field.h"
#include <string.h>

/* A header being read. */
typedef struct reader {
    zreg__field field;
    zreg__challenge best;
    bool basic;           /* a basic challenge was read */
    zreg_error malformed; /* the first fault; counts when nothing good is found */
} reader;

static void reader_finish(reader *in)
{
    zreg__challenge_finish(&in->best);
}

ZREG__DEFINE_AUTO_VALUE(reader, reader_finish)

/* Where a parameter's value belongs; NULL for one that says nothing to us. */
static char **slot_of(zreg__challenge *challenge, zreg__span name)
{
    const struct {
        const char *name;
        char **slot;
    } slots[] = {
        {"realm", &challenge->realm},
        {"service", &challenge->service},
        {"scope", &challenge->scope},
        {"error", &challenge->error},
    };
    for (size_t i = 0; i < ZREG__COUNT(slots); i++) {
        if (zreg__span_is_nocase(name, slots[i].name)) {
            return slots[i].slot;
        }
    }
    return NULL;
}

/* A parameter may stand twice as long as both say the same. */
static zreg_status read_parameter(zreg__challenge *challenge, zreg__span name, zreg__field *field,
                                  zreg_error *err)
{
    ZREG__AUTO_FREE char *value = NULL;
    ZREG__TRY(zreg__field_value(&value, field, err));
    char **slot = slot_of(challenge, name);
    if (slot == NULL) {
        return ZREG_OK;
    }
    if (*slot != NULL && !zreg__str_equal(*slot, value)) {
        return zreg__fail(err, ZREG_PROTO, "\"%.*s\" is given twice, and differs", (int)name.size,
                          name.text);
    }
    if (*slot == NULL) {
        *slot = zreg__steal(&value);
    }
    return ZREG_OK;
}

/* Skips the one word of credentials that some schemes carry (token68), "Negotiate YII=". */
static void skip_token68(zreg__field *field)
{
    while (field->at<field->end && * field->at> ' ' && *field->at != ',') {
        field->at++;
    }
}

static zreg__challenge_scheme scheme_of(zreg__span name)
{
    if (zreg__span_is_nocase(name, "bearer")) {
        return ZREG__CHALLENGE_BEARER;
    }
    return zreg__span_is_nocase(name, "basic") ? ZREG__CHALLENGE_BASIC : ZREG__CHALLENGE_NONE;
}

/* Takes commas and the name of a parameter after them; takes nothing when none follows. */
static zreg__span next_parameter(zreg__field *field)
{
    zreg__field tried = *field;
    zreg__span name = {NULL, 0};
    while (name.size == 0 && zreg__field_take(&tried, ',')) {
        name = zreg__field_parameter(&tried);
    }
    if (name.size > 0) {
        *field = tried;
    }
    return name;
}

/* Reads parameters until the field ends or another challenge begins. */
static zreg_status read_parameters(zreg__challenge *challenge, zreg__field *field, zreg_error *err)
{
    zreg__span name = zreg__field_parameter(field);
    if (name.size == 0 && challenge->scheme == ZREG__CHALLENGE_NONE && !zreg__field_done(field)) {
        skip_token68(field);
    }
    while (name.size > 0) {
        ZREG__TRY(read_parameter(challenge, name, field, err));
        name = next_parameter(field);
    }
    return ZREG_OK;
}

static zreg_status read_challenge(zreg__challenge *out, zreg__field *field, zreg_error *err)
{
    zreg__span name = zreg__field_token(field);
    if (name.size == 0) {
        return zreg__fail(err, ZREG_PROTO, "no name of a scheme where one is due");
    }
    out->scheme = scheme_of(name);
    ZREG__TRY(read_parameters(out, field, err));
    if (out->scheme == ZREG__CHALLENGE_BEARER && zreg__str_empty(out->realm)) {
        return zreg__fail(err, ZREG_PROTO, "a bearer challenge without a realm");
    }
    if (!zreg__field_done(field) && *field->at != ',') {
        return zreg__fail(err, ZREG_PROTO, "no comma where one is due");
    }
    return ZREG_OK;
}

/* Keeps `next` when it is better than what was found so far, else frees it. */
static void prefer(reader *in, zreg__challenge *next)
{
    in->basic = in->basic || next->scheme == ZREG__CHALLENGE_BASIC;
    if (next->scheme > in->best.scheme) {
        zreg__challenge_finish(&in->best);
        in->best = *next;
        *next = (zreg__challenge){0};
    }
}

/* Where a challenge of ours may begin behind `at`: after a comma, whatever stands before it, for a quote that is
 * not closed would hide all that follows. */
static const char *next_start(const char *at, const char *end)
{
    while (at < end && (at = memchr(at, ',', (size_t)(end - at))) != NULL) {
        zreg__field tried = {at + 1, end};
        zreg__span name = zreg__field_token(&tried);
        if (scheme_of(name) != ZREG__CHALLENGE_NONE &&
            (tried.at == end || strchr(" \t,", *tried.at) != NULL)) {
            return name.text;
        }
        at++;
    }
    return end;
}

/* Reads one challenge. Of a malformed one nothing is taken, and it ends where another may begin. */
static zreg_status read_next(reader *in, zreg_error *err)
{
    ZREG__AUTO(zreg__challenge) zreg__challenge next = {0};
    zreg_error failed = {0};
    const char *start = in->field.at;
    zreg_status status = read_challenge(&next, &in->field, &failed);
    if (status == ZREG_OK) {
        prefer(in, &next);
        return ZREG_OK;
    }
    if (status == ZREG_NOMEM) {
        return zreg__fail_again(err, &failed);
    }
    zreg__fail_again(&in->malformed, &failed);
    in->field.at = next_start(start, in->field.end);
    return ZREG_OK;
}

static zreg_status read_all(reader *in, zreg_error *err)
{
    for (unsigned count = 0; !zreg__field_done(&in->field);) {
        if (zreg__field_take(&in->field, ',')) {
            continue;
        }
        if (++count > ZREG__MAX_CHALLENGES) {
            return zreg__fail(err, ZREG_LIMIT, "more than %d challenges", ZREG__MAX_CHALLENGES);
        }
        ZREG__TRY(read_next(in, err));
    }
    bool is_good = in->best.scheme != ZREG__CHALLENGE_NONE || in->malformed.code == ZREG_OK;
    return is_good ? ZREG_OK : zreg__fail_again(err, &in->malformed);
}

zreg_status zreg__challenge_parse(zreg__challenge *out, const char *header, zreg_error *err)
{
    ZREG__AUTO(reader) reader in = {.field = zreg__field_of(header)};
    zreg_status status = read_all(&in, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "WWW-Authenticate");
    }
    *out = in.best;
    out->or_basic = in.best.scheme == ZREG__CHALLENGE_BEARER && in.basic;
    in.best = (zreg__challenge){0};
    return ZREG_OK;
}

void zreg__challenge_finish(zreg__challenge *challenge)
{
    free(challenge->realm);
    free(challenge->service);
    free(challenge->scope);
    free(challenge->error);
    *challenge = (zreg__challenge){0};
}
