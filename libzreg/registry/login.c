/* SPDX-License-Identifier: Apache-2.0 */
#include <zreg/login.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/random.h"
#include "base/str.h"
#include "oci/reference.h"
#include "registry/authfile.h"
#include "registry/authfiles.h"
#include "registry/client_inner.h"
#include "registry/helper.h"
#include "registry/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* One file that is being changed; its folder is locked until then against others who do the same. */
typedef struct edit {
    char *path; /* of the file itself, where a link leads to it */
    int folder;
    zreg__json *file;
    char *helper; /* that is responsible for the host, and what it calls it; or NULL */
    char *server;
    bool has_entry; /* one of the host was in the file, and is no more */
} edit;

static void edit_finish(edit *self)
{
    zreg__auto_fd(&self->folder);
    zreg__json_free_secret(self->file);
    free(self->path);
    free(self->helper);
    free(self->server);
}

ZREG__DEFINE_AUTO_VALUE(edit, edit_finish)

static zreg_status lock_folder(edit *self, zreg_cancel *cancel, zreg_error *err)
{
    const char *slash = strrchr(self->path, '/');
    ZREG__AUTO_FREE char *folder =
        slash == NULL
            ? zreg__strdup(".")
            : zreg__strndup(self->path, slash > self->path ? (size_t)(slash - self->path) : 1);

    if (folder == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__file_mkdirs(folder, 0700, err));
    self->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->folder < 0) {
        return zreg__fail_errno(err, errno, "cannot open %s", folder);
    }
    return zreg__fd_lock(self->folder, folder, cancel, err);
}

/* Reads the file and takes out the entry of this name. */
static zreg_status begin(edit *self, const char *path, const char *name, zreg_cancel *cancel,
                         zreg_error *err)
{
    ZREG__TRY(zreg__file_follow(&self->path, path, err)); /* a link stays one */
    ZREG__TRY(zreg__file_check_regular(self->path, err));
    ZREG__TRY(lock_folder(self, cancel, err));
    ZREG__TRY(zreg__authfiles_read_one(&self->file, self->path, false, err));
    if (self->file == NULL) {
        self->file = zreg__json_new_object();
    }
    return self->file == NULL ? zreg__fail_nomem(err)
                              : zreg__authfile_remove(&self->has_entry, self->file, name, err);
}

/* What is responsible for a host without an entry: its helper, if there is one. Helpers know whole hosts only. */
static zreg_status find_helper(edit *self, const char *name, zreg_error *err)
{
    return strchr(name, '/') != NULL
               ? ZREG_OK
               : zreg__authfile_helper(&self->helper, &self->server, self->file, name, err);
}

/* A refresh token goes under the user that stands for one with helpers. */
static zreg_status store_at_helper(const edit *self, const zreg__credential *given,
                                   zreg_cancel *cancel, zreg_error *err)
{
    bool is_token = given->identity_token != NULL;

    return zreg__helper_store(self->helper, self->server, is_token ? "<token>" : given->username,
                              is_token ? given->identity_token : given->password, cancel, err);
}

static zreg_status write_file(const edit *self, zreg_error *err)
{
    ZREG__AUTO_SECRET char *text = NULL;

    ZREG__TRY(zreg__json_print_lines(&text, self->file, "\t", err));
    return zreg__file_rewrite(self->path, text, strlen(text), 0600, err);
}

