/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/tarheader.h"
#include "image/tarlayer.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SETTLED 1234567890

typedef struct world {
    char *root;
    char *tree;
} world;

static char *below(const char *folder, const char *name)
{
    return zreg__asprintf("%s/%s", folder, name);
}

static void put_file(const char *folder, const char *name, const char *text, mode_t mode)
{
    ZREG__AUTO_FREE char *path = below(folder, name);
    assert_int_equal(zreg__file_write(path, text, strlen(text), mode, false, NULL), ZREG_OK);
    assert_int_equal(chmod(path, mode), 0);
}

static void put_folder(const char *folder, const char *name, mode_t mode)
{
    ZREG__AUTO_FREE char *path = below(folder, name);
    assert_int_equal(zreg__file_mkdirs(path, 0755, NULL), ZREG_OK);
    assert_int_equal(chmod(path, mode), 0);
}

static void put_link(const char *folder, const char *name, const char *target)
{
    ZREG__AUTO_FREE char *path = below(folder, name);
    assert_int_equal(symlink(target, path), 0);
}

static int set_up(void **state)
{
    world *w = zreg__new(world);
    *state = w;
    assert_int_equal(zreg__file_temp_dir(&w->root, "zreg-tarlayer-", NULL), ZREG_OK);
    w->tree = below(w->root, "tree");
    put_folder(w->tree, "", 0755);
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    assert_int_equal(zreg__file_remove_tree(w->root, NULL), ZREG_OK);
    free(w->root);
    free(w->tree);
    free(w);
    return 0;
}

/* What a shell command prints; "$1" is the argument. */
static char *output_of(const char *command, const char *argument)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(ZREG__MIB);
    ZREG__AUTO_FREE char *line = zreg__asprintf("set -- '%s'; { %s; } 2>&1", argument, command);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    char block[4096];
    for (size_t size; (size = fread(block, 1, sizeof(block), pipe)) > 0;) {
        assert_int_equal(zreg__buf_append(&text, block, size, NULL), ZREG_OK);
    }
    pclose(pipe);
    return zreg__buf_steal(&text);
}

static zreg_status collect(void *user, const void *bytes, size_t size, zreg_error *err)
{
    return zreg__buf_append(user, bytes, size, err);
}

static zreg_status refuse(void *user, const void *bytes, size_t size, zreg_error *err)
{
    (void)user, (void)bytes, (void)size;
    return zreg__fail(err, ZREG_CALLBACK, "enough");
}

/* Packs the tree into the file ROOT/NAME. */
static zreg__tarlayer pack_to(const world *w, const char *name)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(64 * ZREG__MIB);
    ZREG__AUTO_FREE char *path = below(w->root, name);
    zreg__tarlayer layer;
    zreg_error err = {0};
    if (zreg__tarlayer_pack(&layer, w->tree, SETTLED, collect, &bytes, NULL, &err) != ZREG_OK) {
        fail_msg("%s", err.message);
    }
    zreg_digest digest;
    zreg_digest_of(&digest, NULL, bytes.data, bytes.size, NULL);
    assert_string_equal(layer.digest.text, digest.text);
    assert_int_equal(layer.size_bytes, bytes.size);
    assert_int_equal(layer.packing, ZREG__CODEC_GZIP);
    assert_int_equal(zreg__file_write(path, bytes.data, bytes.size, 0644, false, NULL), ZREG_OK);
    return layer;
}

static void put_a_bit_of_everything(const char *tree)
{
    put_folder(tree, "b", 0750);
    put_file(tree, "b/suid", "x", 04755);
    put_file(tree, "b/empty", "", 0600);
    put_folder(tree, "b.d", 01777);
    put_file(tree, "b.d/z", "zz", 0644);
    put_file(tree, "B", "upper", 0444);
    put_link(tree, "link", "b/empty");
    put_link(tree, "dangling", "/nowhere/at all");
    put_file(tree, ".wh.gone", "", 0644);
    ZREG__AUTO_FREE char *first = below(tree, "b/suid");
    ZREG__AUTO_FREE char *second = below(tree, "twin");
    assert_int_equal(link(first, second), 0);
}

