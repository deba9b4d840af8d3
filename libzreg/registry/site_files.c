/* SPDX-License-Identifier: Apache-2.0 */
/* registries.conf, and the folders of further ones beside it (containers-registries.conf.d(5)). */
#include "registry/site_files.h"

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "registry/registries_conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/containers/registries.conf"

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void zreg__site_files_free_names(char **names)
{
    for (char **at = names; at != NULL && *at != NULL; at++) {
        free(*at);
    }
    free(names);
}

static void free_names(char ***names)
{
    zreg__site_files_free_names(*names);
}

static void close_folder(DIR **folder)
{
    if (*folder != NULL) {
        closedir(*folder);
    }
}

static zreg_status add_name(char ***names, size_t *count, const char *name, const char *folder,
                            zreg_error *err)
{
    if (*count >= ZREG__MAX_SETTINGS_FILES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: more than %d files", folder,
                          ZREG__MAX_SETTINGS_FILES);
    }
    char **longer = zreg__reallocarray(*names, *count + 2, sizeof(longer[0]));
    if (longer == NULL) {
        return zreg__fail_nomem(err);
    }
    *names = longer;
    longer[*count + 1] = NULL;
    longer[*count] = zreg__strdup(name);
    *count += 1;
    return longer[*count - 1] != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__site_files_names(char ***out, const char *path, const char *suffix, bool may_fail,
                                   zreg_error *err)
{
    ZREG__CLEANUP(close_folder) DIR *folder = opendir(path);
    ZREG__CLEANUP(free_names) char **names = NULL;
    size_t count = 0;

    *out = NULL;
    if (folder == NULL) {
        return errno == ENOENT || errno == ENOTDIR || may_fail
                   ? ZREG_OK
                   : zreg__fail(err, ZREG_INVAL, "cannot read the folder %s: %s", path,
                                strerror(errno));
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (zreg__str_ends(entry->d_name, suffix)) {
            ZREG__TRY(add_name(&names, &count, entry->d_name, path, err));
        }
    }
    if (count > 0) {
        qsort(names, count, sizeof(names[0]), by_bytes);
    }
    *out = zreg__steal(&names);
    return ZREG_OK;
}

/* Nobody waits for who writes into a pipe: what is read was not always named by the user. */
static zreg_status read_file(zreg__buf *to, const char *path, zreg_error *err)
{
    ZREG__AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;

    if (fd < 0 || fstat(fd, &about) != 0) {
        return zreg__fail_file(err, errno, path, "open %s", path);
    }
    if (S_ISFIFO(about.st_mode)) {
        return zreg__fail(err, ZREG_INVAL, "%s is a pipe; give a file", path);
    }
    return zreg__fd_read_all(to, fd, path, err);
}

zreg_status zreg__site_files_text(zreg__buf *to, const char *path, zreg_error *err)
{
    zreg_error failed = {0};

    if (read_file(to, path, &failed) == ZREG_OK) {
        return ZREG_OK;
    }
    return zreg__fail(err, failed.code == ZREG_NOMEM ? ZREG_NOMEM : ZREG_INVAL,
                      "how to reach registries: %s", failed.message);
}

static zreg_status read_one(zreg__mirror_rules *to, const char *path, bool required,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(ZREG__MAX_SETTINGS_BYTES);

    if (!required && access(path, F_OK) != 0) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__site_files_text(&text, path, err));
    return zreg__registries_conf_read(to, (zreg__span){zreg__buf_cstr(&text), text.size}, path,
                                      err);
}

static zreg_status read_folder(zreg__mirror_rules *to, const char *folder, bool may_fail,
                               zreg_error *err)
{
    ZREG__CLEANUP(free_names) char **names = NULL;

    ZREG__TRY(zreg__site_files_names(&names, folder, ".conf", may_fail, err));
    for (char **name = names; name != NULL && *name != NULL; name++) {
        ZREG__AUTO_FREE char *path = zreg__concat(folder, "/", *name);

        if (path == NULL) {
            return zreg__fail_nomem(err);
        }
        ZREG__TRY(read_one(to, path, true, err));
    }
    return ZREG_OK;
}

zreg_status zreg__site_files_read(zreg__mirror_rules *to, const char *path, zreg_error *err)
{
    ZREG__AUTO_FREE char *folder = zreg__concat(path, ".d", "");

    if (folder == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(read_one(to, path, true, err));
    return read_folder(to, folder, false, err);
}

static const char *named_by_environment(void)
{
    const char *path = getenv("CONTAINERS_REGISTRIES_CONF");

    path = zreg__str_empty(path) ? getenv("REGISTRIES_CONFIG_PATH") : path;
    return zreg__str_empty(path) ? NULL : path;
}

/* A file of the user's stands for that of the system and for its folder. */
zreg_status zreg__site_files_read_usual(zreg__mirror_rules *to, zreg_error *err)
{
    const char *home = getenv("HOME");
    const char *named = named_by_environment();
    ZREG__AUTO_FREE char *own =
        zreg__concat(zreg__str_empty(home) ? "" : home, "/.config/containers/registries.conf", "");
    ZREG__AUTO_FREE char *own_folder = own != NULL ? zreg__concat(own, ".d", "") : NULL;

    if (own_folder == NULL) {
        return zreg__fail_nomem(err);
    }
    bool is_own = named == NULL && !zreg__str_empty(home) && access(own, F_OK) == 0;
    ZREG__TRY(read_one(to,
                       named != NULL ? named
                       : is_own      ? own
                                     : SYSTEM_FILE,
                       named != NULL || is_own, err));
    if (!is_own) {
        ZREG__TRY(read_folder(to, SYSTEM_FILE ".d", false, err));
    }
    /* A home may be another's, which we may not enter. */
    return zreg__str_empty(home) ? ZREG_OK : read_folder(to, own_folder, true, err);
}
