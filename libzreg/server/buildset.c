/* SPDX-License-Identifier: Apache-2.0 */
#include "server/buildset.h"

#include "base/error.h"
#include "base/file.h"
#include "base/fork.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "base/strings.h"
#include "server/certificate.h"

#define USERNAME "zuul"
#define PASSWORD_BYTES 32
#define MAX_NAMES 1000

static zreg_status add_name(zreg_strings *names, const char *name, zreg_error *err)
{
    for (size_t i = 0; i < zreg_strings_count(names); i++) {
        if (zreg__str_equal(zreg_strings_at(names, i), name)) {
            return ZREG_OK;
        }
    }
    return zreg__strings_add(names, name, MAX_NAMES, err);
}

static zreg_status make_certificate(zreg_server *server, const char *const *further,
                                    zreg_error *err)
{
    static const char *const always[] = {"zuul-jobs.buildset-registry", "localhost", "127.0.0.1"};
    ZREG__AUTO(zreg_strings) zreg_strings *names = NULL;
    ZREG__TRY(zreg__strings_new(&names, err));
    for (size_t i = 0; i < ZREG__COUNT(always); i++) {
        ZREG__TRY(add_name(names, always[i], err));
    }
    ZREG__TRY(add_name(names, zreg__serve_host(server->serve), err));
    for (size_t i = 0; further != NULL && further[i] != NULL; i++) {
        ZREG__TRY(add_name(names, further[i], err));
    }
    return zreg__certificate_make(&server->cert_pem, &server->key_pem, zreg__strings_array(names),
                                  err);
}

static zreg_status make_user(zreg_server *server, zreg_error *err)
{
    if (zreg__users_has(server->users, USERNAME)) {
        return zreg__fail(err, ZREG_INVAL,
                          "a buildset registry makes its user \"" USERNAME
                          "\" by itself: give the one in htpasswd or users another name");
    }
    server->username = zreg__strdup(USERNAME);
    server->password = zreg__calloc(1, 2 * PASSWORD_BYTES + 1);
    if (server->username == NULL || server->password == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__random_hex(server->password, PASSWORD_BYTES, err));
    return zreg__users_add(server->users, server->username, server->password, err);
}

zreg_status zreg__buildset_prepare(zreg_server *server, const zreg_server_options *options,
                                   zreg_error *err)
{
    if (server->root == NULL) {
        ZREG__TRY(zreg__file_temp_dir(&server->root, "zreg-buildset-", err));
        server->owns_root = true;
    }
    if (server->cert_pem == NULL && !options->plain_http) {
        ZREG__TRY(make_certificate(server, options->names, err));
    }
    return make_user(server, err);
}

static zreg_status fill_record(zreg__json *record, const zreg_server *server, zreg_error *err)
{
    ZREG__TRY(zreg__json_set_text(record, "host", zreg__serve_host(server->serve), err));
    ZREG__TRY(zreg__json_set_u64(record, "port", zreg__serve_port(server->serve), err));
    ZREG__TRY(zreg__json_set_text(record, "username", server->username, err));
    ZREG__TRY(zreg__json_set_text(record, "password", server->password, err));
    ZREG__TRY(zreg__json_set_text(record, "cert", server->cert_pem, err));
    return zreg__json_set_text(record, "fingerprint", server->fingerprint, err);
}

zreg_status zreg_server_connection(char **out_json, const zreg_server *server, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__fork_check(server->life.maker, "the server", err));
    ZREG__AUTO(zreg__json) zreg__json *record = zreg__json_new_object();
    ZREG__TRY(fill_record(record, server, err));
    return zreg__json_print(out_json, record, err);
}