static void gnu_tar_reads_what_was_packed(void **state)
{
    const world *w = *state;
    put_a_bit_of_everything(w->tree);
    pack_to(w, "layer.tgz");
    ZREG__AUTO_FREE char *listing =
        output_of("TZ=UTC tar --numeric-owner -tvzf \"$1/layer.tgz\" | sed 's/  */ /g'", w->root);
    assert_string_equal(listing, "-rw-r--r-- 0/0 0 2009-02-13 23:31 .wh.gone\n"
                                 "-r--r--r-- 0/0 5 2009-02-13 23:31 B\n"
                                 "drwxr-x--- 0/0 0 2009-02-13 23:31 b/\n"
                                 "-rw------- 0/0 0 2009-02-13 23:31 b/empty\n"
                                 "-rwsr-xr-x 0/0 1 2009-02-13 23:31 b/suid\n"
                                 "drwxrwxrwt 0/0 0 2009-02-13 23:31 b.d/\n"
                                 "-rw-r--r-- 0/0 2 2009-02-13 23:31 b.d/z\n"
                                 "lrwxrwxrwx 0/0 0 2009-02-13 23:31 dangling -> /nowhere/at all\n"
                                 "lrwxrwxrwx 0/0 0 2009-02-13 23:31 link -> b/empty\n"
                                 "hrwsr-xr-x 0/0 0 2009-02-13 23:31 twin link to b/suid\n");
}

static void unpacking_gives_the_same_tree(void **state)
{
    const world *w = *state;
    put_a_bit_of_everything(w->tree);
    char big[100001];
    memset(big, 'q', sizeof(big));
    big[100000] = '\0';
    put_file(w->tree, "b/big", big, 0644);
    pack_to(w, "layer.tgz");
    ZREG__AUTO_FREE char *difference =
        output_of("mkdir \"$1/out\" && tar -xpzf \"$1/layer.tgz\" -C \"$1/out\" && "
                  "diff -r --no-dereference \"$1/tree\" \"$1/out\"",
                  w->root);
    assert_string_equal(difference, "");
}

static void the_same_content_gives_the_same_digest(void **state)
{
    const world *w = *state;
    put_file(w->tree, "b", "1", 0644);
    put_file(w->tree, "a", "2", 0644);
    zreg__tarlayer before = pack_to(w, "one");

    ZREG__AUTO_FREE char *said = output_of("rm \"$1/tree/a\" \"$1/tree/b\"", w->root);
    assert_string_equal(said, "");
    put_file(w->tree, "a", "2", 0644);
    put_file(w->tree, "b", "1", 0644);
    ZREG__AUTO_FREE char *touched = output_of("touch -d 2001-01-01 \"$1/tree/a\"", w->root);
    assert_string_equal(touched, "");
    zreg__tarlayer after = pack_to(w, "two");
    assert_string_equal(before.digest.text, after.digest.text);
    assert_string_equal(before.diff_id.text, after.diff_id.text);

    put_file(w->tree, "a", "2", 0600);
    zreg__tarlayer other = pack_to(w, "three");
    assert_string_not_equal(before.diff_id.text, other.diff_id.text);
}

static void long_names_survive(void **state)
{
    const world *w = *state;
    char part[201];
    memset(part, 'n', 200);
    part[200] = '\0';
    ZREG__AUTO_FREE char *folder = zreg__asprintf("%s/%s", part, part);
    ZREG__AUTO_FREE char *name = zreg__asprintf("%s/%s", folder, part);
    char edge[102];
    memset(edge, 'e', 101);
    edge[101] = '\0';
    put_folder(w->tree, folder, 0755);
    put_file(w->tree, name, "deep", 0644);
    put_file(w->tree, edge, "101", 0644);
    put_file(w->tree, edge + 1, "100", 0644);
    put_file(w->tree, "\xc3\xa4 b\nc", "odd", 0644);
    put_link(w->tree, "link", name);
    pack_to(w, "layer.tgz");
    ZREG__AUTO_FREE char *difference =
        output_of("mkdir \"$1/out\" && tar -xpzf \"$1/layer.tgz\" -C \"$1/out\" && "
                  "diff -r --no-dereference \"$1/tree\" \"$1/out\"",
                  w->root);
    assert_string_equal(difference, "");
}

static void numbers_too_large_for_a_plain_header_go_into_a_pax_header(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__buf) zreg__buf header = ZREG__BUF(ZREG__MIB);
    const zreg__tarheader entry = {.type = ZREG__TAR_FILE,
                                   .path = "x",
                                   .target = "",
                                   .mode = 0644,
                                   .size_bytes = (uint64_t)1 << 40,
                                   .mtime_s = (int64_t)1 << 34};
    assert_int_equal(zreg__tarheader_add(&header, &entry, NULL), ZREG_OK);
    assert_int_equal(header.size, 3 * ZREG__TAR_BLOCK);
    assert_string_equal(header.data + ZREG__TAR_BLOCK,
                        "22 size=1099511627776\n21 mtime=17179869184\n");
    assert_true(zreg__tarheader_is_valid(header.data));
    assert_true(zreg__tarheader_is_valid(header.data + 2 * ZREG__TAR_BLOCK));
}

