/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inside.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "store/page.h"

typedef struct walk {
    zreg__store *store;
    zreg__page *page;
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
        w->store->driver->each(w->store->self, zreg__buf_cstr(&key), visit, w, NULL);
    return status == ZREG_OK || status == ZREG_NOTFOUND
               ? ZREG_OK
               : zreg__fail(err, status, "the repositories cannot be listed");
}

static zreg_status visit(const char *name, bool is_folder, void *user, zreg_error *err)
{
    walk *w = user;
    if (zreg__str_equal(name, "_manifests")) {
        return zreg__page_add(w->page, zreg__buf_cstr(&w->name), err);
    }
    if (!is_folder || name[0] == '_' ||
        w->name.size + zreg__span_of(name).size + 1 > ZREG__MAX_REPOSITORY) {
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

zreg_status zreg__store_repositories(zreg_strings **out, bool *out_more, zreg__store *store,
                                     const char *after, size_t maximum, zreg_error *err)
{
    ZREG__AUTO(zreg__page) zreg__page page = {.maximum = maximum, .after = after};
    walk w = {.store = store, .page = &page, .name = ZREG__BUF(ZREG__MAX_REPOSITORY + 1)};
    zreg_status status = descend(&w, err);
    zreg__buf_finish(&w.name);
    return status == ZREG_OK ? zreg__page_take(out, out_more, &page, err) : status;
}