static zreg_status store(char **out, const zreg__authfiles *files, const char *name,
                         const zreg__credential *given, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(edit) edit self = {.folder = -1};

    ZREG__TRY(begin(&self, zreg__authfiles_to_write(files), name, cancel, err));
    ZREG__TRY(find_helper(&self, name, err));
    if (self.helper == NULL) {
        ZREG__TRY(zreg__authfile_add(self.file, name, given, err));
    } else {
        ZREG__TRY(store_at_helper(&self, given, cancel, err));
    }
    if (self.helper == NULL || self.has_entry) {
        ZREG__TRY(write_file(&self, err));
    }
    *out = self.helper != NULL ? zreg__concat("docker-credential-", self.helper, "")
                               : zreg__strdup(self.path);
    return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* Has the helper forget what it has; not all say so when they have nothing. */
static zreg_status erase_at_helper(bool *out_found, const edit *self, zreg_cancel *cancel,
                                   zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential kept = {0};
    bool was_there = false;

    ZREG__TRY(zreg__helper_get(out_found, &kept, self->helper, self->server, cancel, err));
    return *out_found ? zreg__helper_erase(&was_there, self->helper, self->server, cancel, err)
                      : ZREG_OK;
}

/* What came of a logout so far. */
typedef struct logout {
    char *first;  /* place where there was something */
    char *places; /* all of them, as a text */
    zreg_status status;
    zreg_error failed; /* first */
} logout;

static void logout_finish(logout *self)
{
    free(self->first);
    free(self->places);
}

ZREG__DEFINE_AUTO_VALUE(logout, logout_finish)

/* The first failure is the one that is told. */
static bool went_well(logout *self, zreg_status status, const zreg_error *failed)
{
    if (status != ZREG_OK && self->status == ZREG_OK) {
        self->status = status;
        self->failed = *failed;
    }
    return status == ZREG_OK;
}

static zreg_status add_place(logout *self, const char *kind, const char *name, zreg_error *err)
{
    ZREG__AUTO_FREE char *place = zreg__concat(kind, name, "");
    ZREG__AUTO_FREE char *places =
        self->places == NULL || place == NULL ? NULL : zreg__concat(self->places, ", ", place);

    if (place == NULL || (self->places != NULL && places == NULL)) {
        return zreg__fail_nomem(err);
    }
    if (self->first == NULL) {
        self->first = zreg__strdup(place);
    }
    free(self->places);
    self->places = zreg__steal(places != NULL ? &places : &place);
    return self->first != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status erase_in_file(logout *to, const edit *self, zreg_error *err)
{
    if (!self->has_entry) {
        return ZREG_OK;
    }
    ZREG__TRY(write_file(self, err));
    return add_place(to, "", self->path, err);
}

static zreg_status erase_in_helper(logout *to, edit *self, const char *name, zreg_cancel *cancel,
                                   zreg_error *err)
{
    bool found = false;

    ZREG__TRY(find_helper(self, name, err));
    if (self->helper == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(erase_at_helper(&found, self, cancel, err));
    return found ? add_place(to, "docker-credential-", self->helper, err) : ZREG_OK;
}

static void erase(logout *to, const char *path, const char *name, zreg_cancel *cancel)
{
    ZREG__AUTO(edit) edit self = {.folder = -1};
    zreg_error failed = {0};

    if (access(path, F_OK) != 0) {
        return;
    }
    if (went_well(to, begin(&self, path, name, cancel, &failed), &failed)) {
        went_well(to, erase_in_file(to, &self, &failed), &failed);
        went_well(to, erase_in_helper(to, &self, name, cancel, &failed), &failed);
    }
}

static zreg_status find_files(zreg__authfiles *out, const zreg_client *client, zreg_error *err)
{
    ZREG__TRY(zreg__authfiles_find(out, zreg__credentials_authfile(client->credentials), err));
    return out->count > 0 ? ZREG_OK
                          : zreg__fail(err, ZREG_INVAL,
                                       "there is no file to keep credentials in; name one, or "
                                       "set HOME");
}

static zreg_status check_user(const char *username, const char *password, zreg_error *err)
{
    if (zreg__str_empty(username) || strchr(username, ':') != NULL) {
        return zreg__fail(err, ZREG_INVAL, "a user has a name, and no colon in it");
    }
    return !zreg__str_empty(password)
               ? ZREG_OK
               : zreg__fail(err, ZREG_INVAL, "the password of %.128s is empty", username);
}

static zreg_status take_user(zreg__credential *out, const char *username, const char *password,
                             zreg_error *err)
{
    out->key = zreg__strdup("login");
    out->username = zreg__strdup(username);
    out->password = zreg__strdup(password);
    if (out->key == NULL || (username != NULL && out->username == NULL) ||
        (password != NULL && out->password == NULL)) {
        return zreg__fail_nomem(err);
    }
    zreg__credential_trim(out);
    return check_user(out->username, out->password, err);
}

/* Asks the base of the API, as `credential` and nobody else; `*out_asked`: the host asked who it is. `*out_refresh`:
 * what its token service gives to stand for the password from now on. */
static zreg_status ping(bool *out_asked, char **out_refresh, zreg_client *client, zreg__host *host,
                        const zreg__credential *credential, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *what = zreg__concat("registry ", host->name, "");
    const zreg__request request = {
        .method = "GET",
        .path = "/v2/",
        .credential = credential,
        .out_authorized = out_asked,
        .out_refresh = out_refresh,
        .what = what,
    };

    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__request_send(&exchange, client, host, &request, cancel, err));
    return zreg__answer_expect(exchange, 200, what, err);
}

/* Shows them to a host that has asked for nothing. */
static zreg_status show(zreg_client *client, zreg__host *host, const zreg__credential *credential,
                        zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *what = zreg__concat("registry ", host->name, "");
    ZREG__AUTO_SECRET char *basic = NULL;
    zreg__request request = {
        .method = "GET", .path = "/v2/", .own_authorization = true, .what = what};

    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__credential_basic(&basic, credential, err));
    request.authorization = basic;
    ZREG__TRY(zreg__request_send(&exchange, client, host, &request, cancel, err));
    return zreg__answer_expect(exchange, 200, what, err);
}

/* Where everybody may pull, who pushes may have a password all the same. A host that refuses nobody's looks at
 * none. */
static zreg_status try_unasked(zreg_client *client, zreg__host *host,
                               const zreg__credential *credential, zreg_cancel *cancel,
                               zreg_error *err)
{
    char name[33];
    const zreg__credential nobody = {.username = name, .password = name};
    zreg_error refused = {0};

    ZREG__TRY(show(client, host, credential, cancel, err));
    ZREG__TRY(zreg__random_hex(name, sizeof(name) / 2, err));
    zreg_status status = show(client, host, &nobody, cancel, &refused);
    if (status == ZREG_OK) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s asks for no password, and accepts any; it needs no login",
                          host->name);
    }
    return status == ZREG_DENIED ? ZREG_OK : zreg__fail_again(err, &refused);
}