static void a_record_counts_its_own_length(void **state)
{
    (void)state;
    for (size_t length = 101; length < 1200; length++) {
        ZREG__AUTO(zreg__buf) zreg__buf header = ZREG__BUF(ZREG__MIB);
        ZREG__AUTO_FREE char *path = zreg__calloc(length + 1, 1);
        memset(path, 'p', length);
        const zreg__tarheader entry = {.type = ZREG__TAR_FILE, .path = path, .target = ""};
        assert_int_equal(zreg__tarheader_add(&header, &entry, NULL), ZREG_OK);
        const char *record = header.data + ZREG__TAR_BLOCK;
        size_t told = strtoul(record, NULL, 10);
        assert_int_equal(record[told - 1], '\n');
        bool padded = told % ZREG__TAR_BLOCK != 0;
        assert_true(!padded || record[told] == '\0');
        assert_memory_equal(record + told - 1 - length, path, length);
    }
}

static void an_empty_folder_is_an_empty_archive(void **state)
{
    const world *w = *state;
    zreg__tarlayer layer = pack_to(w, "layer.tgz");
    ZREG__AUTO_FREE char *path = below(w->root, "layer.tgz");
    zreg__tarlayer measured;
    assert_int_equal(zreg__tarlayer_measure(&measured, path, NULL, NULL), ZREG_OK);
    assert_string_equal(measured.diff_id.text, layer.diff_id.text);
    ZREG__AUTO_FREE char *listing = output_of("tar -tzf \"$1/layer.tgz\"", w->root);
    assert_string_equal(listing, "");
}

static void what_cannot_be_packed_is_named(void **state)
{
    const world *w = *state;
    zreg__tarlayer layer;
    zreg_error err = {0};
    ZREG__AUTO_FREE char *fifo = below(w->tree, "pipe");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(zreg__tarlayer_pack(&layer, w->tree, 0, refuse, NULL, NULL, &err), ZREG_INVAL);
    assert_non_null(strstr(err.message, "/pipe"));

    ZREG__AUTO_FREE char *missing = below(w->root, "missing");
    err = (zreg_error){0};
    assert_int_equal(zreg__tarlayer_pack(&layer, missing, 0, refuse, NULL, NULL, &err),
                     ZREG_NOTFOUND);
    assert_non_null(strstr(err.message, "missing"));
    err = (zreg_error){0};
    assert_int_equal(zreg__tarlayer_pack(&layer, fifo, 0, refuse, NULL, NULL, &err), ZREG_INVAL);
}

static void folders_too_deep_are_refused(void **state)
{
    const world *w = *state;
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MIB);
    ZREG__AUTO(zreg__buf) zreg__buf path = ZREG__BUF(ZREG__MIB);
    for (int i = 0; i < ZREG__MAX_TREE_DEPTH + 1; i++) {
        assert_int_equal(zreg__buf_text(&path, i > 0 ? "/d" : "d", NULL), ZREG_OK);
    }
    put_folder(w->tree, zreg__buf_cstr(&path), 0755);
    zreg__tarlayer layer;
    assert_int_equal(zreg__tarlayer_pack(&layer, w->tree, 0, collect, &bytes, NULL, NULL),
                     ZREG_LIMIT);
}

static void the_writer_and_the_token_can_stop_it(void **state)
{
    const world *w = *state;
    put_file(w->tree, "a", "a", 0644);
    zreg__tarlayer layer;
    assert_int_equal(zreg__tarlayer_pack(&layer, w->tree, 0, refuse, NULL, NULL, NULL),
                     ZREG_CALLBACK);

    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MIB);
    ZREG__AUTO(zreg_cancel) zreg_cancel *cancel = NULL;
    assert_int_equal(zreg_cancel_new(&cancel, NULL), ZREG_OK);
    zreg_cancel_trigger(cancel);
    assert_int_equal(zreg__tarlayer_pack(&layer, w->tree, 0, collect, &bytes, cancel, NULL),
                     ZREG_CANCELLED);
    ZREG__AUTO_FREE char *file = below(w->tree, "a");
    assert_int_equal(zreg__tarlayer_measure(&layer, file, cancel, NULL), ZREG_CANCELLED);
}

