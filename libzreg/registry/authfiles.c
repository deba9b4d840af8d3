/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/authfiles.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "registry/authfile.h"

#include <string.h>
#include <unistd.h>

/* Takes over the path. */
static zreg_status add(zreg__authfiles *to, char *path, zreg_error *err)
{
    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    to->paths[to->count++] = path;
    return ZREG_OK;
}

/* Podman's, which goes at a restart. */
static zreg_status add_runtime(zreg__authfiles *to, zreg_error *err)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");

    return add(to,
               zreg__str_empty(folder)
                   ? zreg__asprintf("/run/containers/%u/auth.json", (unsigned)geteuid())
                   : zreg__asprintf("%s/containers/auth.json", folder),
               err);
}

/* Podman's, which stays. */
static zreg_status add_config(zreg__authfiles *to, zreg_error *err)
{
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    if (!zreg__str_empty(folder)) {
        return add(to, zreg__asprintf("%s/containers/auth.json", folder), err);
    }
    return zreg__str_empty(home)
               ? ZREG_OK
               : add(to, zreg__asprintf("%s/.config/containers/auth.json", home), err);
}

static zreg_status add_docker(zreg__authfiles *to, zreg_error *err)
{
    const char *folder = getenv("DOCKER_CONFIG");
    const char *home = getenv("HOME");

    if (!zreg__str_empty(folder)) {
        return add(to, zreg__asprintf("%s/config.json", folder), err);
    }
    return zreg__str_empty(home) ? ZREG_OK
                                 : add(to, zreg__asprintf("%s/.docker/config.json", home), err);
}

static zreg_status add_usual(zreg__authfiles *to, zreg_error *err)
{
    const char *file = getenv("REGISTRY_AUTH_FILE");

    if (!zreg__str_empty(file)) {
        return add(to, zreg__strdup(file), err);
    }
    ZREG__TRY(add_runtime(to, err));
    ZREG__TRY(add_config(to, err));
    return add_docker(to, err);
}

zreg_status zreg__authfiles_find(zreg__authfiles *out, const char *authfile, zreg_error *err)
{
    ZREG__AUTO(zreg__authfiles) zreg__authfiles found = {.required = authfile != NULL};

    if (authfile == NULL) {
        ZREG__TRY(add_usual(&found, err));
    } else if (authfile[0] != '\0') {
        ZREG__TRY(add(&found, zreg__strdup(authfile), err));
    }
    *out = found;
    found = (zreg__authfiles){0};
    return ZREG_OK;
}

static zreg_status parse(zreg__json **out, const zreg__buf *text, const char *path, zreg_error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *at = zreg__buf_cstr(text);

    at += zreg__str_starts(at, mark) ? strlen(mark) : 0;
    if (at[strspn(at, " \t\r\n")] == '\0' && strlen(zreg__buf_cstr(text)) == text->size) {
        return ZREG_OK;
    }
    ZREG__TRY(
        zreg__json_parse(out, at, text->size - (size_t)(at - zreg__buf_cstr(text)), path, err));
    if (!zreg__json_is_object(*out)) {
        return zreg__fail(err, ZREG_INVAL, "%s: no JSON object, as docker and podman write it",
                          path);
    }
    return zreg__authfile_check(*out, path, err);
}

zreg_status zreg__authfiles_read_one(zreg__json **out, const char *path, bool required,
                                     zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__SECRET_BUF(ZREG__MAX_AUTHFILE_BYTES);
    ZREG__AUTO_SECRET_JSON zreg__json *file = NULL;
    zreg_error failed = {0};
    zreg_status status = zreg__file_read(&text, path, &failed);

    if (status == ZREG_NOTFOUND && !required) {
        return ZREG_OK;
    }
    if (status != ZREG_OK) {
        return zreg__fail(err, ZREG_INVAL, "cannot read credentials: %s", failed.message);
    }
    ZREG__TRY(parse(&file, &text, path, err));
    *out = zreg__steal(&file);
    return ZREG_OK;
}

zreg_status zreg__authfiles_read(zreg__authfiles *files, zreg_error *err)
{
    for (size_t i = 0; i < files->count; i++) {
        ZREG__TRY(
            zreg__authfiles_read_one(&files->files[i], files->paths[i], files->required, err));
    }
    return ZREG_OK;
}

const char *zreg__authfiles_to_write(const zreg__authfiles *files)
{
    size_t i = 0;

    while (i + 1 < files->count && access(files->paths[i], F_OK) != 0) {
        i++;
    }
    return files->paths[i];
}

void zreg__authfiles_finish(zreg__authfiles *files)
{
    while (files->count > 0) {
        files->count--;
        free(files->paths[files->count]);
        zreg__json_free_secret(files->files[files->count]);
        files->files[files->count] = NULL;
    }
}
