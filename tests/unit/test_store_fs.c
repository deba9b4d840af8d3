/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "store/below.h"
#include "store/cache.h"
#include "store/store.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zreg/client.h>

typedef struct fixture {
    char *root;
    zreg__store *store;
    zreg_error err;
} fixture;

static void reopen(fixture *f, zreg_durability durability)
{
    const zreg__store_options options = {.root = f->root, .durability = durability};
    assert_int_equal(zreg__store_open(&f->store, &options, &f->err), ZREG_OK);
}

static int open_store(void **state)
{
    fixture *f = zreg__new(fixture);
    assert_int_equal(zreg__file_temp_dir(&f->root, "zreg-store-", NULL), ZREG_OK);
    reopen(f, ZREG_DURABILITY_NONE);
    *state = f;
    return 0;
}

static int close_store(void **state)
{
    fixture *f = *state;
    zreg__store_close(f->store);
    assert_int_equal(zreg__file_remove_tree(f->root, NULL), ZREG_OK);
    free(f->root);
    free(f);
    return 0;
}

static zreg_digest put(fixture *f, const char *repository, const char *text)
{
    zreg_digest digest;
    ZREG__AUTO(zreg__store_upload) zreg__store_upload *upload = NULL;
    assert_int_equal(zreg_digest_of(&digest, NULL, text, strlen(text), NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_new(&upload, f->store, repository, &f->err), ZREG_OK);
    assert_int_equal(zreg__store_upload_append(upload, text, strlen(text), &f->err), ZREG_OK);
    assert_int_equal(zreg__store_upload_commit(f->store, upload, &digest, &f->err), ZREG_OK);
    return digest;
}

static zreg_manifest *image(fixture *f, const char *repository, const char *layer)
{
    zreg_digest config = put(f, repository, "{}");
    zreg_digest content = put(f, repository, layer);
    zreg_manifest *manifest = NULL;
    ZREG__AUTO_FREE char *text = zreg__asprintf(
        "{\"schemaVersion\":2,\"mediaType\":\"" ZREG__TYPE_OCI_MANIFEST "\",\"config\":{"
        "\"mediaType\":\"" ZREG__TYPE_OCI_CONFIG "\",\"digest\":\"%s\",\"size\":2},\"layers\":[{"
        "\"mediaType\":\"" ZREG__TYPE_OCI_LAYER "\",\"digest\":\"%s\",\"size\":%zu}]}",
        config.text, content.text, strlen(layer));
    assert_int_equal(zreg_manifest_parse(&manifest, text, strlen(text), NULL, &f->err), ZREG_OK);
    return manifest;
}

static void names_that_could_leave_the_root_are_refused(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"",     "..", "../x",     "x/..", "/x", "x/",
                                        "x//y", "X",  "x/_blobs", "_x",   ".x", "x\ny"};
    zreg_digest digest = put(f, "library/x", "content");
    uint64_t size;
    for (size_t i = 0; i < ZREG__COUNT(names); i++) {
        zreg__store_upload *upload = NULL;
        assert_int_equal(zreg__store_blob_stat(&size, f->store, names[i], &digest, NULL),
                         ZREG_INVAL);
        assert_int_equal(zreg__store_upload_new(&upload, f->store, names[i], NULL), ZREG_INVAL);
    }
    static const char *const ids[] = {"", "..", "../../x", "0123", "ZZ", "data"};
    for (size_t i = 0; i < ZREG__COUNT(ids); i++) {
        zreg__store_upload *upload = NULL;
        assert_int_equal(zreg__store_upload_open(&upload, f->store, "library/x", ids[i], NULL),
                         ZREG_NOTFOUND);
    }
}

static void a_repository_of_another_host_may_have_a_port(void **state)
{
    fixture *f = *state;
    zreg_digest digest = put(f, "registry.example:5000/x", "content");
    uint64_t size = 0;
    assert_int_equal(
        zreg__store_blob_stat(&size, f->store, "registry.example:5000/x", &digest, NULL), ZREG_OK);
    assert_int_equal(size, 7);
}

