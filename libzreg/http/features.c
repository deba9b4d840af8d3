/* SPDX-License-Identifier: Apache-2.0 */
/* What the libraries below can do (<zreg/version.h>). They are asked once. */
#include "config.h"

#include "base/compiler.h"
#include "base/str.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <zreg/version.h>

typedef struct feature {
    const char *name;
    char text[64]; /* "": this build cannot do it */
} feature;

static feature features[] = {{"http", ""}, {"http2", ""}, {"server", ""}, {"tls", ""}};
static pthread_once_t asked = PTHREAD_ONCE_INIT;

static void set(const char *name, const char *library, const char *version)
{
    for (size_t i = 0; i < ZREG__COUNT(features); i++) {
        if (version != NULL && zreg__str_equal(features[i].name, name)) {
            (void)snprintf(features[i].text, sizeof(features[i].text), "%s%s", library, version);
        }
    }
}

static void ask(void)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);

    set("http", "libcurl ", curl->version);
    set("tls", "", curl->ssl_version);
    if ((curl->features & CURL_VERSION_HTTP2) != 0) {
        set("http2", "nghttp2 ", curl->nghttp2_version != NULL ? curl->nghttp2_version : "");
    }
#if ZREG_WITH_SERVER
    set("server", "HTTP/1.1, ", OpenSSL_version(OPENSSL_VERSION_STRING));
#endif
}

const char *zreg_feature(const char *name)
{
    pthread_once(&asked, ask);
    for (size_t i = 0; i < ZREG__COUNT(features); i++) {
        if (zreg__str_equal(features[i].name, name) && features[i].text[0] != '\0') {
            return features[i].text;
        }
    }
    return NULL;
}

const char *zreg_feature_name(size_t i)
{
    for (size_t at = 0; at < ZREG__COUNT(features); at++) {
        if (zreg_feature(features[at].name) != NULL && i-- == 0) {
            return features[at].name;
        }
    }
    return NULL;
}
