/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/authfile.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "registry/quirks.h"

#include <string.h>

/* The longest decoded "user:password", such as a cloud's token. */
#define MAX_PAIR_BYTES (64 * (size_t)1024)

/* The part of a key that names something: of a URL only the host does, as for docker and podman, and so does
 * of "HOST/v1/" and "HOST/v2/". */
static zreg__span meaning_of(const char *key)
{
    const char *scheme = strstr(key, "://");
    zreg__span text = zreg__span_of(scheme != NULL ? scheme + 3 : key);
    size_t host_size = text.size > 0 ? strcspn(text.text, "/") : 0;

    if (scheme != NULL) {
        text.size = host_size;
    }
    while (text.size > host_size && text.text[text.size - 1] == '/') {
        text.size--;
    }
    if (text.size - host_size == 3 && (memcmp(text.text + host_size, "/v1", 3) == 0 ||
                                       memcmp(text.text + host_size, "/v2", 3) == 0)) {
        text.size = host_size;
    }
    return text;
}

/* "https://HOST/v1/", "HOST/", "HOST/REPOSITORY" as HOST[/REPOSITORY] with the host's one name. */
static char *normal_key(const char *key)
{
    zreg__span text = meaning_of(key);
    size_t host_size = text.size > 0 ? strcspn(text.text, "/") : 0;

    host_size = host_size < text.size ? host_size : text.size;
    ZREG__AUTO_FREE char *host = zreg__strndup(text.text, host_size);
    if (host == NULL) {
        return NULL;
    }
    for (char *c = host; *c != '\0'; c++) {
        *c = zreg__to_lower(*c);
    }
    return zreg__asprintf("%s%.*s", zreg__quirks_canonical(host), (int)(text.size - host_size),
                          text.size > 0 ? text.text + host_size : "");
}

/* The size of `key` when it is `name` or the beginning of it that ends at a '/'; else 0. */
static size_t prefix_size(const char *key, const char *name)
{
    size_t size = strlen(key);

    if (strncmp(key, name, size) != 0 || (name[size] != '\0' && name[size] != '/')) {
        return 0;
    }
    return size;
}

zreg_status zreg__authfile_check(const zreg__json *file, const char *path, zreg_error *err)
{
    static const char *const fields[] = {"auths", "credHelpers", "credsStore", NULL};
    static const char *const entry_fields[] = {"auth",          "username",      "password",
                                               "identitytoken", "registrytoken", NULL};
    zreg__json *auths = zreg__json_get(file, "auths");

    ZREG__TRY(zreg__json_check_case(file, fields, path, err));
    for (zreg__json_member member = {0}; zreg__json_next(&member, auths);) {
        ZREG__TRY(zreg__json_check_case(member.value, entry_fields, path, err));
    }
    return ZREG_OK;
}

/* Of `auths`: what holds something. */
static bool has_content(const zreg__json *value)
{
    static const char *const members[] = {"auth", "identitytoken", "registrytoken", "username"};

    for (size_t i = 0; i < ZREG__COUNT(members); i++) {
        if (!zreg__str_empty(zreg__json_text(value, members[i]))) {
            return true;
        }
    }
    return false;
}

/* Of credHelpers: all, for an empty name stands for the file itself, as for docker. */
static bool is_helper(const zreg__json *value)
{
    (void)value;
    return true;
}

typedef struct match {
    size_t size; /* of the normal key; 0: none */
    bool exact;  /* the key is no old form, as a URL is where docker has none */
    const char *key;
    zreg__json *value;
} match;

static bool is_better(const match *a, const match *b)
{
    return a->size > b->size || (a->size == b->size && a->exact && !b->exact);
}