static void an_upload_goes_on_where_it_was_left(void **state)
{
    fixture *f = *state;
    zreg__store_upload *upload = NULL;
    zreg_digest digest, found;
    assert_int_equal(zreg_digest_of(&digest, NULL, "one two", 7, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_new(&upload, f->store, "a", NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_append(upload, "one", 3, NULL), ZREG_OK);
    ZREG__AUTO_FREE char *id = zreg__strdup(zreg__store_upload_id(upload));
    zreg__store_upload *second = NULL;
    zreg__store_upload_save(upload, NULL);
    assert_int_equal(zreg__store_upload_open(&second, f->store, "a", id, NULL), ZREG_CONFLICT);
    zreg__store_upload_free(upload);
    assert_int_equal(zreg__store_upload_open(&upload, f->store, "b", id, NULL), ZREG_NOTFOUND);
    assert_int_equal(zreg__store_upload_open(&upload, f->store, "a", id, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_size(upload), 3);
    assert_int_equal(zreg__store_upload_append(upload, " two", 4, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_digest(&found, upload, NULL), ZREG_OK);
    assert_string_equal(found.text, digest.text);
    assert_int_equal(zreg__store_upload_commit(f->store, upload, &digest, NULL), ZREG_OK);
    zreg__store_upload_free(upload);
    assert_int_equal(zreg__store_upload_open(&upload, f->store, "a", id, NULL), ZREG_NOTFOUND);
}

static void a_child_holds_no_upload_that_its_parent_has_left(void **state)
{
    fixture *f = *state;
    zreg__store_upload *upload = NULL;
    assert_int_equal(zreg__store_upload_new(&upload, f->store, "a", NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_append(upload, "one", 3, NULL), ZREG_OK);
    ZREG__AUTO_FREE char *id = zreg__strdup(zreg__store_upload_id(upload));
    zreg__store_upload_save(upload, NULL);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    zreg__store_upload_free(upload);
    upload = NULL;
    zreg_status status = zreg__store_upload_open(&upload, f->store, "a", id, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    zreg__store_upload_free(upload);
    assert_int_equal(status, ZREG_OK);
}

static void bytes_that_were_not_acknowledged_go(void **state)
{
    fixture *f = *state;
    zreg__store_upload *upload = NULL;
    assert_int_equal(zreg__store_upload_new(&upload, f->store, "a", NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_append(upload, "one", 3, NULL), ZREG_OK);
    ZREG__AUTO_FREE char *id = zreg__strdup(zreg__store_upload_id(upload));
    zreg__store_upload_free(upload);
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/v1/uploads/%s/data", f->root, id);
    FILE *file = fopen(path, "a");
    fputs("written before a crash, unknown to the state", file);
    fclose(file);
    assert_int_equal(zreg__store_upload_open(&upload, f->store, "a", id, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_size(upload), 3);
    zreg_digest digest;
    assert_int_equal(zreg_digest_of(&digest, NULL, "one", 3, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_commit(f->store, upload, &digest, NULL), ZREG_OK);
    zreg__store_upload_free(upload);
    ZREG__AUTO(zreg__store_blob) zreg__store_blob *blob = NULL;
    assert_int_equal(zreg__store_blob_open(&blob, f->store, "a", &digest, NULL), ZREG_OK);
    assert_int_equal(zreg__store_blob_size(blob), 3);
}

static void a_state_that_is_damaged_is_no_upload(void **state)
{
    fixture *f = *state;
    zreg__store_upload *upload = NULL;
    assert_int_equal(zreg__store_upload_new(&upload, f->store, "a", NULL), ZREG_OK);
    ZREG__AUTO_FREE char *id = zreg__strdup(zreg__store_upload_id(upload));
    zreg__store_upload_free(upload);
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/v1/uploads/%s/state", f->root, id);
    assert_int_equal(zreg__file_write(path, "x", 1, 0600, false, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_open(&upload, f->store, "a", id, NULL), ZREG_NOTFOUND);
}

static void wrong_bytes_are_not_stored(void **state)
{
    fixture *f = *state;
    zreg_digest digest;
    uint64_t size;
    ZREG__AUTO(zreg__store_upload) zreg__store_upload *upload = NULL;
    assert_int_equal(zreg_digest_of(&digest, NULL, "promised", 8, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_new(&upload, f->store, "a", NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_append(upload, "delivered", 9, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_commit(f->store, upload, &digest, NULL), ZREG_CORRUPT);
    assert_int_equal(zreg__store_blob_stat(&size, f->store, "a", &digest, NULL), ZREG_NOTFOUND);
    assert_int_equal(zreg__store_upload_size(upload), 9);
    assert_int_equal(zreg__store_upload_abort(f->store, upload, NULL), ZREG_OK);
}

static void a_blob_is_read_at_any_offset(void **state)
{
    fixture *f = *state;
    char part[8] = "";
    size_t got = 0;
    zreg_digest digest = put(f, "a", "0123456789");
    ZREG__AUTO(zreg__store_blob) zreg__store_blob *blob = NULL;
    assert_int_equal(zreg__store_blob_open(&blob, f->store, "a", &digest, NULL), ZREG_OK);
    assert_int_equal(zreg__store_blob_read(&got, blob, 7, part, sizeof(part), NULL), ZREG_OK);
    assert_int_equal(got, 3);
    assert_memory_equal(part, "789", 3);
    assert_int_equal(zreg__store_blob_read(&got, blob, 10, part, sizeof(part), NULL), ZREG_OK);
    assert_int_equal(got, 0);
    assert_true(zreg__store_blob_descriptor(blob) >= 0);
}

static void a_manifest_is_found_by_tag_and_digest(void **state)
{
    fixture *f = *state;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = image(f, "a", "layer");
    assert_int_equal(zreg__store_manifest_put(NULL, f->store, "a", "t", manifest, &f->err),
                     ZREG_OK);
    const char *references[] = {"t", zreg_manifest_digest(manifest)->text};
    for (size_t i = 0; i < 2; i++) {
        ZREG__AUTO(zreg_manifest) zreg_manifest *found = NULL;
        assert_int_equal(zreg__store_manifest_get(&found, f->store, "a", references[i], &f->err),
                         ZREG_OK);
        assert_string_equal(zreg_manifest_digest(found)->text, references[1]);
        assert_string_equal(zreg_manifest_media_type(found), ZREG__TYPE_OCI_MANIFEST);
    }
    assert_int_equal(zreg__store_manifest_put(NULL, f->store, "b", "t", manifest, &f->err),
                     ZREG_NOTFOUND);
    assert_string_equal(f->err.registry_code, "MANIFEST_BLOB_UNKNOWN");
}

static void a_manifest_that_was_read_before_goes_at_once(void **state)
{
    fixture *f = *state;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = image(f, "a", "layer");
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    for (int round = 0; round < 2; round++) {
        zreg_manifest *found = NULL;
        assert_int_equal(zreg__store_manifest_put(NULL, f->store, "a", "t", manifest, NULL),
                         ZREG_OK);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(zreg__store_manifest_get(&found, f->store, "a", "t", NULL), ZREG_OK);
            zreg_manifest_free(found);
        }
        assert_int_equal(zreg__store_manifest_delete(f->store, "a", digest, NULL), ZREG_OK);
        assert_int_equal(zreg__store_manifest_get(&found, f->store, "a", digest->text, NULL),
                         ZREG_NOTFOUND);
    }
}

static void what_was_read_before_a_change_is_not_kept_after_it(void **state)
{
    fixture *f = *state;
    uint64_t before, after;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = image(f, "a", "layer");
    ZREG__AUTO(zreg__cache) zreg__cache *cache = NULL;
    assert_int_equal(zreg__cache_new(&cache, NULL), ZREG_OK);
    assert_null(zreg__cache_get(&before, cache, "a key"));
    zreg__cache_drop(cache, "a key");
    zreg__cache_put(cache, "a key", manifest, before);
    assert_null(zreg__cache_get(&after, cache, "a key"));
    zreg__cache_put(cache, "a key", manifest, after);
    ZREG__AUTO(zreg_manifest) zreg_manifest *found = zreg__cache_get(&after, cache, "a key");
    assert_non_null(found);
}

static bool count_one(const zreg_manifest *manifest, void *user)
{
    (void)manifest;
    ++*(int *)user;
    return true;
}

static void what_was_pushed_meanwhile_is_looked_at_again(void **state)
{
    fixture *f = *state;
    int seen = 0;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = image(f, "a", "layer");
    const char *digest = zreg_manifest_digest(manifest)->text;
    ZREG__AUTO(zreg__below) zreg__below *below = NULL;
    assert_int_equal(zreg__below_new(&below, f->store, "a", NULL), ZREG_OK);
    assert_int_equal(zreg__below_walk(below, digest, count_one, &seen, NULL), ZREG_OK);
    assert_int_equal(zreg__store_manifest_put(NULL, f->store, "a", NULL, manifest, NULL), ZREG_OK);
    for (int rounds = 1; rounds <= 2; rounds++) {
        assert_int_equal(zreg__below_again(below, NULL), ZREG_OK);
        assert_int_equal(zreg__below_walk(below, digest, count_one, &seen, NULL), ZREG_OK);
        assert_int_equal(seen, 1);
    }
}

static void lower_descriptors(rlim_t *most)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = *most;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    *most = before;
}

/* The list of the tags takes the last descriptor, and none is left to read a tag. */
static void a_delete_that_failed_midway_can_be_made_again(void **state)
{
    fixture *f = *state;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = image(f, "a", "layer");
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    assert_int_equal(zreg__store_manifest_put(NULL, f->store, "a", "t", manifest, NULL), ZREG_OK);
    rlim_t most = (rlim_t)dup(0) + 1;
    close((int)most - 1);
    lower_descriptors(&most);
    zreg_status status = zreg__store_manifest_delete(f->store, "a", digest, NULL);
    lower_descriptors(&most);
    assert_int_not_equal(status, ZREG_OK);
    assert_int_equal(zreg__store_manifest_delete(f->store, "a", digest, NULL), ZREG_OK);
    assert_int_equal(zreg__store_tag_delete(f->store, "a", "t", NULL), ZREG_NOTFOUND);
}

static void a_tag_can_only_name_what_is_there(void **state)
{
    fixture *f = *state;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = image(f, "a", "layer");
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    assert_int_equal(zreg__store_tag_set(f->store, "a", "t", digest, NULL), ZREG_NOTFOUND);
    assert_int_equal(zreg__store_manifest_put(NULL, f->store, "a", NULL, manifest, NULL), ZREG_OK);
    assert_int_equal(zreg__store_tag_set(f->store, "a", "t", digest, NULL), ZREG_OK);
    assert_int_equal(zreg__store_tag_set(f->store, "a", "../t", digest, NULL), ZREG_INVAL);
    assert_int_equal(zreg__store_manifest_delete(f->store, "a", digest, NULL), ZREG_OK);
    assert_int_equal(zreg__store_tag_delete(f->store, "a", "t", NULL), ZREG_NOTFOUND);
}

static void lists_come_in_pages_of_flat_size(void **state)
{
    fixture *f = *state;
    char name[8];
    char after[8] = "";
    bool more = true;
    size_t count = 0;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = image(f, "a", "layer");
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "t%03d", i * 37 % 50);
        assert_int_equal(zreg__store_manifest_put(NULL, f->store, "a", name, manifest, NULL),
                         ZREG_OK);
    }
    while (more) {
        ZREG__AUTO(zreg_strings) zreg_strings *page = NULL;
        assert_int_equal(
            zreg__store_tags(&page, &more, f->store, "a", after[0] == '\0' ? NULL : after, 7, NULL),
            ZREG_OK);
        for (size_t i = 0; i < zreg_strings_count(page); i++) {
            snprintf(after, sizeof(after), "t%03zu", count++);
            assert_string_equal(zreg_strings_at(page, i), after);
        }
    }
    assert_int_equal(count, 50);
    zreg_strings *none = NULL;
    assert_int_equal(zreg__store_tags(&none, &more, f->store, "b", NULL, 7, NULL), ZREG_NOTFOUND);
}

static void every_durability_stores_and_finds(void **state)
{
    fixture *f = *state;
    for (int durability = ZREG_DURABILITY_FULL; durability <= ZREG_DURABILITY_NONE; durability++) {
        zreg__store_close(f->store);
        f->store = NULL;
        reopen(f, (zreg_durability)durability);
        char repository[8];
        snprintf(repository, sizeof(repository), "r%d/x", durability);
        ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = image(f, repository, "layer");
        ZREG__AUTO(zreg_manifest) zreg_manifest *found = NULL;
        assert_int_equal(
            zreg__store_manifest_put(NULL, f->store, repository, "t", manifest, &f->err), ZREG_OK);
        assert_int_equal(zreg__store_manifest_get(&found, f->store, repository, "t", &f->err),
                         ZREG_OK);
    }
}

static bool is_done_at_once(fixture *f, const char *algorithm, size_t size, bool has_failed_before)
{
    bool done = false;
    zreg_digest digest;
    ZREG__AUTO_FREE char *bytes = zreg__calloc(1, size);
    ZREG__AUTO_FREE char *id = NULL;
    zreg__store_upload *upload = NULL;
    assert_int_equal(zreg_digest_of(&digest, algorithm, bytes, size, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_new(&upload, f->store, "a", NULL), ZREG_OK);
    if (has_failed_before) {
        id = zreg__strdup(zreg__store_upload_id(upload));
        assert_int_equal(zreg__store_upload_save(upload, NULL), ZREG_OK);
        zreg__store_upload_begin_last(upload);
        assert_int_equal(zreg__store_upload_append(upload, "more than there will be", 23, NULL),
                         ZREG_OK);
        zreg__store_upload_free(upload);
        assert_int_equal(zreg__store_upload_open(&upload, f->store, "a", id, NULL), ZREG_OK);
        assert_int_equal(zreg__store_upload_size(upload), 0);
    }
    assert_int_equal(zreg__store_upload_append(upload, bytes, size, NULL), ZREG_OK);
    assert_int_equal(zreg__store_upload_commit_at_once(&done, upload, &digest, NULL), ZREG_OK);
    if (!done) {
        assert_int_equal(zreg__store_upload_commit(f->store, upload, &digest, NULL), ZREG_OK);
    }
    zreg__store_upload_free(upload);
    uint64_t found = 0;
    assert_int_equal(zreg__store_blob_stat(&found, f->store, "a", &digest, NULL), ZREG_OK);
    assert_int_equal(found, size);
    return done;
}

static void a_commit_that_would_wait_is_declined(void **state)
{
    fixture *f = *state;
    const size_t large = (size_t)4 << 20;
    assert_true(is_done_at_once(f, "sha256", 10, false));
    assert_true(is_done_at_once(f, "sha256", large - 1, false));
    assert_false(is_done_at_once(f, "sha256", large, false));
    assert_false(is_done_at_once(f, "sha512", 10, false));
    assert_false(is_done_at_once(f, "sha256", 10, true));
    zreg__store_close(f->store);
    reopen(f, ZREG_DURABILITY_FULL);
    assert_false(is_done_at_once(f, "sha256", 10, false));
}

static bool is_not_secret(const char *repository, void *user)
{
    ++*(size_t *)user;
    return strncmp(repository, "secret", 6) != 0;
}

static void a_search_for_a_blob_looks_where_it_may_and_at_no_more_than_it_should(void **state)
{
    fixture *f = *state;
    char found[ZREG__MAX_REPOSITORY + 1];
    size_t looked = 0;
    zreg_digest secret = put(f, "secret/a", "secret");
    zreg_digest open = put(f, "open/b/c", "open");
    assert_int_equal(zreg__store_blob_find(found, f->store, &open, is_not_secret, &looked, 9, NULL),
                     ZREG_OK);
    assert_string_equal(found, "open/b/c");
    looked = 0;
    assert_int_equal(
        zreg__store_blob_find(found, f->store, &secret, is_not_secret, &looked, 9, NULL),
        ZREG_NOTFOUND);
    assert_int_equal(looked, 2);
    looked = 0;
    assert_int_equal(
        zreg__store_blob_find(found, f->store, &secret, is_not_secret, &looked, 1, NULL),
        ZREG_NOTFOUND);
    assert_int_equal(looked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_that_would_wait_is_declined, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(
            a_search_for_a_blob_looks_where_it_may_and_at_no_more_than_it_should, open_store,
            close_store),
        cmocka_unit_test_setup_teardown(names_that_could_leave_the_root_are_refused, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(a_repository_of_another_host_may_have_a_port, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(an_upload_goes_on_where_it_was_left, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(bytes_that_were_not_acknowledged_go, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(a_state_that_is_damaged_is_no_upload, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(wrong_bytes_are_not_stored, open_store, close_store),
        cmocka_unit_test_setup_teardown(a_blob_is_read_at_any_offset, open_store, close_store),
        cmocka_unit_test_setup_teardown(a_manifest_is_found_by_tag_and_digest, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(a_manifest_that_was_read_before_goes_at_once, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(a_child_holds_no_upload_that_its_parent_has_left,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(what_was_read_before_a_change_is_not_kept_after_it,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(what_was_pushed_meanwhile_is_looked_at_again, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(a_delete_that_failed_midway_can_be_made_again, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(a_tag_can_only_name_what_is_there, open_store, close_store),
        cmocka_unit_test_setup_teardown(lists_come_in_pages_of_flat_size, open_store, close_store),
        cmocka_unit_test_setup_teardown(every_durability_stores_and_finds, open_store, close_store),
    };

    return cmocka_run_group_tests_name("store_fs", tests, NULL, NULL);
}
