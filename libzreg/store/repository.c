/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inside.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "store/page.h"
#include <string.h>

typedef struct walk {
    zreg__store *store;
    const char *mark; /* what a folder has that is a repository */
    zreg_status (*found)(const char *repository, void *user, zreg_error *err);
    void *user;
    zreg__buf name;
} walk;

static zreg_status visit(const char *name, bool is_folder, void *user, zreg_error *err);

/* Walks below the repository path in `name`. A folder may vanish under the walk. */
static zreg_status descend(walk *w, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf key = ZREG__BUF(1024);
    ZREG__TRY(zreg__buf_printf(&key, err, "%s%s%s", ZREG__KEYS_REPOSITORIES,
                               w->name.size == 0 ? "" : "/", zreg__buf_cstr(&w->name)));
    zreg_status status =
        w->store->driver->each(w->store->self, zreg__buf_cstr(&key), visit, w, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return ZREG_OK;
    }
    return status;
}

static zreg_status visit(const char *name, bool is_folder, void *user, zreg_error *err)
{
    walk *w = user;
    if (zreg__str_equal(name, w->mark)) {
        return w->found(zreg__buf_cstr(&w->name), w->user, err);
    }
    if (!is_folder || name[0] == '_' ||
        w->name.size + (w->name.size > 0) + strlen(name) > ZREG__MAX_REPOSITORY) {
        return ZREG_OK;
    }
    size_t before = w->name.size;
    ZREG__TRY(zreg__buf_printf(&w->name, err, "%s%s", before == 0 ? "" : "/", name));
    zreg_status status = descend(w, err);
    w->name.size = before;
    if (w->name.data != NULL) {
        w->name.data[before] = '\0';
    }
    return status;
}

static zreg_status walk_all(zreg__store *store, const char *mark,
                            zreg_status (*found)(const char *, void *, zreg_error *), void *user,
                            zreg_error *err)
{
    walk w = {.store = store,
              .mark = mark,
              .found = found,
              .user = user,
              .name = ZREG__BUF(ZREG__MAX_REPOSITORY + 1)};
    zreg_status status = descend(&w, err);
    zreg__buf_finish(&w.name);
    return status;
}

/* One page of those that are shown. */
typedef struct listing {
    zreg__page page;
    bool (*shows)(const char *repository, const void *user);
    const void *user;
} listing;

static zreg_status add_shown(const char *repository, void *user, zreg_error *err)
{
    listing *l = user;
    return l->shows(repository, l->user) ? zreg__page_add(&l->page, repository, err) : ZREG_OK;
}

zreg_status zreg__store_repositories(zreg_strings **out, bool *out_more, zreg__store *store,
                                     const char *after, size_t maximum,
                                     bool (*shows)(const char *repository, const void *user),
                                     const void *user, zreg_error *err)
{
    listing l = {{.maximum = maximum, .after = after}, shows, user};
    zreg_status status = walk_all(store, "_manifests", add_shown, &l, err);
    status = status == ZREG_OK ? zreg__page_take(out, out_more, &l.page, err) : status;
    zreg__page_finish(&l.page);
    return status;
}

/* A search for a blob. */
typedef struct search {
    zreg__store *store;
    const zreg_digest *digest;
    bool (*may)(const char *repository, void *user);
    void *user;
    size_t left;  /* repositories that may still be looked at */
    char *result; /* "" until one is found */
} search;

/* Ends the walk with CANCELLED. Whether a blob is anywhere else is not looked at, so that the time this
 * takes tells nothing of repositories that the caller may not read. */
static zreg_status look_into(const char *repository, void *user, zreg_error *err)
{
    search *s = user;
    uint64_t size;
    if (s->left-- == 0) {
        return zreg__fail(err, ZREG_CANCELLED, "there are too many repositories");
    }
    if (!s->may(repository, s->user) ||
        zreg__store_blob_stat(&size, s->store, repository, s->digest, NULL) != ZREG_OK) {
        return ZREG_OK;
    }
    zreg__str_copy(s->result, ZREG__MAX_REPOSITORY + 1, repository);
    return zreg__fail(err, ZREG_CANCELLED, "it is found");
}

zreg_status zreg__store_blob_find(char *repository, zreg__store *store, const zreg_digest *digest,
                                  bool (*may)(const char *repository, void *user), void *user,
                                  size_t most, zreg_error *err)
{
    search s = {store, digest, may, user, most, repository};
    repository[0] = '\0';
    zreg_status status = walk_all(store, "_blobs", look_into, &s, NULL);
    if (repository[0] != '\0') {
        return ZREG_OK;
    }
    return status == ZREG_OK || status == ZREG_CANCELLED
               ? zreg__fail(err, ZREG_NOTFOUND, "no blob %s is found", digest->text)
               : zreg__fail(err, status, "the repositories cannot be looked through");
}
