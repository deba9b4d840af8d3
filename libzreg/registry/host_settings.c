/* SPDX-License-Identifier: Apache-2.0 */
/* What the program set for a host. A request of another thread may be using what was set before: it
 * is replaced and kept, never changed. */
#include "registry/host.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

static void free_trust(zreg__host_trust *first)
{
    while (first != NULL) {
        zreg__host_trust *trust = first;

        first = trust->older;
        free(trust->ca_pem);
        zreg__free_secret(trust->client_cert_pem);
        zreg__free_secret(trust->client_key_pem);
        free(trust);
    }
}

ZREG__DEFINE_AUTO(zreg__host_trust, free_trust)

static bool same_trust(const zreg__host_trust *a, const zreg_host_options *b)
{
    return a != NULL && zreg__str_equal(a->ca_pem, b->ca_pem) &&
           zreg__str_equal(a->client_cert_pem, b->client_cert_pem) &&
           zreg__str_equal(a->client_key_pem, b->client_key_pem) &&
           a->insecure == (b->insecure != 0);
}

static zreg_status copy_text(char **to, const char *text, zreg_error *err)
{
    *to = zreg__strdup(text);
    return text != NULL && *to == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status set_trust(zreg__host *host, const zreg_host_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg__host_trust) zreg__host_trust *trust = NULL;

    if (same_trust(atomic_load(&host->trust), options)) {
        return ZREG_OK;
    }
    trust = zreg__new(zreg__host_trust);
    if (trust == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(copy_text(&trust->ca_pem, options->ca_pem, err));
    ZREG__TRY(copy_text(&trust->client_cert_pem, options->client_cert_pem, err));
    ZREG__TRY(copy_text(&trust->client_key_pem, options->client_key_pem, err));
    trust->insecure = options->insecure != 0;
    pthread_mutex_lock(&host->lock.lock);
    trust->older = host->trust;
    host->trust = zreg__steal(&trust);
    pthread_mutex_unlock(&host->lock.lock);
    return ZREG_OK;
}

zreg_status zreg__host_configure(zreg__host *host, const zreg_host_options *options,
                                 zreg_error *err)
{
    ZREG__TRY(set_trust(host, options, err));
    host->plain_http = options->plain_http != 0;
    host->http2 = options->http2 != 0;
    host->is_set = host->is_set || options->plain_http != 0 || options->insecure != 0 ||
                   options->ca_pem != NULL || options->client_cert_pem != NULL;
    return ZREG_OK;
}

zreg_status zreg__host_suggest(zreg__host *host, const zreg__host_suggestion *suggested,
                               zreg_error *err)
{
    if (host->is_set || host->is_suggested) {
        return ZREG_OK;
    }
    host->may_be_plain = suggested->may_be_plain;
    host->plain_http = host->plain_http || suggested->options.plain_http != 0;
    ZREG__TRY(set_trust(host, &suggested->options, err));
    host->is_suggested = true; /* last: who sees it goes on to the host */
    return ZREG_OK;
}

/* With its end, so that no two rows of texts are the same. */
static void hash_text(zreg__hash *hash, const char *text)
{
    zreg__hash_update(hash, text != NULL ? "+" : "-", 1);
    zreg__hash_update(hash, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 0);
}

char *zreg__host_suggestion_key(const zreg__host_suggestion *suggested)
{
    const zreg_host_options *options = &suggested->options;
    zreg__hash hash;
    char trust[136];

    zreg__hash_init(&hash, ZREG__SHA256);
    hash_text(&hash, options->ca_pem);
    hash_text(&hash, options->client_cert_pem);
    hash_text(&hash, options->client_key_pem);
    zreg__hash_digest(&hash, trust);
    return zreg__asprintf("%d%d%d %s", options->plain_http != 0, options->insecure != 0,
                          suggested->may_be_plain, trust);
}

zreg__fetch_tls zreg__host_tls(const zreg__host *host)
{
    const zreg__host_trust *trust = host->trust;

    return trust == NULL ? (zreg__fetch_tls){0}
                         : (zreg__fetch_tls){trust->ca_pem, trust->client_cert_pem,
                                             trust->client_key_pem, trust->insecure};
}

void zreg__tagapi_settings_free(zreg__tagapi_settings *first)
{
    while (first != NULL) {
        zreg__tagapi_settings *settings = first;

        first = settings->older;
        free(settings->path);
        zreg__free_secret(settings->token);
        free(settings);
    }
}

const zreg__tagapi_settings *zreg__host_tag_api(const zreg__host *host)
{
    static const zreg__tagapi_settings usual = {.api = ZREG_TAG_API_AUTO};
    const zreg__tagapi_settings *set = atomic_load(&host->tag_api);

    return set != NULL ? set : &usual;
}

static bool same_tag_api(const zreg__tagapi_settings *a, const zreg__tagapi_settings *b)
{
    return a->api == b->api && a->host == b->host && zreg__str_equal(a->path, b->path) &&
           zreg__str_equal(a->token, b->token);
}

void zreg__host_set_tag_api(zreg__host *host, zreg__tagapi_settings **settings)
{
    pthread_mutex_lock(&host->lock.lock);
    if (!same_tag_api(zreg__host_tag_api(host), *settings)) {
        (*settings)->older = atomic_load(&host->tag_api);
        atomic_store(&host->tag_api, zreg__steal(settings));
        zreg__free_secret(host->login);
        host->login = NULL;
    }
    pthread_mutex_unlock(&host->lock.lock);
}

void zreg__host_settings_finish(zreg__host *host)
{
    free_trust(host->trust);
    zreg__tagapi_settings_free(host->tag_api);
}