/* Of the members of `table` that `counts` lets count that whose key is the longest prefix of `name`. */
static zreg_status longest_prefix(match *out, const zreg__json *table, const char *name,
                                  bool (*counts)(const zreg__json *value), zreg_error *err)
{
    *out = (match){0};
    for (zreg__json_member member = {0}; zreg__json_next(&member, table);) {
        ZREG__AUTO_FREE char *normal = normal_key(member.key);
        match found = {.key = member.key, .value = member.value};

        if (normal == NULL) {
            return zreg__fail_nomem(err);
        }
        found.size = prefix_size(normal, name);
        found.exact = zreg__str_equal_nocase(normal, member.key) ||
                      zreg__str_equal(zreg__quirks_find(normal)->credential_key, member.key);
        if (is_better(&found, out) && counts(member.value)) {
            *out = found;
        }
    }
    return ZREG_OK;
}

static zreg_status check_helper_name(const char *name, zreg_error *err)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (!zreg__is_alnum(*c) && strchr("-_.", *c) == NULL) {
            return zreg__fail(err, ZREG_INVAL, "\"%.64s\" is not the name of a credential helper",
                              name);
        }
    }
    return ZREG_OK;
}

static zreg_status give_helper(char **out_helper, char **out_server, const char *helper,
                               const char *server, zreg_error *err)
{
    ZREG__TRY(check_helper_name(helper, err));
    *out_helper = zreg__strdup(helper);
    *out_server = zreg__strdup(server);
    return *out_helper != NULL && *out_server != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__authfile_helper(char **out_helper, char **out_server, const zreg__json *file,
                                  const char *name, zreg_error *err)
{
    ZREG__AUTO_FREE char *host = zreg__strndup(name, strcspn(name, "/"));
    const char *store = zreg__json_text(file, "credsStore");
    const zreg__quirks *quirks;
    match helper;
    match entry;

    if (host == NULL) {
        return zreg__fail_nomem(err);
    }
    quirks = zreg__quirks_find(host);
    ZREG__TRY(longest_prefix(&helper, zreg__json_get(file, "credHelpers"), name, is_helper, err));
    ZREG__TRY(longest_prefix(&entry, zreg__json_get(file, "auths"), name, has_content, err));
    if (helper.size > 0 && helper.size >= entry.size) {
        const char *text = zreg__json_as_text(helper.value);
        bool whole_host = strchr(helper.key, '/') == NULL;

        if (text == NULL && helper.value != NULL) {
            return zreg__fail(err, ZREG_INVAL, "the name of a credential helper is no text");
        }
        if (zreg__str_empty(text)) {
            return ZREG_OK;
        }
        return give_helper(out_helper, out_server, text,
                           whole_host && quirks->credential_key != NULL ? quirks->credential_key
                                                                        : helper.key,
                           err);
    }
    if (entry.size == 0 && !zreg__str_empty(store)) {
        return give_helper(out_helper, out_server, store,
                           quirks->credential_key != NULL ? quirks->credential_key : host, err);
    }
    return ZREG_OK;
}

static zreg_status copy_text(char **to, const char *text, zreg_error *err)
{
    if (zreg__str_empty(text)) {
        return ZREG_OK;
    }
    *to = zreg__strdup(text);
    return *to != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* base64 without the line breaks that the program of that name puts into it. */
static zreg_status without_lines(zreg__buf *to, const char *text, zreg_error *err)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\r\n");

        ZREG__TRY(zreg__buf_append(to, text, size, err));
        text += size + strspn(text + size, "\r\n");
    }
    return ZREG_OK;
}

