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
#include "base/turn.h"
#include "registry/authfile.h"
#include "registry/authfiles.h"
#include "registry/helper.h"

#include <string.h>

/* Answers of helpers are asked for again after this: some are tokens that run out. */
#define KEEP_MS 600000

struct zreg__credentials {
    char *authfile;       /* NULL: the usual places */
    zreg__turn_lock lock; /* guards what follows; not held while a file is read or a helper runs */
    zreg__map *given;     /* host -> zreg__credential */
    zreg__map *found;     /* host/repository -> struct found */
    zreg__map *answers;   /* helper and server -> struct answer */
    zreg__turn reading;
    bool loaded;
    zreg__authfiles files; /* once loaded they do not change; the first that knows a name counts */
};

typedef struct found {
    zreg__credential credential;
    uint64_t until_ms;
} found;

/* What a helper says of a server; one thread asks for it. */
typedef struct answer {
    zreg__turn asking;
    bool is_found;
    zreg__credential credential;
    uint64_t until_ms;
} answer;

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
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__SECRET_BUF(2 * ZREG__MAX_TOKEN_BODY_BYTES);
    const char *password = credential->password != NULL ? credential->password : "";
    ZREG__AUTO_SECRET char *pair = zreg__concat(credential->username, ":", password);

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

static void free_answer(void *entry)
{
    zreg__credential_finish(&((answer *)entry)->credential);
    free(entry);
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
    zreg__turn_lock_init(&credentials->lock);
    ZREG__TRY(copy_one(&credentials->authfile, authfile, err));
    ZREG__TRY(zreg__map_new(&credentials->given, free_credential, err));
    ZREG__TRY(zreg__map_new(&credentials->found, free_found, err));
    ZREG__TRY(zreg__map_new(&credentials->answers, free_answer, err));
    *out = zreg__steal(&credentials);
    return ZREG_OK;
}

void zreg__credentials_free(zreg__credentials *credentials)
{
    if (credentials == NULL) {
        return;
    }
    zreg__authfiles_finish(&credentials->files);
    zreg__map_free(credentials->given);
    zreg__map_free(credentials->found);
    zreg__map_free(credentials->answers);
    zreg__turn_lock_finish(&credentials->lock);
    free(credentials->authfile);
    free(credentials);
}

const char *zreg__credentials_authfile(const zreg__credentials *credentials)
{
    return credentials->authfile;
}

static void lock(zreg__credentials *credentials)
{
    pthread_mutex_lock(&credentials->lock.lock);
}

static void unlock(zreg__credentials *credentials)
{
    pthread_mutex_unlock(&credentials->lock.lock);
}

zreg_status zreg__credentials_set(zreg__credentials *credentials, const char *name,
                                  const char *username, const char *password, zreg_error *err)
{
    ZREG__AUTO_FREE char *key = zreg__concat("given for ", name, "");
    zreg__credential *credential = key != NULL ? zreg__new(zreg__credential) : NULL;
    const zreg__credential given = {
        .key = key,
        .username = (char *)(uintptr_t)username,
        .password = (char *)(uintptr_t)(username != NULL && password == NULL ? "" : password),
    };
    zreg_status status = ZREG_NOMEM;

    if (credential == NULL) {
        return zreg__fail_nomem(err);
    }
    status = copy(credential, &given, err);
    if (status == ZREG_OK) {
        lock(credentials);
        status = zreg__map_set(credentials->given, name, credential, err);
        unlock(credentials);
    }
    if (status != ZREG_OK) {
        free_credential(credential);
    }
    return status;
}

static zreg_status read_files(zreg__authfiles *out, const zreg__credentials *credentials,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__authfiles) zreg__authfiles files = {0};

    ZREG__TRY(zreg__authfiles_find(&files, credentials->authfile, err));
    ZREG__TRY(zreg__authfiles_read(&files, err));
    *out = files;
    files = (zreg__authfiles){0};
    return ZREG_OK;
}