/* What the token service gives in place of the password is kept if a token is had for it: not all that give one know
 * how to take it. The next one may come with the answer, and end this one. */
static zreg_status try_refresh(zreg__credential *given, zreg_client *client, zreg__host *host,
                               zreg_cancel *cancel, zreg_error *err)
{
    const zreg__credential refresh = {
        .key = given->key,
        .username = given->username,
        .identity_token = given->identity_token,
    };
    ZREG__AUTO_SECRET char *next = NULL;
    zreg_error refused = {0};
    bool asked = false;
    zreg_status status = ping(&asked, &next, client, host, &refresh, cancel, &refused);

    if (status == ZREG_CANCELLED || status == ZREG_NOMEM) {
        return zreg__fail_again(err, &refused);
    }
    if (status != ZREG_OK) {
        zreg__log_line(&client->log, ZREG_LOG_INFO,
                       "%s: the password is kept, for what was given in its place does not do: %s",
                       host->name, refused.message);
    }
    if (status != ZREG_OK || next != NULL) {
        zreg__free_secret(given->identity_token);
        given->identity_token = status == ZREG_OK ? zreg__steal(&next) : NULL;
    }
    return ZREG_OK;
}

/* What is kept is what the token service gives in place of the password, where it does, as docker has it. */
static zreg_status check_accepted(zreg__credential *given, zreg_client *client, zreg__host *host,
                                  zreg_cancel *cancel, zreg_error *err)
{
    bool asked = false;

    ZREG__TRY(ping(&asked, &given->identity_token, client, host, given, cancel, err));
    if (!asked) {
        return try_unasked(client, host, given, cancel, err);
    }
    return given->identity_token == NULL ? ZREG_OK : try_refresh(given, client, host, cancel, err);
}