/* "auth" is base64 of USER:PASSWORD. */
static zreg_status split_auth(zreg__credential *out, const char *auth, const char *key,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf line = ZREG__SECRET_BUF(ZREG__MAX_AUTHFILE_BYTES);
    ZREG__AUTO(zreg__buf) zreg__buf pair = ZREG__SECRET_BUF(MAX_PAIR_BYTES);
    const char *colon = NULL;

    ZREG__TRY(without_lines(&line, auth, err));
    if (zreg__base64_decode(&pair, zreg__buf_cstr(&line), line.size, 0, NULL) == ZREG_OK) {
        colon = strchr(zreg__buf_cstr(&pair), ':');
    }
    if (colon == NULL) {
        return zreg__fail(err, ZREG_INVAL, "the entry \"%.128s\" is not base64 of USER:PASSWORD",
                          key);
    }
    out->username = zreg__strndup(pair.data, (size_t)(colon - pair.data));
    out->password = zreg__strdup(colon + 1);
    return out->username != NULL && out->password != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__authfile_entry(bool *out_found, zreg__credential *out, const zreg__json *file,
                                 const char *name, zreg_error *err)
{
    const char *auth;
    match entry;

    *out_found = false;
    ZREG__TRY(longest_prefix(&entry, zreg__json_get(file, "auths"), name, has_content, err));
    if (entry.size == 0) {
        return ZREG_OK;
    }
    *out_found = true;
    ZREG__TRY(copy_text(&out->key, entry.key, err));
    ZREG__TRY(copy_text(&out->identity_token, zreg__json_text(entry.value, "identitytoken"), err));
    ZREG__TRY(copy_text(&out->registry_token, zreg__json_text(entry.value, "registrytoken"), err));
    auth = zreg__json_text(entry.value, "auth");
    if (!zreg__str_empty(auth)) {
        return split_auth(out, auth, entry.key, err);
    }
    ZREG__TRY(copy_text(&out->username, zreg__json_text(entry.value, "username"), err));
    return copy_text(&out->password, zreg__json_text(entry.value, "password"), err);
}

/* The next entry that is for `name` itself; NULL: there is none. */
static zreg_status find_own(const char **out_key, const zreg__json *auths, const char *name,
                            bool *out_has_content, zreg_error *err)
{
    *out_key = NULL;
    for (zreg__json_member member = {0}; zreg__json_next(&member, auths);) {
        ZREG__AUTO_FREE char *normal = normal_key(member.key);

        if (normal == NULL) {
            return zreg__fail_nomem(err);
        }
        if (strcmp(normal, name) == 0) {
            *out_key = member.key;
            *out_has_content = has_content(member.value);
            return ZREG_OK;
        }
    }
    return ZREG_OK;
}

zreg_status zreg__authfile_remove(bool *out_found, zreg__json *file, const char *name,
                                  zreg_error *err)
{
    zreg__json *auths = zreg__json_get(file, "auths");

    *out_found = false;
    for (;;) {
        const char *key = NULL;
        bool filled = false;

        ZREG__TRY(find_own(&key, auths, name, &filled, err));
        if (key == NULL) {
            return ZREG_OK;
        }
        ZREG__AUTO_FREE char *copy = zreg__strdup(key);
        if (copy == NULL) {
            return zreg__fail_nomem(err);
        }
        *out_found = *out_found || filled;
        zreg__json_wipe(zreg__json_get(auths, copy));
        zreg__json_remove(auths, copy);
    }
}

/* `auths`, made when it is not there, or null. */
static zreg_status auths_of(zreg__json **out, zreg__json *file, zreg_error *err)
{
    *out = zreg__json_get(file, "auths");
    if (*out == NULL) {
        return zreg__json_set_object(out, file, "auths", err);
    }
    return zreg__json_is_object(*out)
               ? ZREG_OK
               : zreg__fail(err, ZREG_INVAL, "\"auths\" in the file of credentials is no object");
}

zreg_status zreg__authfile_add(zreg__json *file, const char *name,
                               const zreg__credential *credential, zreg_error *err)
{
    const zreg__quirks *quirks = zreg__quirks_find(name);
    ZREG__AUTO(zreg__buf) zreg__buf auth = ZREG__SECRET_BUF(2 * MAX_PAIR_BYTES);
    const char *token = credential->identity_token;
    ZREG__AUTO_SECRET char *pair =
        zreg__concat(credential->username, ":", token != NULL ? "" : credential->password);
    zreg__json *auths = NULL;
    zreg__json *entry = NULL;

    if (pair == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__base64_encode(&auth, pair, strlen(pair), 0, err));
    ZREG__TRY(auths_of(&auths, file, err));
    ZREG__TRY(zreg__json_set_object(
        &entry, auths, quirks->credential_key != NULL ? quirks->credential_key : name, err));
    ZREG__TRY(zreg__json_set_text(entry, "auth", zreg__buf_cstr(&auth), err));
    return token != NULL ? zreg__json_set_text(entry, "identitytoken", token, err) : ZREG_OK;
}
