/* SPDX-License-Identifier: Apache-2.0 */
#include "tag_api.h"

#include "files.h"
#include "memory.h"
#include <stdlib.h>
#include <string.h>

static zreg_status read_api(session *s, zreg_tag_api *out)
{
    static const char *const names[] = {"auto", "oci", "hub", "quay", NULL};
    size_t chosen = 0;
    zreg_status status = session_choice(s, "api", names, &chosen);
    *out = (zreg_tag_api)chosen;
    return status;
}

static zreg_status read_token(session *s, char **token)
{
    const char *path = options_text(&s->given, "api-token-file");
    const char *given = getenv("ZREG_API_TOKEN");
    if (path != NULL) {
        return files_read_secret(s, token, path, "--api-token-file");
    }
    *token = given == NULL || given[0] == '\0' ? NULL : memory_check(strdup(given));
    return ZREG_OK;
}

static zreg_status set(session *s, const char *place, const zreg_tag_api_options *options)
{
    zreg_ref *ref = NULL;
    zreg_status status = zreg_ref_parse(&ref, place, &s->err);
    if (status == ZREG_OK) {
        status = zreg_client_set_tag_api(s->client, zreg_ref_host(ref), options, &s->err);
    }
    zreg_ref_free(ref);
    return status;
}

zreg_status tag_api_configure(session *s, const char *place)
{
    zreg_tag_api_options options = ZREG_OPTIONS(zreg_tag_api_options);
    AUTO_SECRET char *token = NULL;
    zreg_status status = read_api(s, &options.api);
    options.url = options_text(&s->given, "api-url");
    if (status == ZREG_OK) {
        status = read_token(s, &token);
    }
    options.token = token;
    return status == ZREG_OK ? set(s, place, &options) : status;
}
