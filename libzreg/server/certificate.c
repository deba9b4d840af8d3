/* SPDX-License-Identifier: Apache-2.0 */
#include "server/certificate.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#define LIFETIME_S (366L * 24 * 3600)
#define CLOCK_SKEW_S (24L * 3600) /* nodes of one job do not agree on the time */

static inline void auto_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static inline void auto_x509(X509 **x509)
{
    X509_free(*x509);
}

static inline void auto_bio(BIO **bio)
{
    BIO_free(*bio);
}

static bool is_address(const char *name)
{
    unsigned char raw[16];
    return inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1;
}

static bool is_dns_name(const char *name)
{
    size_t size = strlen(name);
    size_t start = zreg__str_starts(name, "*.") ? 2 : 0;
    if (size <= start || size > 253) {
        return false;
    }
    for (size_t i = start; i < size; i++) {
        if (!zreg__is_alnum(name[i]) && strchr(".-_", name[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* "DNS:a,IP:b", the form that OpenSSL's extension parser reads; a host that is an address stands
 * there as a DNS name too, since some engines look it up so. */
static zreg_status list_names(zreg__buf *to, const char *const *names, zreg_error *err)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        bool address = is_address(names[i]);
        if (!address && !is_dns_name(names[i])) {
            return zreg__fail(err, ZREG_INVAL, "\"%s\" is neither a DNS name nor an address",
                              names[i]);
        }
        ZREG__TRY(zreg__buf_printf(to, err, "%s%s:%s", to->size == 0 ? "" : ",",
                                   address ? "IP" : "DNS", names[i]));
        if (address && strchr(names[i], ':') == NULL) {
            ZREG__TRY(zreg__buf_printf(to, err, ",DNS:%s", names[i]));
        }
    }
    return ZREG_OK;
}

static bool add_extension(X509 *x509, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool is_added = extension != NULL && X509_add_ext(x509, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool set_serial(X509 *x509)
{
    uint64_t number;
    return RAND_bytes((unsigned char *)&number, sizeof(number)) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), number >> 1) == 1;
}

static bool set_name(X509 *x509)
{
    X509_NAME *name = X509_get_subject_name(x509);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"zuul-jobs.buildset-registry", -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(x509, name) == 1;
}

static bool fill(X509 *x509, EVP_PKEY *key, const char *alternatives)
{
    return X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) && set_name(x509) &&
           X509_gmtime_adj(X509_getm_notBefore(x509), -CLOCK_SKEW_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x509), LIFETIME_S) != NULL &&
           X509_set_pubkey(x509, key) == 1 &&
           add_extension(x509, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(x509, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           add_extension(x509, NID_ext_key_usage, "serverAuth") &&
           add_extension(x509, NID_subject_key_identifier, "hash") &&
           add_extension(x509, NID_subject_alt_name, alternatives) &&
           X509_sign(x509, key, EVP_sha256()) > 0;
}

static char *take_text(BIO *bio)
{
    char *data;
    long size = BIO_get_mem_data(bio, &data);
    return size <= 0 ? NULL : zreg__strndup(data, (size_t)size);
}

static char *print_cert(X509 *x509)
{
    ZREG__CLEANUP(auto_bio) BIO *bio = BIO_new(BIO_s_mem());
    return bio != NULL && PEM_write_bio_X509(bio, x509) == 1 ? take_text(bio) : NULL;
}

static char *print_key(EVP_PKEY *key)
{
    ZREG__CLEANUP(auto_bio) BIO *bio = BIO_new(BIO_s_secmem());
    return bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1
               ? take_text(bio)
               : NULL;
}

zreg_status zreg__certificate_make(char **out_cert, char **out_key, const char *const *names,
                                   zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf alternatives = ZREG__BUF(64 * ZREG__KIB);
    ZREG__TRY(list_names(&alternatives, names, err));
    ZREG__CLEANUP(auto_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    ZREG__CLEANUP(auto_x509) X509 *x509 = X509_new();
    if (key == NULL || x509 == NULL || !fill(x509, key, zreg__buf_cstr(&alternatives))) {
        return zreg__fail(err, ZREG_INVAL, "no certificate could be made for %s",
                          zreg__buf_cstr(&alternatives));
    }
    ZREG__AUTO_FREE char *cert_pem = print_cert(x509);
    ZREG__AUTO_SECRET char *key_pem = print_key(key);
    if (cert_pem == NULL || key_pem == NULL) {
        return zreg__fail_nomem(err);
    }
    *out_cert = zreg__steal(&cert_pem);
    *out_key = zreg__steal(&key_pem);
    return ZREG_OK;
}

zreg_status zreg__certificate_fingerprint(char **out, const char *cert_pem, zreg_error *err)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ZREG__CLEANUP(auto_bio) BIO *bio = BIO_new_mem_buf(cert_pem, -1);
    ZREG__CLEANUP(auto_x509)
    X509 *x509 = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (x509 == NULL || X509_digest(x509, EVP_sha256(), raw, &size) != 1) {
        return zreg__fail(err, ZREG_INVAL, "the certificate is not PEM text");
    }
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(256);
    for (unsigned i = 0; i < size; i++) {
        ZREG__TRY(zreg__buf_printf(&text, err, "%s%02X", i == 0 ? "" : ":", raw[i]));
    }
    *out = zreg__buf_steal(&text);
    return *out == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}
