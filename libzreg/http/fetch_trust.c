/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authorities. One store serves all connections that trust the same ones: the system's bundle takes
 * a megabyte, which every connection would otherwise hold again. It is read when a certificate comes
 * that nothing else vouches for; peers without TLS, and those whose authority was given, need none
 * of it.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/fetch_inner.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

struct zreg__fetch_trust {
    zreg__fetch_trust *next;
    unsigned number;
    char *ca_pem; /* beside those of the session; NULL: none */
    CURLSH *share;
    X509_STORE *store;
    X509_LOOKUP_METHOD *bundle_method;
    char *bundle;         /* the system's, a file */
    pthread_mutex_t lock; /* guards the next one */
    bool bundle_is_read;
};

static void trust_free(zreg__fetch_trust *trust)
{
    if (trust != NULL) {
        zreg__fetch_share_free(trust->share);
        X509_STORE_free(trust->store);
        X509_LOOKUP_meth_free(trust->bundle_method);
        pthread_mutex_destroy(&trust->lock);
        free(trust->bundle);
        free(trust->ca_pem);
        free(trust);
    }
}

ZREG__DEFINE_AUTO(zreg__fetch_trust, trust_free)

/* True for a folder made by c_rehash or update-ca-certificates: "HASH.0" files. */
static bool is_hashed(const char *path)
{
    DIR *folder = path != NULL ? opendir(path) : NULL;
    bool found = false;

    for (struct dirent *entry; folder != NULL && !found && (entry = readdir(folder)) != NULL;) {
        found = strlen(entry->d_name) == 10 && zreg__str_ends(entry->d_name, ".0");
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return found;
}

static void read_bundle(zreg__fetch_trust *trust, X509_LOOKUP *lookup)
{
    pthread_mutex_lock(&trust->lock);
    if (!trust->bundle_is_read) {
        (void)X509_load_cert_crl_file(lookup, trust->bundle, X509_FILETYPE_PEM);
        ERR_clear_error();
        trust->bundle_is_read = true;
    }
    pthread_mutex_unlock(&trust->lock);
}

/* Called for a name that is not in the store yet, by any thread that checks a certificate. */
static int find_in_bundle(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
                          X509_OBJECT *out)
{
    X509_STORE *store = X509_LOOKUP_get_store(lookup);
    X509_OBJECT *found = NULL;
    int result = 0;

    if (type != X509_LU_X509) {
        return 0;
    }
    read_bundle(X509_LOOKUP_get_method_data(lookup), lookup);
    X509_STORE_lock(store);
    found = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name);
    if (found != NULL && X509_OBJECT_set1_X509(out, X509_OBJECT_get0_X509(found)) == 1) {
        /* The caller adds a reference of its own: X509_LOOKUP_meth_set_get_by_subject(3). */
        X509_free(X509_OBJECT_get0_X509(found));
        result = 1;
    }
    X509_STORE_unlock(store);
    return result;
}

static bool add_bundle(zreg__fetch_trust *trust, const char *path)
{
    X509_LOOKUP *lookup;

    trust->bundle = zreg__strdup(path);
    trust->bundle_method = X509_LOOKUP_meth_new("bundle, read when it is needed");
    if (trust->bundle == NULL || trust->bundle_method == NULL ||
        X509_LOOKUP_meth_set_get_by_subject(trust->bundle_method, find_in_bundle) != 1) {
        return false;
    }
    lookup = X509_STORE_add_lookup(trust->store, trust->bundle_method);
    return lookup != NULL && X509_LOOKUP_set_method_data(lookup, trust) == 1;
}

/* The place that OpenSSL was built to look at, or else where systems keep their authorities: a library
 * that brings OpenSSL along, as in a wheel, was built on another system than it runs on. */
static const char *system_bundle(void)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Alpine */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, Red Hat */
        "/etc/pki/tls/certs/ca-bundle.crt",                  /* older ones of these */
        "/etc/ssl/ca-bundle.pem",                            /* SUSE */
        "/etc/ssl/cert.pem",                                 /* Alpine without its package */
    };
    const char *usual = X509_get_default_cert_file();

    if (access(usual, R_OK) == 0) {
        return usual;
    }
    for (size_t i = 0; i < ZREG__COUNT(places); i++) {
        if (access(places[i], R_OK) == 0) {
            return places[i];
        }
    }
    return usual;
}

