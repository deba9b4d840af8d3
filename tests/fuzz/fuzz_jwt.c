/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody has the keys to those below any more: what is signed by them stands in the corpus. */
#include "fuzz.h"

#include "server/jwt.h"

static const char trusted[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhMm+0pnlP04pxR0DjlBmFmfWdtnq\n"
                              "KeMwyUluDg1kDVISktSuAxO7qxOc0QuSqSEdtznMlhw+ZrOp5ADu05GM6Q==\n"
                              "-----END PUBLIC KEY-----\n"
                              "-----BEGIN PUBLIC KEY-----\n"
                              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzLfbi3GEyySInQAmI8OP\n"
                              "+/PpnacDxMkiq34oCWHuVDy53KDzpFwcV00UgOR9SXkbpmh+cImWXn0RjAPLjx1P\n"
                              "OY/5JDw8AQxKewqbhoHwKGQK8aDbXf9lP+5AnQ52+YsdQ/iLsbmNpKQ0D9HWupsb\n"
                              "7Bj5iqGNqHv4W5ALhyJvLY4C5nwGXK64ETLqeUbckFDuLVEsaP4Vu7ZHPGd73GOy\n"
                              "T4DA4VxfOlHwLqnC5AU4pn3nsCCBh1SireKaI/qY3IeZ9NwyExW4QEtvoKGath1t\n"
                              "3Dy6YqQib9tGYgwgJVOHEtw6CmdvBbYcPSq4zZ1wIsibHx/hIhX9iapsNOgOSSZx\n"
                              "6QIDAQAB\n"
                              "-----END PUBLIC KEY-----\n";

#define CLAIMS                                                                                     \
    "eyJpc3MiOiJzIiwic3ViIjoidSIsImF1ZCI6InIiLCJleHAiOjQxMDI0NDQ4MDAsImFjY2VzcyI6W3sidHlwZSI6I"    \
    "nJlcG9zaXRvcnkiLCJuYW1lIjoiYS9iIiwiYWN0aW9ucyI6WyJwdWxsIl19XX0."

/* Header and claims of the two tokens that were signed. */
static const char *const signed_texts[] = {
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9." CLAIMS,
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ." CLAIMS,
};

static int is_one_of_them(zreg__span token)
{
    for (size_t i = 0; i < ZREG__COUNT(signed_texts); i++) {
        size_t size = strlen(signed_texts[i]);
        if (token.size >= size && memcmp(token.text, signed_texts[i], size) == 0) {
            return 1;
        }
    }
    return 0;
}

static void try_token(zreg__span token)
{
    static zreg__jwt_keys *keys;
    ZREG__AUTO(zreg__json) zreg__json *claims = NULL;
    fuzz_check(keys != NULL || zreg__jwt_keys_new(&keys, trusted, NULL) == ZREG_OK);
    bool is_signed = zreg__jwt_is_signed(keys, token);
    bool is_read = zreg__jwt_read(&claims, token);
    fuzz_check(!is_signed || (is_one_of_them(token) && is_read));
    fuzz_check(is_read == (claims != NULL) && (!is_read || zreg__json_is_object(claims)));
    fuzz_check(token.size <= ZREG__JWT_MAX_BYTES || !is_read);
}

/* Keys that are taken can be used, whatever for. */
static void try_keys(const char *pem)
{
    ZREG__AUTO(zreg__jwt_keys) zreg__jwt_keys *keys = NULL;
    zreg_error err = {0};
    fuzz_check_result(zreg__jwt_keys_new(&keys, pem, &err), &err);
    fuzz_check((keys != NULL) == (err.code == ZREG_OK));
    if (keys != NULL) {
        zreg__jwt_is_signed(keys, zreg__span_of("eyJhbGciOiJSUzI1NiJ9.e30.AAAA"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *token = malloc(size + (size == 0)); /* a read past it is seen */
    ZREG__AUTO_FREE char *text = fuzz_text(data, size);
    fuzz_check(token != NULL);
    if (strncmp(text, "-----", 5) == 0) {
        try_keys(text);
        return 0;
    }
    memcpy(token, data, size);
    try_token((zreg__span){token, size});
    return 0;
}
