/* SPDX-License-Identifier: Apache-2.0 */
#include "serve_tokens.h"

#include "files.h"
#include "memory.h"
#include <stdlib.h>
#include <string.h>

static zreg_status read_keys(session *s, serve_tokens *out, const registry_yaml *yaml)
{
    bool is_given = options_flag(&s->given, "token-key-file");
    const char *const *paths = is_given ? options_list(&s->given, "token-key-file")
                                        : (const char *const *)yaml->token_key_files;
    size_t count = 0;
    while (paths != NULL && paths[count] != NULL) {
        count++;
    }
    out->keys = memory_array(count + 2, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        zreg_status status = files_read_secret(s, &out->keys[i], paths[i], "token-key-file");
        if (status != ZREG_OK) {
            return status;
        }
    }
    if (count == 0 && yaml->secret != NULL) {
        out->keys[0] = memory_check(strdup(yaml->secret));
    }
    return ZREG_OK;
}

static zreg_status read_service(session *s, serve_tokens *out, zreg_server_options *options,
                                const registry_yaml *yaml)
{
    const char *path = session_text(s, "token-trust", yaml->token_trust);
    options->token_realm = session_text(s, "token-realm", yaml->token_realm);
    options->token_service = session_text(s, "token-service", yaml->token_service);
    options->token_issuer = session_text(s, "token-issuer", yaml->token_issuer);
    zreg_status status =
        path == NULL ? ZREG_OK : files_read_text(s, &out->trust, path, "token-trust");
    options->token_trust_pem = out->trust;
    return status;
}

zreg_status serve_tokens_read(session *s, serve_tokens *out, zreg_server_options *options,
                              const registry_yaml *yaml)
{
    zreg_status status = read_keys(s, out, yaml);
    options->token_keys = out->keys[0] == NULL ? NULL : (const char *const *)out->keys;
    return status != ZREG_OK ? status : read_service(s, out, options, yaml);
}

void serve_tokens_finish(serve_tokens *tokens)
{
    for (size_t i = 0; tokens->keys != NULL && tokens->keys[i] != NULL; i++) {
        memory_free_secret(tokens->keys[i]);
    }
    free(tokens->keys);
    free(tokens->trust);
}