/* HOST[:PORT][/REPOSITORY], which may be the beginning of repositories' names. */
typedef struct target {
    zreg__host *host;
    char *name; /* canonical */
} target;

static void target_finish(target *self)
{
    free(self->name);
}

ZREG__DEFINE_AUTO_VALUE(target, target_finish)

static zreg_status find_target(target *out, zreg_client *client, const char *text, zreg_error *err)
{
    zreg__span rest = zreg__span_of(text != NULL ? text : "");
    zreg__span first = zreg__span_cut(&rest, '/');
    ZREG__AUTO_FREE char *host = zreg__strndup(first.text, first.size);

    if (host == NULL) {
        return zreg__fail_nomem(err);
    }
    if (rest.text != NULL && !zreg__reference_is_repository(rest)) {
        return zreg__fail(err, ZREG_INVAL,
                          "\"%s\" is neither a host nor one with a repository; write "
                          "HOST[:PORT] or HOST[:PORT]/REPOSITORY",
                          text);
    }
    ZREG__TRY(zreg__client_host(&out->host, client, host, err));
    out->name = zreg__concat(out->host->name, rest.text != NULL ? "/" : "",
                             rest.text != NULL ? rest.text : "");
    return out->name != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg_client_login(char **out, zreg_client *client, const char *host,
                              const char *username, const char *password,
                              const zreg_login_options *options, zreg_cancel *cancel,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__authfiles) zreg__authfiles files = {0};
    ZREG__AUTO(zreg__credential) zreg__credential given = {0};
    ZREG__AUTO(target) target to = {0};
    ZREG__AUTO_FREE char *place = NULL;
    zreg_login_options set;

    zreg__error_clear(err);
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(take_user(&given, username, password, err));
    ZREG__TRY(find_target(&to, client, host, err));
    ZREG__TRY(find_files(&files, client, err));
    if (set.no_check == 0) {
        ZREG__TRY(check_accepted(&given, client, to.host, cancel, err));
    }
    ZREG__TRY(store(&place, &files, to.name, &given, cancel, err));
    ZREG__TRY(zreg__client_set_credentials(client, to.host, to.name, given.username, given.password,
                                           err));
    *out = zreg__steal(&place);
    return ZREG_OK;
}

static zreg_status erase_all(char **out, const zreg__authfiles *files, const char *name,
                             zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(logout) logout done = {.status = ZREG_OK};
    zreg_error cancelled = {0};

    for (size_t i = 0; i < files->count; i++) {
        if (!went_well(&done, zreg__cancel_check(cancel, &cancelled), &cancelled)) {
            break;
        }
        erase(&done, files->paths[i], name, cancel);
    }
    if (done.status != ZREG_OK) {
        zreg__fail_again(err, &done.failed);
        return done.places == NULL
                   ? done.status
                   : zreg__error_prefix(err, done.status, "removed in %s, but not everywhere",
                                        done.places);
    }
    if (done.first == NULL) {
        return zreg__fail(err, ZREG_NOTFOUND, "no credentials are kept for %s", name);
    }
    *out = zreg__steal(&done.first);
    return ZREG_OK;
}

zreg_status zreg_client_logout(char **out, zreg_client *client, const char *host,
                               zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__authfiles) zreg__authfiles files = {0};
    ZREG__AUTO(target) target of = {0};

    zreg__error_clear(err);
    ZREG__TRY(find_target(&of, client, host, err));
    ZREG__TRY(find_files(&files, client, err));
    ZREG__TRY(zreg__client_set_credentials(client, of.host, of.name, NULL, NULL, err));
    return erase_all(out, &files, of.name, cancel, err);
}
