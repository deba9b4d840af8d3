/* SPDX-License-Identifier: Apache-2.0 */
/* A driver and what all the files of its machine hold: the first letter chooses the driver. Whatever
 * a file holds, our part goes in and comes out again. */
#include "fuzz.h"

#include "node/block.h"
#include "node/driver.h"

static const zreg__node_driver *const drivers[] = {
    &zreg__node_driver_hosts,  &zreg__node_driver_trust,       &zreg__node_driver_podman,
    &zreg__node_driver_docker, &zreg__node_driver_containerd,  &zreg__node_driver_buildkit,
    &zreg__node_driver_k3s,    &zreg__node_driver_credentials,
};

static zreg_status view_read(zreg__content *out, void *user, const char *path, zreg_error *err)
{
    (void)path;
    return zreg__content_copy(out, user, err);
}

static zreg_status view_exists(bool *out, void *user, const char *path, zreg_error *err)
{
    (void)user;
    (void)path;
    (void)err;
    *out = true;
    return ZREG_OK;
}

static zreg_status view_list(zreg_strings **out, void *user, const char *folder, zreg_error *err)
{
    (void)user;
    (void)folder;
    zreg_status status = zreg__strings_new(out, err);
    return status == ZREG_OK ? zreg__strings_add(*out, "10-site.conf", 1, err) : status;
}

/* Each side without our part; a last line without an end may have got one. */
static void check_block(const zreg__content *before, const zreg__content *after)
{
    ZREG__AUTO(zreg__content) zreg__content without = {0};
    ZREG__AUTO(zreg__content) zreg__content again = {0};
    if (zreg__block_remove(&without, before, NULL) != ZREG_OK) {
        return;
    }
    if (zreg__block_remove(&again, after, NULL) != ZREG_OK) {
        fuzz_check(strstr(before->bytes, "zreg") != NULL);
        return;
    }
    if (strstr(before->bytes, "zreg") == NULL) {
        size_t more = again.size - without.size;
        fuzz_check(more <= 1 && memcmp(again.bytes, without.bytes, without.size) == 0);
        fuzz_check(more == 0 || again.bytes[without.size] == '\n');
    }
}

static void check_step(const zreg__step *step, const zreg__content *before)
{
    ZREG__AUTO(zreg__content) zreg__content base = {0};
    zreg_error err = {0};
    fuzz_check(step->after.exists && step->path[0] == '/');
    if (step->format == &zreg__format_json) {
        fuzz_check_result(step->format->remove(&base, before, &step->after, &step->after, &err),
                          &err);
    } else if (step->format == &zreg__format_block && strstr(step->path, "zz-zreg") == NULL) {
        check_block(before, &step->after);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[][24] = {"::1", "h.example:1", "enV1bDp4", "PEM\n"};
    static const char *const namespaces[] = {"docker.io", "quay.io", NULL};
    ZREG__AUTO(zreg__content) zreg__content before = {0};
    if (size == 0 || data[0] < 'a' || data[0] >= 'a' + ZREG__COUNT(drivers)) {
        return 0;
    }
    fuzz_check(zreg__content_set(&before, (const char *)data + 1, size - 1, NULL) == ZREG_OK);
    const zreg__node_connection connection = {text[0], text[1], text[2], text[3]};
    ZREG__AUTO(zreg__steps)
    zreg__steps plan = {
        .connection = &connection,
        .namespaces = namespaces,
        .home = "/root",
        .edits_bundle = true,
        .view = {view_read, view_exists, view_list, &before},
        .engine = "fuzz",
    };
    zreg_error err = {0};
    fuzz_check_result(drivers[data[0] - 'a']->plan(&plan, &err), &err);
    for (size_t i = 0; i < plan.count; i++) {
        check_step(&plan.items[i], &before);
    }
    return 0;
}
