/* SPDX-License-Identifier: Apache-2.0 */
#include "server/routes.h"

#include "base/buf.h"
#include "base/str.h"
#include "server/call.h"
#include "server/handlers.h"
#include "server/target.h"
#include <string.h>

/* distribution-spec, "Endpoints". A row decides who may call; see access.c. */
static const zreg__route routes[] = {
    {"GET", "/healthz", NULL, false, ZREG__RIGHT_OPEN, .end = zreg__base_health},
    {"GET", "/readyz", NULL, false, ZREG__RIGHT_OPEN, .end = zreg__base_ready,
     .work = zreg__base_ready_work, .lane = ZREG__LANE_HEALTH},
    {"GET", "/metrics", NULL, false, ZREG__RIGHT_OPEN, .end = zreg__base_metrics,
     .work = zreg__base_metrics_work, .lane = ZREG__LANE_HEALTH},
    {"GET", "/v2/", NULL, false, ZREG__RIGHT_PING, .end = zreg__base_ping},
    {"GET", "/v2", NULL, false, ZREG__RIGHT_PING, .end = zreg__base_ping},
    {"GET", "/v2/_token", NULL, false, ZREG__RIGHT_OPEN, .end = zreg__bearer_get},
    {"GET", "/v2/_catalog", NULL, false, ZREG__RIGHT_CATALOG, .work = zreg__lists_catalog,
     .lane = ZREG__LANE_LISTS},
    {"GET", "/v2/", "/tags/list", false, ZREG__RIGHT_PULL, .work = zreg__lists_tags,
     .lane = ZREG__LANE_LISTS},
    {"GET", "/v2/", "/referrers/", true, ZREG__RIGHT_PULL, .work = zreg__lists_referrers,
     .lane = ZREG__LANE_LISTS},
    {"GET", "/v2/", "/manifests/", true, ZREG__RIGHT_PULL, .end = zreg__manifests_get,
     .work = zreg__manifests_get_work, .lane = ZREG__LANE_LISTS},
    {"PUT", "/v2/", "/manifests/", true, ZREG__RIGHT_PUSH, .begin = zreg__manifests_put_begin,
     .end = zreg__manifests_put, .work = zreg__manifests_put_work, .lane = ZREG__LANE_COMMITS},
    {"DELETE", "/v2/", "/manifests/", true, ZREG__RIGHT_DELETE, .work = zreg__manifests_delete,
     .lane = ZREG__LANE_LISTS},
    {"POST", "/v2/", "/blobs/uploads/", false, ZREG__RIGHT_PUSH, .begin = zreg__uploads_post_begin,
     .end = zreg__uploads_post, .work = zreg__uploads_post_work, .lane = ZREG__LANE_COMMITS},
    {"POST", "/v2/", "/blobs/uploads", false, ZREG__RIGHT_PUSH, .begin = zreg__uploads_post_begin,
     .end = zreg__uploads_post, .work = zreg__uploads_post_work, .lane = ZREG__LANE_COMMITS},
    {"PATCH", "/v2/", "/blobs/uploads/", true, ZREG__RIGHT_PUSH, .begin = zreg__uploads_patch_begin,
     .end = zreg__uploads_patch},
    {"PUT", "/v2/", "/blobs/uploads/", true, ZREG__RIGHT_PUSH, .begin = zreg__uploads_put_begin,
     .end = zreg__uploads_put, .work = zreg__uploads_put_work, .lane = ZREG__LANE_COMMITS},
    {"GET", "/v2/", "/blobs/uploads/", true, ZREG__RIGHT_PUSH, .end = zreg__uploads_get},
    {"DELETE", "/v2/", "/blobs/uploads/", true, ZREG__RIGHT_PUSH, .work = zreg__uploads_delete,
     .lane = ZREG__LANE_LISTS},
    {"GET", "/v2/", "/blobs/", true, ZREG__RIGHT_PULL, .end = zreg__blobs_get},
    {"DELETE", "/v2/", "/blobs/", true, ZREG__RIGHT_DELETE, .work = zreg__blobs_delete,
     .lane = ZREG__LANE_LISTS},
};

size_t zreg__routes_count(void)
{
    return ZREG__COUNT(routes);
}

size_t zreg__routes_number(const zreg__route *route)
{
    return route == NULL ? ZREG__COUNT(routes) : (size_t)(route - routes);
}

const zreg__route *zreg__routes_at(size_t number)
{
    return number < ZREG__COUNT(routes) ? &routes[number] : NULL;
}

/* Where the parts of a path lie. */
typedef struct parts {
    size_t name_size; /* after the prefix; 0: no name */
    size_t last;      /* offset of the last part; 0: none */
} parts;

static bool fits(parts *out, const zreg__route *route, const char *path)
{
    *out = (parts){.name_size = 0};
    if (route->tail == NULL) {
        return zreg__str_equal(path, route->prefix);
    }
    size_t prefix = strlen(route->prefix);
    size_t tail = strlen(route->tail);
    size_t end = strlen(path);
    if (!zreg__str_starts(path, route->prefix)) {
        return false;
    }
    if (route->has_last) {
        out->last = (size_t)(strrchr(path, '/') - path) + 1;
        if (out->last == end) {
            return false;
        }
        end = out->last;
    }
    if (end <= prefix + tail || memcmp(path + end - tail, route->tail, tail) != 0) {
        return false;
    }
    out->name_size = end - tail - prefix;
    return true;
}

static bool serves(const zreg__route *route, const zreg__call *call)
{
    return zreg__str_equal(route->method, call->is_head ? "GET" : call->request->method);
}

/* 405 with the methods that the path has, or 404. */
static void refuse(zreg__call *call, const char *path)
{
    parts found;
    ZREG__AUTO(zreg__buf) zreg__buf methods = ZREG__BUF(256);
    for (size_t i = 0; i < ZREG__COUNT(routes); i++) {
        if (fits(&found, &routes[i], path)) {
            zreg__buf_printf(&methods, NULL, "%s%s", methods.size > 0 ? ", " : "",
                             zreg__str_equal(routes[i].method, "GET") ? "GET, HEAD"
                                                                      : routes[i].method);
        }
    }
    if (methods.size == 0) {
        zreg__call_fail_as(call, 404, ZREG__NAME_UNKNOWN, "no such path");
        return;
    }
    zreg__call_field(call, "Allow", zreg__buf_cstr(&methods));
    zreg__call_fail(call, ZREG__CODE_UNSUPPORTED, "this path does not take that method");
}

static bool take_parts(zreg__call *call, const zreg__route *route, const parts *found)
{
    char *name = call->path + strlen(route->prefix);
    call->route = route;
    if (found->last > 0) {
        call->last = call->path + found->last;
    }
    if (found->name_size > 0) {
        name[found->name_size] = '\0';
        call->name = name;
        return zreg__target_set_repository(call);
    }
    return true;
}

bool zreg__routes_find(zreg__call *call)
{
    parts found;
    if (!zreg__target_split(call)) {
        return false;
    }
    for (size_t i = 0; i < ZREG__COUNT(routes); i++) {
        if (serves(&routes[i], call) && fits(&found, &routes[i], call->path)) {
            return take_parts(call, &routes[i], &found);
        }
    }
    refuse(call, call->path);
    return false;
}
