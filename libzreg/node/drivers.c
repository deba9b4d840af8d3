/* SPDX-License-Identifier: Apache-2.0 */
#include "node/driver.h"

#include "base/error.h"
#include "base/str.h"

/* In the order in which files are written: what engines rely on comes before them. */
static const zreg__node_driver *const drivers[] = {
    &zreg__node_driver_hosts,    &zreg__node_driver_trust,    &zreg__node_driver_podman,
    &zreg__node_driver_crio,     &zreg__node_driver_docker,   &zreg__node_driver_containerd,
    &zreg__node_driver_microk8s, &zreg__node_driver_buildkit, &zreg__node_driver_k3s,
    &zreg__node_driver_rke2,     &zreg__node_driver_kubelet,  &zreg__node_driver_credentials,
};

static bool holds(const char *const *list, const char *text)
{
    for (; list != NULL && *list != NULL; list++) {
        if (zreg__str_equal(*list, text)) {
            return true;
        }
    }
    return false;
}

static bool is_engine(const char *name)
{
    for (size_t i = 0; i < ZREG__COUNT(drivers); i++) {
        if (drivers[i]->signs[0] != NULL && zreg__str_equal(drivers[i]->name, name)) {
            return true;
        }
    }
    return zreg__str_equal(name, "auto");
}

static zreg_status check_engines(const char *const *engines, zreg_error *err)
{
    for (; engines != NULL && *engines != NULL; engines++) {
        if (!is_engine(*engines)) {
            return zreg__fail(err, ZREG_INVAL,
                              "engine \"%.40s\": write auto, podman, crio, docker, containerd, "
                              "microk8s, buildkit, k3s, rke2 or kubelet",
                              *engines);
        }
    }
    return ZREG_OK;
}

static zreg_status is_installed(bool *out, const zreg__steps *plan, const zreg__node_driver *driver,
                                zreg_error *err)
{
    *out = false;
    for (size_t i = 0; i < ZREG__COUNT(driver->signs) && driver->signs[i] != NULL && !*out; i++) {
        ZREG__TRY(zreg__steps_exists(out, plan, driver->signs[i], err));
    }
    return ZREG_OK;
}

static zreg_status is_wanted(bool *out, const zreg__steps *plan, const zreg__node_driver *driver,
                             const char *const *engines, zreg_error *err)
{
    bool automatic = engines == NULL || engines[0] == NULL || holds(engines, "auto");
    *out = driver->signs[0] == NULL || holds(engines, driver->name);
    return *out || !automatic ? ZREG_OK : is_installed(out, plan, driver, err);
}

zreg_status zreg__drivers_plan(zreg__steps *plan, const char *const *engines, zreg_error *err)
{
    ZREG__TRY(check_engines(engines, err));
    for (size_t i = 0; i < ZREG__COUNT(drivers); i++) {
        bool wanted = false;
        ZREG__TRY(is_wanted(&wanted, plan, drivers[i], engines, err));
        plan->engine = drivers[i]->name;
        if (wanted) {
            ZREG__TRY(drivers[i]->plan(plan, err));
        }
    }
    return ZREG_OK;
}

zreg_status zreg__drivers_mirror_path(zreg__buf *to, const char *registry, zreg_error *err)
{
    bool is_docker_io = zreg__str_equal(registry, "docker.io");
    return is_docker_io ? ZREG_OK : zreg__buf_printf(to, err, "/%s", registry);
}
