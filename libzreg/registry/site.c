/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/site.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/turn.h"
#include "registry/hosts_toml.h"
#include "registry/site_files.h"
#include "registry/site_trust.h"

#include <string.h>
#include <unistd.h>

struct zreg__site {
    char *registries_conf; /* NULL, or as in zreg_client_options */
    char *hosts_dir;
    char *certs_dir;
    bool podman; /* where those are NULL, as podman has it */

    zreg__turn_lock lock; /* guards what follows; not held while a file is read */
    zreg__turn reading;   /* of all files: one thread reads at a time */
    bool loaded;
    zreg__mirror_rules rules; /* of registries.conf; once loaded they do not change */
    zreg__map *hosts;         /* name -> zreg__site_host, which does not change */
};

static void free_host(void *entry)
{
    zreg__site_host *host = entry;

    zreg__mirror_server_finish(&host->itself);
    zreg__mirror_rule_finish(&host->rule);
    free(host);
}

static zreg_status copy_text(char **to, const char *text, zreg_error *err)
{
    *to = zreg__strdup(text);
    return text == NULL || *to != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__site_new(zreg__site **out, const zreg_client_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg__site) zreg__site *site = NULL;

    if (options->registries_conf == NULL && options->hosts_dir == NULL &&
        options->certs_dir == NULL && options->podman_config == 0) {
        return ZREG_OK;
    }
    site = zreg__new(zreg__site);
    if (site == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__turn_lock_init(&site->lock);
    site->podman = options->podman_config != 0;
    ZREG__TRY(copy_text(&site->registries_conf, options->registries_conf, err));
    ZREG__TRY(copy_text(&site->hosts_dir, options->hosts_dir, err));
    ZREG__TRY(copy_text(&site->certs_dir, options->certs_dir, err));
    ZREG__TRY(zreg__map_new(&site->hosts, free_host, err));
    *out = zreg__steal(&site);
    return ZREG_OK;
}

void zreg__site_free(zreg__site *site)
{
    if (site == NULL) {
        return;
    }
    zreg__mirror_rules_finish(&site->rules);
    zreg__map_free(site->hosts);
    zreg__turn_lock_finish(&site->lock);
    free(site->registries_conf);
    free(site->hosts_dir);
    free(site->certs_dir);
    free(site);
}

static zreg_status read_rules(zreg__mirror_rules *out, const zreg__site *site, zreg_error *err)
{
    ZREG__AUTO(zreg__mirror_rules) zreg__mirror_rules rules = {0};

    if (!zreg__str_empty(site->registries_conf)) {
        ZREG__TRY(zreg__site_files_read(&rules, site->registries_conf, err));
    } else if (site->registries_conf == NULL && site->podman) {
        ZREG__TRY(zreg__site_files_read_usual(&rules, err));
    }
    *out = rules;
    rules = (zreg__mirror_rules){0};
    return ZREG_OK;
}

static bool is_folder(const char *path)
{
    ZREG__AUTO_FREE char *inside = zreg__concat(path, "/.", "");

    return inside != NULL && access(inside, F_OK) == 0;
}

/* A hosts.toml, or certificates alone as docker has them (containerd's docs/hosts.md). */
static zreg_status read_hosts_folder(zreg__site_host *to, const char *folder, const char *host,
                                     zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__SECRET_BUF(ZREG__MAX_SETTINGS_BYTES);
    ZREG__AUTO_FREE char *path = zreg__concat(folder, "/", "hosts.toml");

    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    if (access(path, F_OK) != 0) {
        return zreg__site_trust_list(&to->itself, folder, false, err);
    }
    ZREG__TRY(zreg__site_files_text(&text, path, err));
    ZREG__TRY(zreg__hosts_toml_read(&to->rule, (zreg__span){zreg__buf_cstr(&text), text.size}, path,
                                    host, err));
    to->has_rule = true;
    for (size_t i = 0; i < to->rule.count; i++) {
        ZREG__TRY(zreg__site_trust_read(&to->rule.servers[i], err));
    }
    return zreg__site_trust_read(&to->rule.origin, err);
}

/* HOST_PORT_, HOST:PORT, or what holds for all that have no folder. */
static zreg_status read_hosts(zreg__site_host *to, const zreg__site *site, const char *host,
                              zreg_error *err)
{
    const char *port = strrchr(host, ':');
    int bare = port != NULL ? (int)(port - host) : 0;
    ZREG__AUTO_FREE char *other =
        zreg__asprintf("%s/%.*s_%s_", site->hosts_dir, bare, host, port != NULL ? port + 1 : "");
    ZREG__AUTO_FREE char *own = zreg__concat(site->hosts_dir, "/", host);
    ZREG__AUTO_FREE char *common = zreg__concat(site->hosts_dir, "/", "_default");

    if (other == NULL || own == NULL || common == NULL) {
        return zreg__fail_nomem(err);
    }
    const char *found = port != NULL && is_folder(other) ? other
                        : is_folder(own)                 ? own
                        : is_folder(common)              ? common
                                                         : NULL;
    return found != NULL ? read_hosts_folder(to, found, host, err) : ZREG_OK;
}

/* The first folder that there is for the host counts, as for podman. */
static zreg_status read_usual_certs(zreg__site_host *to, const char *host, zreg_error *err)
{
    const char *home = getenv("HOME");
    const char *const roots[] = {zreg__str_empty(home) ? NULL : home, "/etc/containers/certs.d",
                                 "/etc/docker/certs.d"};

    for (size_t i = 0; i < ZREG__COUNT(roots); i++) {
        ZREG__AUTO_FREE char *folder =
            roots[i] == NULL ? NULL
                             : zreg__asprintf("%s%s/%s", roots[i],
                                              i == 0 ? "/.config/containers/certs.d" : "", host);

        if (roots[i] != NULL && folder == NULL) {
            return zreg__fail_nomem(err);
        }
        if (folder != NULL && is_folder(folder)) {
            return zreg__site_trust_list(&to->itself, folder, true, err);
        }
    }
    return ZREG_OK;
}

static zreg_status read_certs(zreg__site_host *to, const zreg__site *site, const char *host,
                              zreg_error *err)
{
    if (site->certs_dir == NULL) {
        return site->podman ? read_usual_certs(to, host, err) : ZREG_OK;
    }
    ZREG__AUTO_FREE char *folder = zreg__concat(site->certs_dir, "/", host);
    if (folder == NULL) {
        return zreg__fail_nomem(err);
    }
    return site->certs_dir[0] != '\0' ? zreg__site_trust_list(&to->itself, folder, false, err)
                                      : ZREG_OK;
}

static bool has_files(const zreg__mirror_server *server)
{
    return server->authorities != NULL || server->certificates != NULL;
}

/* What hosts.toml says of the registry itself stands before the folders of certificates. */
static zreg_status read_host(zreg__site_host *to, const zreg__site *site, const char *host,
                             zreg_error *err)
{
    if (!zreg__str_empty(site->hosts_dir)) {
        ZREG__TRY(read_hosts(to, site, host, err));
    }
    if (!has_files(&to->itself)) {
        free(zreg__steal(&to->itself.folder));
        ZREG__TRY(read_certs(to, site, host, err));
    }
    ZREG__TRY(zreg__site_trust_read(&to->itself, err));
    if (has_files(&to->itself)) {
        to->itself.host = zreg__strdup(host);
        return to->itself.host != NULL ? ZREG_OK : zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

/* Reads what is not read yet, without the lock, which is held before and after. */
static zreg_status read_unlocked(zreg__site_host *to, zreg__site *site, const char *host,
                                 zreg_error *err)
{
    zreg__mirror_rules rules = {0};
    zreg_error failed = {0};
    zreg_status status = ZREG_OK;
    bool is_first = !site->loaded;

    site->reading.taken = true;
    pthread_mutex_unlock(&site->lock.lock);
    status = is_first ? read_rules(&rules, site, &failed) : ZREG_OK;
    status = status == ZREG_OK ? read_host(to, site, host, &failed) : status;
    pthread_mutex_lock(&site->lock.lock);
    if (is_first && status == ZREG_OK) {
        site->rules = rules;
        rules = (zreg__mirror_rules){0};
        site->loaded = true;
    }
    zreg__mirror_rules_finish(&rules);
    zreg__turn_end(&site->reading, &site->lock, NULL);
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

static zreg_status find_host(const zreg__site_host **out, zreg__site *site, const char *host,
                             zreg_cancel *cancel, zreg_error *err)
{
    ZREG__TRY(zreg__turn_wait(&site->reading, &site->lock, cancel, err));
    *out = zreg__map_get(site->hosts, host);
    if (*out != NULL) {
        return ZREG_OK;
    }
    zreg__site_host *made = zreg__new(zreg__site_host);
    zreg_status status =
        made != NULL ? read_unlocked(made, site, host, err) : zreg__fail_nomem(err);
    if (status == ZREG_OK) {
        status = zreg__map_set(site->hosts, host, made, err);
    }
    if (status != ZREG_OK && made != NULL) {
        free_host(made);
        return status;
    }
    *out = made;
    return status;
}

zreg_status zreg__site_host_of(const zreg__site_host **out, zreg__site *site, const char *host,
                               zreg_cancel *cancel, zreg_error *err)
{
    pthread_mutex_lock(&site->lock.lock);
    zreg_status status = find_host(out, site, host, cancel, err);
    pthread_mutex_unlock(&site->lock.lock);
    return status;
}

const zreg__mirror_rule *zreg__site_rule(size_t *out_size, const zreg__site *site,
                                         const zreg__site_host *of, const char *name)
{
    if (of->has_rule) {
        *out_size = strcspn(name, "/");
        return &of->rule;
    }
    return zreg__mirror_rules_find(out_size, &site->rules, name);
}