static void tar_files_are_measured_as_they_are(void **state)
{
    const world *w = *state;
    put_a_bit_of_everything(w->tree);
    const struct {
        const char *command;
        zreg__codec_kind packing;
    } rows[] = {
        {"tar -cf \"$1/layer\" -C \"$1/tree\" .", ZREG__CODEC_NONE},
        {"tar -czf \"$1/layer\" -C \"$1/tree\" .", ZREG__CODEC_GZIP},
        {"tar --format=v7 -cf \"$1/layer\" -C \"$1/tree\" b", ZREG__CODEC_NONE},
        {"tar --format=posix -czf \"$1/layer\" -C \"$1/tree\" .", ZREG__CODEC_GZIP},
        /* Two members make one stream. */
        {"tar -cf \"$1/t\" -C \"$1/tree\" . && { head -c 700 \"$1/t\" | gzip; "
         "tail -c +701 \"$1/t\" | gzip; } > \"$1/layer\"",
         ZREG__CODEC_GZIP},
    };
    ZREG__AUTO_FREE char *path = below(w->root, "layer");
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO_FREE char *said = output_of(rows[i].command, w->root);
        assert_string_equal(said, "");
        zreg__tarlayer layer;
        zreg_error err = {0};
        if (zreg__tarlayer_measure(&layer, path, NULL, &err) != ZREG_OK) {
            fail_msg("%s: %s", rows[i].command, err.message);
        }
        ZREG__AUTO_FREE char *facts =
            output_of("stat -c %s \"$1/layer\"; sha256sum < \"$1/layer\" | cut -c1-64; "
                      "{ zcat -f < \"$1/layer\"; } | sha256sum | cut -c1-64",
                      w->root);
        ZREG__AUTO_FREE char *found = zreg__asprintf("%zu\n%s\n%s\n", (size_t)layer.size_bytes,
                                                     layer.digest.text + 7, layer.diff_id.text + 7);
        assert_string_equal(found, facts);
        assert_int_equal(layer.packing, rows[i].packing);
    }
}

static void what_is_no_tar_is_refused(void **state)
{
    const world *w = *state;
    const struct {
        const char *command;
        zreg_status status;
    } rows[] = {
        {"rm -f \"$1/x\"", ZREG_NOTFOUND},
        {"mkdir \"$1/x\"", ZREG_INVAL},
        {"rmdir \"$1/x\"; : > \"$1/x\"", ZREG_INVAL},
        {"echo short > \"$1/x\"", ZREG_INVAL},
        {"seq 1000 > \"$1/x\"", ZREG_INVAL},
        {"seq 1000 | gzip > \"$1/x\"", ZREG_INVAL},
        {"printf '\\050\\265\\057\\375\\377zstd' > \"$1/x\"",
         ZREG_WITH_ZSTD ? ZREG_CORRUPT : ZREG_UNSUPPORTED},
        {"printf '\\3757zXZ\\000' > \"$1/x\"", ZREG_UNSUPPORTED},
        {"printf 'BZh9' > \"$1/x\"", ZREG_UNSUPPORTED},
        {"tar -cf - -C \"$1\" tree | gzip | head -c 60 > \"$1/x\"", ZREG_CORRUPT},
        {"{ tar -czf - -C \"$1\" tree; echo garbage; } > \"$1/x\"", ZREG_CORRUPT},
        {"printf '\\037\\213garbage' > \"$1/x\"", ZREG_CORRUPT},
    };
    ZREG__AUTO_FREE char *path = below(w->root, "x");
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO_FREE char *said = output_of(rows[i].command, w->root);
        assert_string_equal(said, "");
        zreg__tarlayer layer;
        zreg_error err = {0};
        zreg_status status = zreg__tarlayer_measure(&layer, path, NULL, &err);
        if (status != rows[i].status) {
            fail_msg("%s: %s %s", rows[i].command, zreg_status_name(status), err.message);
        }
        assert_non_null(strstr(err.message, path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gnu_tar_reads_what_was_packed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unpacking_gives_the_same_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_content_gives_the_same_digest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_names_survive, set_up, tear_down),
        cmocka_unit_test(numbers_too_large_for_a_plain_header_go_into_a_pax_header),
        cmocka_unit_test(a_record_counts_its_own_length),
        cmocka_unit_test_setup_teardown(an_empty_folder_is_an_empty_archive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_packed_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_too_deep_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_writer_and_the_token_can_stop_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tar_files_are_measured_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_tar_is_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("image tarlayer", tests, NULL, NULL);
}
