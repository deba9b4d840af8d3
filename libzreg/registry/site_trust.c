/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/site_trust.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "registry/site_files.h"

#include <string.h>
#include <unistd.h>

static void free_names(char ***names)
{
    zreg__site_files_free_names(*names);
}

static zreg_status list_certificate(zreg__mirror_server *to, const char *folder, const char *name,
                                    zreg_error *err)
{
    ZREG__AUTO_FREE char *key =
        zreg__asprintf("%.*s.key", (int)(strlen(name) - strlen(".cert")), name);
    ZREG__AUTO_FREE char *path = key != NULL ? zreg__concat(folder, "/", key) : NULL;

    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    if (access(path, F_OK) != 0) {
        return zreg__fail(err, ZREG_INVAL, "%s/%s has no key; put it into %s", folder, name, path);
    }
    ZREG__TRY(zreg__mirror_list_add(&to->certificates, zreg__span_of(name), err));
    return zreg__mirror_list_add(&to->keys, zreg__span_of(key), err);
}

zreg_status zreg__site_trust_list(zreg__mirror_server *to, const char *folder, bool may_fail,
                                  zreg_error *err)
{
    ZREG__CLEANUP(free_names) char **authorities = NULL;
    ZREG__CLEANUP(free_names) char **certificates = NULL;

    ZREG__TRY(zreg__site_files_names(&authorities, folder, ".crt", may_fail, err));
    ZREG__TRY(zreg__site_files_names(&certificates, folder, ".cert", may_fail, err));
    for (char **name = authorities; name != NULL && *name != NULL; name++) {
        ZREG__TRY(zreg__mirror_list_add(&to->authorities, zreg__span_of(*name), err));
    }
    for (char **name = certificates; name != NULL && *name != NULL; name++) {
        ZREG__TRY(list_certificate(to, folder, *name, err));
    }
    to->folder = zreg__strdup(folder);
    return to->folder != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status add_file(zreg__buf *to, const zreg__mirror_server *server, const char *name,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__SECRET_BUF(ZREG__MAX_PEM_BYTES);
    bool is_whole = name[0] == '/' || server->folder == NULL;
    ZREG__AUTO_FREE char *path =
        zreg__concat(is_whole ? "" : server->folder, is_whole ? "" : "/", name);

    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__site_files_text(&text, path, err));
    ZREG__TRY(zreg__buf_append(to, zreg__buf_cstr(&text), text.size, err));
    return zreg__buf_text(to, "\n", err);
}

static zreg_status read_one(char **out, const zreg__mirror_server *server, const char *name,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__SECRET_BUF(ZREG__MAX_PEM_BYTES);

    ZREG__TRY(add_file(&text, server, name, err));
    *out = zreg__buf_steal(&text);
    return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__site_trust_read(zreg__mirror_server *server, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf authorities = ZREG__BUF(ZREG__MAX_PEM_BYTES);

    for (char **name = server->authorities; name != NULL && *name != NULL; name++) {
        ZREG__TRY(add_file(&authorities, server, *name, err));
    }
    if (authorities.size > 0) {
        server->ca_pem = zreg__buf_steal(&authorities);
        if (server->ca_pem == NULL) {
            return zreg__fail_nomem(err);
        }
    }
    if (server->certificates == NULL || server->certificates[0] == NULL) {
        return ZREG_OK;
    }
    const char *key = server->keys[0][0] != '\0' ? server->keys[0] : server->certificates[0];
    ZREG__TRY(read_one(&server->client_cert_pem, server, server->certificates[0], err));
    return read_one(&server->client_key_pem, server, key, err);
}
