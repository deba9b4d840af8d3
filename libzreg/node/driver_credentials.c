/* SPDX-License-Identifier: Apache-2.0 */
/* User and password of the registry, in docker's config.json form: for a user, and for kubelet. */
#include "node/driver.h"
#include "node/jsonfile.h"

#include "base/error.h"
#include "base/mem.h"

static zreg_status add_user(zreg__content *out, const zreg__node_connection *connection,
                            const zreg__content *before, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *file = NULL;
    zreg__json *auths = NULL;
    ZREG__AUTO(zreg__json) zreg__json *entry = zreg__json_new_object();
    ZREG__TRY(zreg__json_set_text(entry, "auth", connection->auth, err));
    ZREG__TRY(zreg__jsonfile_parse(&file, before, err));
    ZREG__TRY(zreg__jsonfile_object(&auths, file, "auths", err));
    ZREG__TRY(zreg__json_set(auths, connection->authority, zreg__steal(&entry), err));
    return zreg__jsonfile_print(out, file, before, err);
}

zreg_status zreg__node_credentials_plan(zreg__steps *plan, const char *path, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content before = {0};
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    if (plan->connection->auth == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__steps_read(&before, plan, path, err));
    zreg_status status = add_user(&after, plan->connection, &before, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", path);
    }
    return zreg__steps_write_secret(plan, path, &zreg__format_json, &after, err);
}

/* podman, buildah and skopeo look into the runtime folder first and into docker's file second, so
 * the former is needed only where it is in use. */
static zreg_status plan_runtime(zreg__steps *plan, zreg_error *err)
{
    bool used = false;
    ZREG__AUTO_FREE char *folder = zreg__asprintf("/run/user/%lu", plan->uid);
    ZREG__AUTO_FREE char *path = zreg__asprintf("/run/user/%lu/containers/auth.json", plan->uid);
    if (folder == NULL || path == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__steps_exists(&used, plan, folder, err));
    return used ? zreg__node_credentials_plan(plan, path, err) : ZREG_OK;
}

static zreg_status plan_credentials(zreg__steps *plan, zreg_error *err)
{
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/.docker/config.json", plan->home);
    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__node_credentials_plan(plan, path, err));
    return plan_runtime(plan, err);
}

static zreg_status plan_kubelet(zreg__steps *plan, zreg_error *err)
{
    return zreg__node_credentials_plan(plan, "/var/lib/kubelet/config.json", err);
}

const zreg__node_driver zreg__node_driver_credentials = {.name = "credentials",
                                                         .plan = plan_credentials};

const zreg__node_driver zreg__node_driver_kubelet = {
    .name = "kubelet",
    .signs = {"/var/lib/kubelet", "/usr/bin/kubelet"},
    .plan = plan_kubelet,
};
