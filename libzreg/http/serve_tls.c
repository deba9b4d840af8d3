/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_tls.h"

#include "base/compiler.h"
#include "base/error.h"
#include "base/mem.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

#define MAX_CLIENT_CHAIN 8

ZREG__DEFINE_AUTO(SSL_CTX, SSL_CTX_free)
ZREG__DEFINE_AUTO(BIO, BIO_free_all)
ZREG__DEFINE_AUTO(X509, X509_free)
ZREG__DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

/* A key under a password is refused; without this OpenSSL would ask for it at the terminal. */
static int no_password(char *to, int size, int is_writing, void *user)
{
    (void)to;
    (void)size;
    (void)is_writing;
    (void)user;
    return -1;
}

static bool take_certificates(SSL_CTX *context, const char *pem)
{
    ZREG__AUTO(BIO) BIO *bio = BIO_new_mem_buf(pem, -1);
    ZREG__AUTO(X509) X509 *own = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    if (own == NULL || SSL_CTX_use_certificate(context, own) != 1) {
        return false;
    }
    for (;;) {
        X509 *next = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        if (next == NULL) {
            return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        }
        if (SSL_CTX_add0_chain_cert(context, next) != 1) {
            X509_free(next);
            return false;
        }
    }
}

static bool take_key(SSL_CTX *context, const char *pem)
{
    ZREG__AUTO(BIO) BIO *bio = BIO_new_mem_buf(pem, -1);
    ZREG__AUTO(EVP_PKEY) EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    return key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1 &&
           SSL_CTX_check_private_key(context) == 1;
}

/* Who offers HTTP/1.1 among others gets it said; who offers others alone may try. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *offered, unsigned offered_size, void *user)
{
    static const unsigned char own[] = "\x08http/1.1";
    (void)ssl;
    (void)user;
    int found = SSL_select_next_proto((unsigned char **)out, out_size, own, sizeof(own) - 1,
                                      offered, offered_size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* Blobs are large: AES of 128 bits goes first, which processors do themselves, and ChaCha20 for a
 * client that puts it first because its own processor does not. */
static void prefer_quick_ciphers(SSL_CTX *context)
{
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                      "TLS_CHACHA20_POLY1305_SHA256");
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) {
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CLEANSE_PLAINTEXT);
    prefer_quick_ciphers(context);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets need no memory here */
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}

/* Certificates of clients are verified in each handshake: a resumed session would go on with what was
 * true at its start. */
static bool take_client_ca(SSL_CTX *context, const char *pem, bool is_needed)
{
    size_t count = 0;
    ZREG__AUTO(BIO) BIO *bio = BIO_new_mem_buf(pem, -1);
    for (;; count++) {
        ZREG__AUTO(X509) X509 *next = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        if (next == NULL) {
            break;
        }
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next) != 1 ||
            SSL_CTX_add_client_CA(context, next) != 1) {
            return false;
        }
    }
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_verify_depth(context, MAX_CLIENT_CHAIN);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (is_needed ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       NULL);
    return count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

zreg_status zreg__serve_tls_new(SSL_CTX **out, const zreg__serve_tls *tls, zreg_error *err)
{
    ZREG__AUTO(SSL_CTX) SSL_CTX *context = new_context();
    if (context == NULL) {
        return zreg__fail_nomem(err);
    }
    bool is_taken = take_certificates(context, tls->cert_pem) && take_key(context, tls->key_pem);
    ERR_clear_error();
    if (!is_taken) {
        return zreg__fail(err, ZREG_INVAL,
                          "TLS does not start; are certificate and key PEM, and of one pair?");
    }
    is_taken = tls->client_ca_pem == NULL ||
               take_client_ca(context, tls->client_ca_pem, tls->needs_client);
    ERR_clear_error();
    if (!is_taken) {
        return zreg__fail(err, ZREG_INVAL, "the CA of clients is no certificate in PEM");
    }
    *out = zreg__steal(&context);
    return ZREG_OK;
}

/* ---- the peer ---- */

/* NULL where a NUL within would make it look like another. */
static char *text_of(const ASN1_STRING *string)
{
    unsigned char *utf8 = NULL;
    int size = ASN1_STRING_to_UTF8(&utf8, string);
    bool is_text = size > 0 && memchr(utf8, '\0', (size_t)size) == NULL;
    char *text = is_text ? zreg__strndup((const char *)utf8, (size_t)size) : NULL;
    OPENSSL_free(utf8);
    return text;
}

static char *alternative_name(X509 *certificate)
{
    char *name = NULL;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; name == NULL && i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        name = type == GEN_DNS || type == GEN_EMAIL ? text_of(value) : NULL;
    }
    GENERAL_NAMES_free(names);
    return name;
}

char *zreg__serve_tls_peer(const SSL *ssl)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == NULL || SSL_get_verify_result(ssl) != X509_V_OK) {
        return NULL;
    }
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID((X509_NAME *)subject, NID_commonName, -1);
    char *name = at < 0 ? alternative_name(certificate)
                        : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    ERR_clear_error();
    return name;
}