/* What OpenSSL's variables name, or the system's. A hashed folder is searched only when needed, so
 * the bundle beside it, which holds the same, is left alone. */
static bool add_system(zreg__fetch_trust *trust)
{
    const char *folder = getenv(X509_get_default_cert_dir_env());
    const char *bundle = getenv(X509_get_default_cert_file_env());
    X509_LOOKUP *lookup = X509_STORE_add_lookup(trust->store, X509_LOOKUP_hash_dir());

    folder = zreg__str_empty(folder) ? X509_get_default_cert_dir() : folder;
    if (lookup == NULL || X509_LOOKUP_add_dir(lookup, folder, X509_FILETYPE_PEM) != 1) {
        return false;
    }
    if (zreg__str_empty(bundle) && is_hashed(folder)) {
        return true;
    }
    return add_bundle(trust, zreg__str_empty(bundle) ? system_bundle() : bundle);
}

/* Adds each certificate of a PEM text; false when there is none. */
static bool add_pem(X509_STORE *store, const char *pem)
{
    BIO *text = BIO_new_mem_buf(pem, -1);
    bool found = false;

    for (X509 *one; text != NULL && (one = PEM_read_bio_X509(text, NULL, NULL, NULL)) != NULL;) {
        found = X509_STORE_add_cert(store, one) == 1 || found;
        X509_free(one);
    }
    BIO_free(text);
    return found;
}

static zreg_status fill(zreg__fetch_trust *trust, const char *session_pem, const char *host_pem,
                        zreg_error *err)
{
    const char *const pems[] = {session_pem, host_pem};

    pthread_mutex_init(&trust->lock, NULL);
    trust->store = X509_STORE_new();
    trust->ca_pem = zreg__strdup(host_pem);
    if (trust->store == NULL || (host_pem != NULL && trust->ca_pem == NULL) || !add_system(trust)) {
        return zreg__fail_nomem(err);
    }
    /* An intermediate or a server's own certificate may be trusted by itself. */
    X509_STORE_set_flags(trust->store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    for (size_t i = 0; i < ZREG__COUNT(pems); i++) {
        if (pems[i] != NULL && !add_pem(trust->store, pems[i])) {
            ERR_clear_error();
            return zreg__fail(err, ZREG_INVAL,
                              "the given authorities hold no certificate; give them as PEM text");
        }
    }
    ERR_clear_error();
    return ZREG_OK;
}

static zreg_status add(zreg__fetch_trust **out, zreg__fetch *fetch, const char *ca_pem,
                       zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_trust) zreg__fetch_trust *trust = zreg__new(zreg__fetch_trust);

    if (trust == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(fill(trust, fetch->ca_pem, ca_pem, err));
    ZREG__TRY(zreg__fetch_share_new(&trust->share, fetch, err));
    trust->number = fetch->trusts != NULL ? fetch->trusts->number + 1 : 1;
    trust->next = fetch->trusts;
    fetch->trusts = trust;
    *out = zreg__steal(&trust);
    return ZREG_OK;
}

zreg_status zreg__fetch_trust_find(zreg__fetch_trust **out, zreg__fetch *fetch, const char *ca_pem,
                                   zreg_error *err)
{
    zreg_status status = ZREG_OK;
    zreg__fetch_trust *trust;

    pthread_mutex_lock(&fetch->lock);
    trust = fetch->trusts;
    while (trust != NULL && !zreg__str_equal(trust->ca_pem, ca_pem)) {
        trust = trust->next;
    }
    if (trust == NULL) {
        status = add(&trust, fetch, ca_pem, err);
    }
    pthread_mutex_unlock(&fetch->lock);
    if (status == ZREG_OK) {
        *out = trust;
    }
    return status;
}

unsigned zreg__fetch_trust_number(const zreg__fetch_trust *trust)
{
    return trust != NULL ? trust->number : 0;
}

CURLSH *zreg__fetch_trust_share(const zreg__fetch_trust *trust)
{
    return trust->share;
}

bool zreg__fetch_trust_apply(const zreg__fetch_trust *trust, SSL_CTX *context)
{
    SSL_CTX_set1_cert_store(context, trust->store);
    return SSL_CTX_get_cert_store(context) == trust->store;
}

void zreg__fetch_trust_free_all(zreg__fetch_trust *first)
{
    while (first != NULL) {
        zreg__fetch_trust *trust = first;

        first = trust->next;
        trust_free(trust);
    }
}
