/* SPDX-License-Identifier: Apache-2.0 */
/* docker: mirrors of docker.io in daemon.json; with the containerd store also certs.d. */
#include "node/driver.h"
#include "node/jsonfile.h"

#include "base/error.h"
#include "base/mem.h"

#define DAEMON_JSON "/etc/docker/daemon.json"

static zreg_status add_mirror(zreg__content *out, const zreg__steps *plan,
                              const zreg__content *before, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *settings = NULL;
    ZREG__AUTO_FREE char *mirror = zreg__asprintf("https://%s", plan->connection->authority);
    if (mirror == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__jsonfile_parse(&settings, before, err));
    ZREG__TRY(zreg__jsonfile_put_first(settings, "registry-mirrors", mirror, err));
    return zreg__jsonfile_print(out, settings, before, err);
}

static zreg_status plan_docker(zreg__steps *plan, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content before = {0};
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    ZREG__TRY(zreg__certsd_plan(plan, "/etc/docker/certs.d", err));
    ZREG__TRY(zreg__steps_read(&before, plan, DAEMON_JSON, err));
    zreg_status status = add_mirror(&after, plan, &before, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, DAEMON_JSON);
    }
    return zreg__steps_write(plan, DAEMON_JSON, &zreg__format_json, ZREG__WANTS_RELOAD, &after,
                             err);
}

const zreg__node_driver zreg__node_driver_docker = {
    .name = "docker",
    .signs = {"/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/usr/bin/docker",
              "/etc/docker"},
    .plan = plan_docker,
};
