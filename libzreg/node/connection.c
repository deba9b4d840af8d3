/* SPDX-License-Identifier: Apache-2.0 */
#include "node/connection.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "oci/connection_record.h"
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

/* The longest user and password together. */
#define MAX_PAIR_BYTES (64 * ZREG__KIB)

ZREG__DEFINE_AUTO(BIO, BIO_free_all)

/* The address in `host`, with or without brackets, in new memory; NULL: it is a name. */
static char *address_in(const char *host)
{
    unsigned char bytes[16];
    size_t size = strlen(host);
    bool brackets = size > 2 && host[0] == '[' && host[size - 1] == ']';
    char *text = zreg__strndup(host + brackets, size - 2 * (size_t)brackets);
    if (text != NULL && inet_pton(AF_INET6, text, bytes) != 1 &&
        (brackets || inet_pton(AF_INET, text, bytes) != 1)) {
        free(text);
        text = NULL;
    }
    return text;
}

static zreg_status read_place(zreg__node_connection *out, const zreg__connection_record *record,
                              zreg_error *err)
{
    out->address = address_in(record->host);
    if (out->address == NULL) {
        return zreg__connection_record_authority(&out->authority, record, err);
    }
    out->authority = zreg__asprintf("%s:%u", ZREG__HOST_ALIAS, record->port);
    return out->authority == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status read_user(zreg__node_connection *out, const zreg__connection_record *record,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(2 * MAX_PAIR_BYTES);
    const char *username = record->username;
    const char *password = record->password;
    if (zreg__str_empty(username)) {
        return ZREG_OK;
    }
    if (zreg__str_empty(password) || strchr(username, ':') != NULL ||
        strlen(username) + strlen(password) >= MAX_PAIR_BYTES) {
        return zreg__fail(
            err, ZREG_INVAL,
            "the connection record's user has no \"password\", or a colon in the name");
    }
    ZREG__AUTO_SECRET char *pair = zreg__asprintf("%s:%s", username, password);
    if (pair == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__base64_encode(&text, pair, strlen(pair), 0, err));
    out->auth = zreg__buf_steal(&text);
    return out->auth == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

/* Writes each certificate of `from` anew: what is no certificate does not come along. */
static bool copy_certificates(BIO *to, BIO *from, int *out_count)
{
    X509 *certificate;
    *out_count = 0;
    while ((certificate = PEM_read_bio_X509(from, NULL, NULL, NULL)) != NULL) {
        bool written = PEM_write_bio_X509(to, certificate) == 1;
        X509_free(certificate);
        if (!written) {
            return false;
        }
        (*out_count)++;
    }
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return at_end;
}

/* A record of `zreg serve --buildset` always tells a fingerprint; none means HTTP without TLS. An
 * engine would pass over such a registry and pull the original images without a word. */
static bool has_no_tls(const zreg__connection_record *record)
{
    return zreg__json_has(record->document, "fingerprint") &&
           zreg__json_get(record->document, "fingerprint") == NULL;
}

static zreg_status read_certificate(zreg__node_connection *out,
                                    const zreg__connection_record *record, zreg_error *err)
{
    const char *pem = record->cert;
    int count = 0;
    char *text = NULL;
    if (zreg__str_empty(pem)) {
        return has_no_tls(record)
                   ? zreg__fail(err, ZREG_INVAL,
                                "the connection record is of a registry without TLS, which engines "
                                "do not use; serve without --no-tls")
                   : ZREG_OK;
    }
    size_t length = strlen(pem);
    if (length > ZREG__MAX_PEM_BYTES) {
        return zreg__fail(err, ZREG_INVAL, "the connection record's \"cert\" is too large");
    }
    ZREG__AUTO(BIO) BIO *from = BIO_new_mem_buf(pem, (int)length);
    ZREG__AUTO(BIO) BIO *to = BIO_new(BIO_s_mem());
    if (from == NULL || to == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!copy_certificates(to, from, &count) || count == 0) {
        return zreg__fail(err, ZREG_INVAL,
                          "the connection record's \"cert\" is no PEM certificate");
    }
    long size = BIO_get_mem_data(to, &text);
    out->ca_pem = zreg__strndup(text, (size_t)size);
    return out->ca_pem == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status read_all(zreg__node_connection *out, const zreg__connection_record *record,
                            zreg_error *err)
{
    ZREG__TRY(read_place(out, record, err));
    ZREG__TRY(read_user(out, record, err));
    return read_certificate(out, record, err);
}

zreg_status zreg__node_connection_read(zreg__node_connection *out, const char *json, size_t size,
                                       zreg_error *err)
{
    ZREG__AUTO(zreg__connection_record) zreg__connection_record record = {NULL};
    ZREG__AUTO(zreg__node_connection) zreg__node_connection connection = {0};
    ZREG__TRY(zreg__connection_record_read(&record, json, size, err));
    ZREG__TRY(read_all(&connection, &record, err));
    *out = connection;
    connection = (zreg__node_connection){0};
    return ZREG_OK;
}

void zreg__node_connection_finish(zreg__node_connection *connection)
{
    free(connection->address);
    free(connection->authority);
    zreg__free_secret(connection->auth);
    free(connection->ca_pem);
    *connection = (zreg__node_connection){0};
}
