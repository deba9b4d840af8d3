/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/credentials.h"

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "registry/authfile.h"
#include "registry/helper.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* Answers of helpers are asked for again after this: some are tokens that run out. */
#define KEEP_MS 600000

#define MAX_FILES 2

struct zreg__credentials {
    char *authfile; /* NULL: the usual places */
    pthread_mutex_t lock;
    bool loaded;
    zreg__json *files[MAX_FILES]; /* the first that knows the name counts */
    size_t file_count;
    zreg__map *given; /* host -> zreg__credential */
    zreg__map *found; /* host/repository -> struct found */
};

typedef struct found {
    zreg__credential credential;
    uint64_t until_ms;
} found;

void zreg__credential_finish(zreg__credential *credential)
{
    free(credential->key);
    free(credential->username);
    zreg__free_secret(credential->password);
    zreg__free_secret(credential->identity_token);
    zreg__free_secret(credential->registry_token);
    *credential = (zreg__credential){0};
}

zreg_status zreg__credential_basic(char **out, const zreg__credential *credential, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(2 * ZREG__MAX_TOKEN_BODY_BYTES);
    ZREG__AUTO_SECRET char *pair =
        zreg__asprintf("%s:%s", credential->username, credential->password);

    if (pair == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__buf_text(&text, "Basic ", err));
    ZREG__TRY(zreg__base64_encode(&text, pair, strlen(pair), 0, err));
    *out = zreg__buf_steal(&text);
    return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static void free_credential(void *credential)
{
    zreg__credential_finish(credential);
    free(credential);
}

static void free_found(void *entry)
{
    free_credential(&((found *)entry)->credential);
}

static zreg_status copy_one(char **to, const char *from, zreg_error *err)
{
    *to = zreg__strdup(from);
    return from == NULL || *to != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status copy(zreg__credential *out, const zreg__credential *from, zreg_error *err)
{
    ZREG__TRY(copy_one(&out->key, from->key, err));
    ZREG__TRY(copy_one(&out->username, from->username, err));
    ZREG__TRY(copy_one(&out->password, from->password, err));
    ZREG__TRY(copy_one(&out->identity_token, from->identity_token, err));
    return copy_one(&out->registry_token, from->registry_token, err);
}

zreg_status zreg__credentials_new(zreg__credentials **out, const char *authfile, zreg_error *err)
{
    ZREG__AUTO(zreg__credentials) zreg__credentials *credentials = zreg__new(zreg__credentials);

    if (credentials == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&credentials->lock, NULL);
    ZREG__TRY(copy_one(&credentials->authfile, authfile, err));
    ZREG__TRY(zreg__map_new(&credentials->given, free_credential, err));
    ZREG__TRY(zreg__map_new(&credentials->found, free_found, err));
    *out = zreg__steal(&credentials);
    return ZREG_OK;
}

static void forget_files(zreg__credentials *credentials)
{
    while (credentials->file_count > 0) {
        zreg__json_free(credentials->files[--credentials->file_count]);
    }
}

void zreg__credentials_free(zreg__credentials *credentials)
{
    if (credentials == NULL) {
        return;
    }
    forget_files(credentials);
    zreg__map_free(credentials->given);
    zreg__map_free(credentials->found);
    pthread_mutex_destroy(&credentials->lock);
    free(credentials->authfile);
    free(credentials);
}

zreg_status zreg__credentials_set(zreg__credentials *credentials, const char *host,
                                  const char *username, const char *password, zreg_error *err)
{
    zreg__credential *credential = zreg__new(zreg__credential);
    const zreg__credential given = {
        .key = (char[]){"given"},
        .username = (char *)(uintptr_t)username,
        .password = (char *)(uintptr_t)(username != NULL && password == NULL ? "" : password),
    };
    zreg_status status = ZREG_NOMEM;

    if (credential == NULL) {
        return zreg__fail_nomem(err);
    }
    status = copy(credential, &given, err);
    if (status == ZREG_OK) {
        pthread_mutex_lock(&credentials->lock);
        status = zreg__map_set(credentials->given, host, credential, err);
        pthread_mutex_unlock(&credentials->lock);
    }
    if (status != ZREG_OK) {
        free_credential(credential);
    }
    return status;
}

/* Reads one file; a missing one counts as empty unless it is `required`. */
static zreg_status load_file(zreg__credentials *credentials, const char *path, bool required,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(ZREG__MAX_AUTHFILE_BYTES);
    ZREG__AUTO(zreg__json) zreg__json *file = NULL;
    zreg_error failed = {0};
    zreg_status status = zreg__file_read(&text, path, &failed);

    if (status == ZREG_NOTFOUND && !required) {
        return ZREG_OK;
    }
    if (status != ZREG_OK) {
        return zreg__fail(err, ZREG_INVAL, "cannot read credentials: %s", failed.message);
    }
    status = zreg__json_parse(&file, zreg__buf_cstr(&text), text.size, path, err);
    explicit_bzero(text.data, text.size);
    ZREG__TRY(status);
    ZREG__TRY(zreg__authfile_check(file, path, err));
    credentials->files[credentials->file_count++] = zreg__steal(&file);
    return ZREG_OK;
}

static zreg_status load_below(zreg__credentials *credentials, const char *folder, const char *name,
                              zreg_error *err)
{
    ZREG__AUTO_FREE char *path = NULL;

    if (zreg__str_empty(folder)) {
        return ZREG_OK;
    }
    path = zreg__asprintf("%s/%s", folder, name);
    return path != NULL ? load_file(credentials, path, false, err) : zreg__fail_nomem(err);
}

static zreg_status load_usual(zreg__credentials *credentials, zreg_error *err)
{
    const char *file = getenv("REGISTRY_AUTH_FILE");
    const char *folder = getenv("DOCKER_CONFIG");

    if (!zreg__str_empty(file)) {
        return load_file(credentials, file, false, err);
    }
    ZREG__TRY(load_below(credentials, getenv("XDG_RUNTIME_DIR"), "containers/auth.json", err));
    if (!zreg__str_empty(folder)) {
        return load_below(credentials, folder, "config.json", err);
    }
    return load_below(credentials, getenv("HOME"), ".docker/config.json", err);
}

static zreg_status load(zreg__credentials *credentials, zreg_error *err)
{
    zreg_status status = ZREG_OK;

    if (credentials->loaded) {
        return ZREG_OK;
    }
    if (credentials->authfile == NULL) {
        status = load_usual(credentials, err);
    } else if (credentials->authfile[0] != '\0') {
        status = load_file(credentials, credentials->authfile, true, err);
    }
    credentials->loaded = status == ZREG_OK;
    if (!credentials->loaded) {
        forget_files(credentials);
    }
    return status;
}

/* Looks through one file: its helper, then its entries. */
static zreg_status find_in_file(bool *out_found, zreg__credential *out, const zreg__json *file,
                                const char *name, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *helper = NULL;
    ZREG__AUTO_FREE char *server = NULL;

    *out_found = false;
    ZREG__TRY(zreg__authfile_helper(&helper, &server, file, name, err));
    if (helper != NULL) {
        ZREG__TRY(zreg__helper_get(out_found, out, helper, server, cancel, err));
    }
    return *out_found ? ZREG_OK : zreg__authfile_entry(out_found, out, file, name, err);
}

static zreg_status find_new(zreg__credential *out, zreg__credentials *credentials, const char *name,
                            zreg_cancel *cancel, zreg_error *err)
{
    bool is_found = false;

    ZREG__TRY(load(credentials, err));
    for (size_t i = 0; i < credentials->file_count && !is_found; i++) {
        ZREG__TRY(find_in_file(&is_found, out, credentials->files[i], name, cancel, err));
    }
    if (out->key == NULL) {
        return copy_one(&out->key, "anonymous", err);
    }
    return ZREG_OK;
}

/* What editors and echo put behind a password; no registry takes one that ends so. */
static void trim_line_end(char *secret)
{
    size_t size = secret == NULL ? 0 : strlen(secret);

    while (size > 0 && (secret[size - 1] == '\n' || secret[size - 1] == '\r')) {
        secret[--size] = '\0';
    }
}

static zreg_status find_locked(zreg__credential *out, zreg__credentials *credentials,
                               const char *host, const char *name, zreg_cancel *cancel,
                               zreg_error *err)
{
    const zreg__credential *given = zreg__map_get(credentials->given, host);
    found *entry = zreg__map_get(credentials->found, name);
    zreg_status status;

    if (given != NULL) {
        return copy(out, given, err);
    }
    if (entry != NULL && entry->until_ms > zreg__clock_ms()) {
        return copy(out, &entry->credential, err);
    }
    entry = zreg__new(found);
    if (entry == NULL) {
        return zreg__fail_nomem(err);
    }
    entry->until_ms = zreg__clock_ms() + KEEP_MS;
    status = find_new(&entry->credential, credentials, name, cancel, err);
    if (status == ZREG_OK) {
        status = copy(out, &entry->credential, err);
    }
    if (status == ZREG_OK) {
        status = zreg__map_set(credentials->found, name, entry, err);
    }
    if (status != ZREG_OK) {
        free_found(entry);
    }
    return status;
}

/* A helper may take long: whoever waits for the lock can be cancelled. */
static zreg_status lock(zreg__credentials *credentials, zreg_cancel *cancel, zreg_error *err)
{
    struct timespec until;

    do {
        ZREG__TRY(zreg__cancel_check(cancel, err));
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50 * 1000 * 1000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
    } while (pthread_mutex_timedlock(&credentials->lock, &until) == ETIMEDOUT);
    return ZREG_OK;
}

zreg_status zreg__credentials_find(zreg__credential *out, zreg__credentials *credentials,
                                   const char *host, const char *repository, zreg_cancel *cancel,
                                   zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    ZREG__AUTO_FREE char *name =
        zreg__asprintf("%s%s%s", host, repository[0] != '\0' ? "/" : "", repository);
    zreg_status status;

    if (name == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(lock(credentials, cancel, err));
    status = find_locked(&credential, credentials, host, name, cancel, err);
    pthread_mutex_unlock(&credentials->lock);
    if (status == ZREG_OK) {
        trim_line_end(credential.password);
        trim_line_end(credential.identity_token);
        trim_line_end(credential.registry_token);
        *out = credential;
        credential = (zreg__credential){0};
    }
    return status;
}
