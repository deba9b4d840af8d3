/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that were built with older and newer headers than the library: sizes of options and results. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zreg.h>

static const char *const tags[] = {"latest", NULL};
static const char *const images[] = {"x/y:1", NULL};

/* Everything that can be given out, so that each function is one expression. */
static struct {
    zreg_client *client;
    zreg_artifacts *artifacts;
    zreg_copy_result copied;
    zreg_digest digest;
    zreg_error err;
    void *object;
} made;

#define CALL(name, call)                                                                           \
    static zreg_status name(const void *options)                                                   \
    {                                                                                              \
        return call;                                                                               \
    }

CALL(client_new, zreg_client_new((void *)&made.object, options, &made.err))
CALL(set_host, zreg_client_set_host(made.client, "h.example:1", options, &made.err))
CALL(set_tag_api, zreg_client_set_tag_api(made.client, "h.example:1", options, &made.err))
CALL(server_start, zreg_server_start((void *)&made.object, options, &made.err))
CALL(copy,
     zreg_copy(&made.copied, made.client, "oci:/no:1", "oci:/no/2:1", options, NULL, &made.err))
CALL(append, zreg_append(&made.digest, made.client, "oci:/no:1", tags, "oci:/no/2:1", options, NULL,
                         &made.err))
CALL(index_create,
     zreg_index_create(&made.digest, made.client, images, "oci:/no/2:1", options, NULL, &made.err))
CALL(resolve, zreg_resolve((void *)&made.object, made.client, "h.invalid/x:1", made.artifacts,
                           options, NULL, &made.err))
CALL(populate, zreg_populate((void *)&made.object, made.client, made.artifacts, "127.0.0.1:1",
                             options, NULL, &made.err))
CALL(publish, zreg_publish((void *)&made.object, made.client, "127.0.0.1:1", "127.0.0.1:1", images,
                           options, NULL, &made.err))
CALL(upload, zreg_upload(&made.copied, made.client, "oci:/no:1", "127.0.0.1:1/x", "1", options,
                         NULL, &made.err))
CALL(cleanup_tags, zreg_cleanup_tags((void *)&made.object, made.client, "127.0.0.1:1/x", options,
                                     NULL, &made.err))
CALL(sync_tags, zreg_sync((void *)&made.object, made.client, "127.0.0.1:1/x", "127.0.0.1:1/y",
                          options, NULL, &made.err))
CALL(verify,
     zreg_verify((void *)&made.object, made.client, "127.0.0.1:1/x", options, NULL, &made.err))
CALL(builds_find, zreg_zuul_builds_find((void *)&made.object, made.client, "http://127.0.0.1:1/api",
                                        options, NULL, &made.err))
CALL(zuul_order, zreg_zuul_order((uint64_t *)&made.object, made.client, "http://127.0.0.1:1/api",
                                 options, NULL, &made.err))
CALL(node_apply, zreg_node_apply((void *)&made.object, "{}", 2, options, NULL, &made.err))
CALL(node_revert, zreg_node_revert((void *)&made.object, options, NULL, &made.err))

static const struct {
    const char *name;
    size_t size;
    zreg_status (*call)(const void *options);
} calls[] = {
    {"zreg_client_new", sizeof(zreg_client_options), client_new},
    {"zreg_client_set_host", sizeof(zreg_host_options), set_host},
    {"zreg_client_set_tag_api", sizeof(zreg_tag_api_options), set_tag_api},
    {"zreg_server_start", sizeof(zreg_server_options), server_start},
    {"zreg_copy", sizeof(zreg_copy_options), copy},
    {"zreg_append", sizeof(zreg_append_options), append},
    {"zreg_index_create", sizeof(zreg_copy_options), index_create},
    {"zreg_resolve", sizeof(zreg_resolve_options), resolve},
    {"zreg_populate", sizeof(zreg_populate_options), populate},
    {"zreg_publish", sizeof(zreg_publish_options), publish},
    {"zreg_upload", sizeof(zreg_upload_options), upload},
    {"zreg_cleanup_tags", sizeof(zreg_cleanup_options), cleanup_tags},
    {"zreg_sync", sizeof(zreg_sync_options), sync_tags},
    {"zreg_verify", sizeof(zreg_verify_options), verify},
    {"zreg_zuul_builds_find", sizeof(zreg_zuul_options), builds_find},
    {"zreg_zuul_order", sizeof(zreg_zuul_options), zuul_order},
    {"zreg_node_apply", sizeof(zreg_node_options), node_apply},
    {"zreg_node_revert", sizeof(zreg_node_options), node_revert},
};

