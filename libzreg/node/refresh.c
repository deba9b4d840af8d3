/* SPDX-License-Identifier: Apache-2.0 */
#include "node/refresh.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#define TOOL_MS 120000
#define LOOK_MS 20

static bool is_there(const zreg__tree *tree, const char *path)
{
    bool there = false;
    return zreg__tree_exists(&there, tree, path, NULL) == ZREG_OK && there;
}

const zreg__trust *zreg__refresh_row(const zreg__tree *tree)
{
    for (const zreg__trust *row = zreg__trusts; tree->is_machine && row->folder != NULL; row++) {
        if (is_there(tree, row->bundle) && is_there(tree, row->tool)) {
            return row;
        }
    }
    return NULL;
}

/* Whether the bundle has the first certificate of `pem`. */
static bool has(const zreg__content *bundle, const zreg__content *pem)
{
    if (!pem->exists || !bundle->exists) {
        return false;
    }
    const char *begin = strchr(pem->bytes, '\n');
    const char *end = strstr(pem->bytes, "-----END");
    return begin != NULL && end != NULL && begin < end &&
           memmem(bundle->bytes, bundle->size, begin, (size_t)(end - begin)) != NULL;
}

static const zreg__file *find_anchor(const zreg__survey *survey, const zreg__trust *row)
{
    size_t size = strlen(row->folder);
    for (size_t i = 0; i < survey->count; i++) {
        const char *path = survey->files[i].path;
        if (zreg__str_starts(path, row->folder) &&
            zreg__str_equal(path + size, "/" ZREG__TRUST_FILE)) {
            return &survey->files[i];
        }
    }
    return NULL;
}

const zreg__trust *zreg__refresh_needed(const zreg__survey *survey)
{
    ZREG__AUTO(zreg__content) zreg__content bundle = {0};
    const zreg__trust *row = zreg__refresh_row(survey->tree);
    const zreg__file *anchor = row == NULL ? NULL : find_anchor(survey, row);
    if (anchor == NULL || zreg__tree_read(&bundle, NULL, survey->tree, row->bundle,
                                          ZREG__MAX_HOST_FILE_BYTES, NULL) != ZREG_OK) {
        return NULL;
    }
    if (!zreg__content_equal(&anchor->now, &anchor->after)) {
        return row;
    }
    const zreg__entry *entry = anchor->entry;
    bool lacks = anchor->after.exists && !has(&bundle, &anchor->after);
    bool keeps = !anchor->after.exists && entry != NULL &&
                 (has(&bundle, &entry->written) || has(&bundle, &entry->before));
    return lacks || keeps ? row : NULL;
}

static int spawn(pid_t *out, const char *tool, const char *option)
{
    char *arguments[] = {(char *)(uintptr_t)tool, (char *)(uintptr_t)option, NULL};
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd <= 2 && failed == 0; fd++) {
        failed = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    }
    failed = failed == 0 ? posix_spawn(out, tool, &actions, NULL, arguments, environ) : failed;
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static zreg_status wait_for(pid_t pid, const char *tool, zreg_cancel *cancel, zreg_error *err)
{
    uint64_t until = zreg__clock_ms() + TOOL_MS;
    int how = 0;
    pid_t ended;
    while ((ended = waitpid(pid, &how, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        bool late = zreg__clock_ms() >= until;
        if (late || zreg__cancel_sleep(cancel, LOOK_MS, err) != ZREG_OK) {
            kill(pid, SIGKILL);
            waitpid(pid, &how, 0);
            return late ? zreg__fail(err, ZREG_IO, "%s did not end within %d s", tool,
                                     TOOL_MS / 1000)
                        : ZREG_CANCELLED;
        }
    }
    /* A program that collects its children itself takes the status from us. */
    return ended < 0 || how == 0
               ? ZREG_OK
               : zreg__fail(err, ZREG_IO, "%s failed; run it by hand to see why", tool);
}

zreg_status zreg__refresh_run(const zreg__survey *survey, zreg_cancel *cancel, zreg_error *err)
{
    const zreg__trust *row = zreg__refresh_needed(survey);
    pid_t pid = 0;
    if (row == NULL) {
        return ZREG_OK;
    }
    bool gone = !find_anchor(survey, row)->after.exists;
    int failed = spawn(&pid, row->tool, gone ? row->anew : NULL);
    return failed == 0 ? wait_for(pid, row->tool, cancel, err)
                       : zreg__fail_errno(err, failed, "run %s", row->tool);
}