/* Reads the files without the lock, which is held before and after. */
static zreg_status load_unlocked(zreg__credentials *credentials, zreg_error *err)
{
    zreg__authfiles files = {0};
    zreg_error failed = {0};

    credentials->reading.taken = true;
    unlock(credentials);
    zreg_status status = read_files(&files, credentials, &failed);
    lock(credentials);
    if (status == ZREG_OK) {
        credentials->files = files;
        credentials->loaded = true;
    }
    bool all = zreg__turn_concerns_all(status, NULL);
    zreg__turn_end(&credentials->reading, &credentials->lock, all ? &failed : NULL);
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

static zreg_status load(zreg__credentials *credentials, zreg_cancel *cancel, zreg_error *err)
{
    lock(credentials);
    zreg_status status = zreg__turn_wait(&credentials->reading, &credentials->lock, cancel, err);
    if (status == ZREG_OK && !credentials->loaded) {
        status = load_unlocked(credentials, err);
    }
    unlock(credentials);
    return status;
}

/* The place for what a helper says of a server; with the lock held. */
static zreg_status answer_of(answer **out, zreg__credentials *credentials, const char *helper,
                             const char *server, zreg_error *err)
{
    ZREG__AUTO_FREE char *key = zreg__concat(helper, " ", server);

    if (key == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = zreg__map_get(credentials->answers, key);
    if (*out != NULL) {
        return ZREG_OK;
    }
    ZREG__AUTO_FREE answer *made = zreg__new(answer);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_set(credentials->answers, key, made, err));
    *out = zreg__steal(&made);
    return ZREG_OK;
}

/* Runs the helper without the lock, which is held before and after. */
static zreg_status ask_unlocked(answer *to, zreg__credentials *credentials, const char *helper,
                                const char *server, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    zreg_error failed = {0};
    bool is_found = false;

    to->asking.taken = true;
    unlock(credentials);
    zreg_status status = zreg__helper_get(&is_found, &credential, helper, server, cancel, &failed);
    lock(credentials);
    if (status == ZREG_OK) {
        zreg__credential_finish(&to->credential);
        to->credential = credential;
        credential = (zreg__credential){0};
        to->is_found = is_found;
        to->until_ms = zreg__clock_ms() + KEEP_MS;
    }
    bool all = zreg__turn_concerns_all(status, cancel);
    zreg__turn_end(&to->asking, &credentials->lock, all ? &failed : NULL);
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

static zreg_status ask_locked(found *out, bool *out_found, zreg__credentials *credentials,
                              const char *helper, const char *server, zreg_cancel *cancel,
                              zreg_error *err)
{
    answer *kept = NULL;

    ZREG__TRY(answer_of(&kept, credentials, helper, server, err));
    ZREG__TRY(zreg__turn_wait(&kept->asking, &credentials->lock, cancel, err));
    if (kept->until_ms <= zreg__clock_ms()) {
        ZREG__TRY(ask_unlocked(kept, credentials, helper, server, cancel, err));
    }
    *out_found = kept->is_found;
    out->until_ms = kept->until_ms < out->until_ms ? kept->until_ms : out->until_ms;
    return kept->is_found ? copy(&out->credential, &kept->credential, err) : ZREG_OK;
}

/* Looks through one file: its helper, then its entries. */
static zreg_status find_in_file(bool *out_found, found *out, zreg__credentials *credentials,
                                const zreg__json *file, const char *name, zreg_cancel *cancel,
                                zreg_error *err)
{
    ZREG__AUTO_FREE char *helper = NULL;
    ZREG__AUTO_FREE char *server = NULL;

    ZREG__TRY(zreg__authfile_helper(&helper, &server, file, name, err));
    if (helper != NULL) {
        lock(credentials);
        zreg_status status = ask_locked(out, out_found, credentials, helper, server, cancel, err);
        unlock(credentials);
        ZREG__TRY(status);
    }
    return *out_found ? ZREG_OK
                      : zreg__authfile_entry(out_found, &out->credential, file, name, err);
}

/* What editors and echo put behind a password; no registry takes one that ends so. */
static void trim_line_end(char *secret)
{
    size_t size = secret == NULL ? 0 : strlen(secret);

    while (size > 0 && (secret[size - 1] == '\n' || secret[size - 1] == '\r')) {
        secret[--size] = '\0';
    }
}

void zreg__credential_trim(zreg__credential *credential)
{
    trim_line_end(credential->password);
    trim_line_end(credential->identity_token);
    trim_line_end(credential->registry_token);
}

static zreg_status find_new(found *out, zreg__credentials *credentials, const char *name,
                            zreg_cancel *cancel, zreg_error *err)
{
    bool is_found = false;

    out->until_ms = zreg__clock_ms() + KEEP_MS;
    ZREG__TRY(load(credentials, cancel, err));
    for (size_t i = 0; i < credentials->files.count && !is_found; i++) {
        ZREG__TRY(find_in_file(&is_found, out, credentials, credentials->files.files[i], name,
                               cancel, err));
    }
    zreg__credential_trim(&out->credential);
    return out->credential.key != NULL ? ZREG_OK : copy_one(&out->credential.key, "anonymous", err);
}

/* Of what was given that with the longest name, from the repository up to its host. */
static zreg_status find_given(const zreg__credential **out, const zreg__credentials *credentials,
                              const char *name, zreg_error *err)
{
    ZREG__AUTO_FREE char *part = zreg__strdup(name);

    if (part == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = zreg__map_get(credentials->given, part);
    for (char *slash; *out == NULL && (slash = strrchr(part, '/')) != NULL;) {
        *slash = '\0';
        *out = zreg__map_get(credentials->given, part);
    }
    return ZREG_OK;
}

/* What was given, or was found not long ago; `out->key` stays NULL without. With the lock held. */
static zreg_status look(zreg__credential *out, const zreg__credentials *credentials,
                        const char *name, zreg_error *err)
{
    const zreg__credential *given = NULL;
    const found *entry = zreg__map_get(credentials->found, name);

    ZREG__TRY(find_given(&given, credentials, name, err));
    if (given != NULL) {
        ZREG__TRY(copy(out, given, err));
        zreg__credential_trim(out);
        return ZREG_OK;
    }
    return entry != NULL && entry->until_ms > zreg__clock_ms() ? copy(out, &entry->credential, err)
                                                               : ZREG_OK;
}

/* Takes over what was found, unless others were given meanwhile or found by another thread. */
static zreg_status keep(zreg__credential *out, zreg__credentials *credentials, const char *name,
                        found **entry, zreg_error *err)
{
    ZREG__TRY(look(out, credentials, name, err));
    if (out->key != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(copy(out, &(*entry)->credential, err));
    ZREG__TRY(zreg__map_set(credentials->found, name, *entry, err));
    *entry = NULL;
    return ZREG_OK;
}

static zreg_status find(zreg__credential *out, zreg__credentials *credentials, const char *name,
                        zreg_cancel *cancel, zreg_error *err)
{
    lock(credentials);
    zreg_status status = look(out, credentials, name, err);
    unlock(credentials);
    if (status != ZREG_OK || out->key != NULL) {
        return status;
    }
    found *entry = zreg__new(found);
    if (entry == NULL) {
        return zreg__fail_nomem(err);
    }
    status = find_new(entry, credentials, name, cancel, err);
    if (status == ZREG_OK) {
        lock(credentials);
        status = keep(out, credentials, name, &entry, err);
        unlock(credentials);
    }
    if (entry != NULL) {
        free_found(entry);
    }
    return status;
}

zreg_status zreg__credentials_find(zreg__credential *out, zreg__credentials *credentials,
                                   const char *host, const char *repository, zreg_cancel *cancel,
                                   zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    ZREG__AUTO_FREE char *name = zreg__concat(host, repository[0] != '\0' ? "/" : "", repository);

    if (name == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(find(&credential, credentials, name, cancel, err));
    *out = credential;
    credential = (zreg__credential){0};
    return ZREG_OK;
}