#define COUNT (sizeof(calls) / sizeof(calls[0]))

/* Options of `size` bytes, zero but for what stands at `set`. */
static unsigned char *options_of(size_t size, size_t set)
{
    unsigned char *options = calloc(1, size + sizeof(size));
    assert_non_null(options);
    memcpy(options, &size, sizeof(size));
    if (set > 0) {
        options[set] = 1;
    }
    return options;
}

static void a_field_that_this_library_lacks_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        unsigned char *newer = options_of(calls[i].size + 16, calls[i].size + 15);
        zreg_status status = calls[i].call(newer);
        free(newer);
        if (status != ZREG_INVAL || strstr(made.err.message, "lacks") == NULL) {
            fail_msg("%s: %s", calls[i].name, made.err.message);
        }
    }
}

static void a_size_that_was_not_set_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        unsigned char *unset = calloc(1, calls[i].size);
        assert_non_null(unset);
        zreg_status status = calls[i].call(unset);
        free(unset);
        if (status != ZREG_INVAL || strstr(made.err.message, "ZREG_OPTIONS") == NULL) {
            fail_msg("%s: %s", calls[i].name, made.err.message);
        }
    }
}

/* Some give a result beside an error too, and an empty list of artifacts is a success. */
static void free_result_of(zreg_status (*call)(const void *options))
{
    if (call == populate) {
        zreg_populated_free(made.object);
    } else if (call == sync_tags) {
        zreg_synced_free(made.object);
    } else if (call == verify) {
        zreg_verified_free(made.object);
    }
}

static void null_means_all_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        if (calls[i].call == client_new || calls[i].call == node_apply ||
            calls[i].call == node_revert) {
            continue; /* succeeds, or would look at this machine */
        }
        made.object = NULL;
        (void)calls[i].call(NULL);
        free_result_of(calls[i].call);
        if (strstr(made.err.message, "options") != NULL) {
            fail_msg("%s: %s", calls[i].name, made.err.message);
        }
    }
}

/* The results as a program knows them that was built before, or after, this library. */
static void a_result_is_as_large_as_its_caller_knows(void **state)
{
    (void)state;
    uint64_t words[64];
    memset(words, 0xa5, sizeof(words));
    zreg_client_counters_sized((void *)words, sizeof(uint64_t), made.client, NULL);
    assert_int_equal(words[0], 0);
    assert_int_equal(words[1], 0xa5a5a5a5a5a5a5a5);
    memset(words, 0xa5, sizeof(words));
    zreg_client_counters_sized((void *)words, sizeof(zreg_counters) + 16, made.client, NULL);
    assert_int_equal(words[sizeof(zreg_counters) / 8 + 1], 0);
    assert_int_equal(words[sizeof(zreg_counters) / 8 + 2], 0xa5a5a5a5a5a5a5a5);
    zreg_client_counters_sized(NULL, 0, made.client, NULL);
}

static int set_up(void **state)
{
    (void)state;
    zreg_client_options options = ZREG_OPTIONS(zreg_client_options);
    options.authfile = "";
    options.attempts = 1;
    return zreg_client_new(&made.client, &options, NULL) != ZREG_OK ||
           zreg_artifacts_parse(&made.artifacts, "[]", 2, NULL) != ZREG_OK;
}

static int tear_down(void **state)
{
    (void)state;
    zreg_artifacts_free(made.artifacts);
    zreg_client_free(made.client);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_that_this_library_lacks_is_refused),
        cmocka_unit_test(a_size_that_was_not_set_is_refused),
        cmocka_unit_test(null_means_all_defaults),
        cmocka_unit_test(a_result_is_as_large_as_its_caller_knows),
    };

    return cmocka_run_group_tests_name("sizes", tests, set_up, tear_down);
}
