/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "image/rootfs.h"
#include <stdio.h>
#include <string.h>

#define LONGEST 4096

static zreg_status add(zreg__rootfs *fs, char type, const char *name, const char *target)
{
    const zreg__tarentry entry = {.type = type, .name = name, .target = target};
    return zreg__rootfs_add(fs, &entry, NULL);
}

static zreg__rootfs *make(void)
{
    zreg__rootfs *fs = NULL;
    assert_int_equal(zreg__rootfs_new(&fs, NULL), ZREG_OK);
    zreg__rootfs_next_layer(fs);
    return fs;
}

/* Links of the longest targets; the number of them that is taken. */
static size_t add_links(zreg__rootfs *fs, const char *stem, size_t count)
{
    char name[64];
    char target[LONGEST + 1];
    memset(target, 'a', LONGEST);
    target[LONGEST] = '\0';
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "%s%zu", stem, i);
        if (add(fs, ZREG__TAR_SYMLINK, name, target) == ZREG_LIMIT) {
            return i;
        }
    }
    return count;
}

static void targets_of_links_are_counted(void **state)
{
    (void)state;
    const size_t most = ZREG__MAX_ROOTFS_BYTES / LONGEST;
    zreg__rootfs *fs = make();
    size_t taken = add_links(fs, "l/", most);
    assert_true(taken < most && taken > most - most / 50);
    assert_int_equal(add(fs, ZREG__TAR_FILE, "l", ""), ZREG_OK); /* takes their place */
    assert_int_equal(add_links(fs, "l/", 1), 1);
    zreg__rootfs_next_layer(fs);
    assert_int_equal(add(fs, ZREG__TAR_FOLDER, "l", ""), ZREG_OK);
    assert_int_equal(add_links(fs, "l/", most), taken);
    zreg__rootfs_next_layer(fs);
    assert_int_equal(add(fs, ZREG__TAR_FILE, ".wh.l", ""), ZREG_OK);
    assert_int_equal(add_links(fs, "l/", most), taken);
    zreg__rootfs_free(fs);
}

static void a_target_is_counted_until_its_last_name_is_gone(void **state)
{
    (void)state;
    const size_t most = ZREG__MAX_ROOTFS_BYTES / LONGEST;
    zreg__rootfs *fs = make();
    size_t all = add_links(fs, "l", most);
    assert_int_equal(add(fs, ZREG__TAR_HARDLINK, "h", "l0"), ZREG_OK);
    assert_int_equal(add(fs, ZREG__TAR_FILE, "l0", ""), ZREG_OK);
    assert_int_equal(add_links(fs, "m", 1), 0);
    assert_int_equal(add(fs, ZREG__TAR_FILE, "h", ""), ZREG_OK);
    assert_int_equal(add_links(fs, "m", 2), 1);
    assert_true(all > 0);
    zreg__rootfs_free(fs);
}

/* s0 leads to s1, and so on, each through as many names as a target holds. */
static void make_chain(zreg__rootfs *fs, size_t links)
{
    char name[32];
    char target[LONGEST + 1];
    for (size_t i = 0; i < links; i++) {
        size_t end = 0;
        size_t left = (size_t)snprintf(name, sizeof(name), "s%zu", i + 1);
        while (end + 2 + left < LONGEST) {
            memcpy(target + end, "./", 2);
            end += 2;
        }
        memcpy(target + end, name, left + 1);
        snprintf(name, sizeof(name), "s%zu", i);
        assert_int_equal(add(fs, ZREG__TAR_SYMLINK, name, target), ZREG_OK);
    }
    snprintf(name, sizeof(name), "s%zu", links);
    assert_int_equal(add(fs, ZREG__TAR_FOLDER, name, ""), ZREG_OK);
}

static void the_ways_of_a_layer_are_bounded(void **state)
{
    (void)state;
    const size_t links = 39;
    const size_t most = ZREG__MAX_ROOTFS_STEPS / (links * (LONGEST / 2 - 8));
    zreg__rootfs *fs = make();
    make_chain(fs, links);
    for (unsigned layer = 0; layer < 2; layer++) {
        size_t taken = 0;
        while (taken <= most && add(fs, ZREG__TAR_FILE, "s0/f", "") == ZREG_OK) {
            taken++;
        }
        assert_true(taken <= most && taken > most / 2);
        zreg__rootfs_next_layer(fs);
    }
    zreg__rootfs_free(fs);
}

static void names_are_as_long_as_paths_may_be(void **state)
{
    (void)state;
    char name[LONGEST + 3];
    zreg__rootfs *fs = make();
    memset(name, 'a', sizeof(name));
    name[LONGEST] = '\0';
    assert_int_equal(add(fs, ZREG__TAR_FILE, name, ""), ZREG_OK);
    assert_int_equal(add(fs, ZREG__TAR_HARDLINK, "h", name), ZREG_OK);
    name[1] = '/';
    assert_int_equal(add(fs, ZREG__TAR_FILE, name, ""), ZREG_OK);
    name[LONGEST] = 'a';
    name[LONGEST + 1] = '\0';
    assert_int_equal(add(fs, ZREG__TAR_FILE, name, ""), ZREG_LIMIT);
    assert_int_equal(add(fs, ZREG__TAR_HARDLINK, "i", name), ZREG_CORRUPT);
    name[1] = 'a';
    assert_int_equal(add(fs, ZREG__TAR_FILE, name, ""), ZREG_LIMIT);
    assert_int_equal(add(fs, ZREG__TAR_HARDLINK, "i", name), ZREG_CORRUPT);
    zreg__rootfs_free(fs);
}

static void a_folder_made_again_has_none_of_the_old_children(void **state)
{
    (void)state;
    const zreg__rootfs_name *names = NULL;
    size_t count = 0;
    zreg__rootfs *fs = make();
    assert_int_equal(add(fs, ZREG__TAR_FILE, "a/b/c", ""), ZREG_OK);
    assert_int_equal(add(fs, ZREG__TAR_FILE, "b/c", ""), ZREG_OK);
    assert_int_equal(add(fs, ZREG__TAR_FILE, "a", ""), ZREG_OK);
    assert_int_equal(add(fs, ZREG__TAR_FOLDER, "a", ""), ZREG_OK);
    assert_int_equal(add(fs, ZREG__TAR_FILE, "a/x", ""), ZREG_OK);
    assert_int_equal(zreg__rootfs_names(&names, &count, fs, NULL), ZREG_OK);
    assert_int_equal(count, 3);
    assert_string_equal(names[0].path, "b/c");
    assert_string_equal(names[1].path, "a");
    assert_string_equal(names[2].path, "a/x");
    zreg__rootfs_free(fs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_of_links_are_counted),
        cmocka_unit_test(a_target_is_counted_until_its_last_name_is_gone),
        cmocka_unit_test(the_ways_of_a_layer_are_bounded),
        cmocka_unit_test(names_are_as_long_as_paths_may_be),
        cmocka_unit_test(a_folder_made_again_has_none_of_the_old_children),
    };

    return cmocka_run_group_tests_name("image rootfs", tests, NULL, NULL);
}
