/* SPDX-License-Identifier: Apache-2.0 */
#include "node/settle.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/str.h"
#include "node/driver.h"

/* cacheMaxAge in Go's net/hosts.go, and a little more. */
#define HOSTS_CACHE_MS 5100

/* Where daemons listen while they run. */
static const char *const sockets[] = {
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/var/snap/microk8s/common/run/containerd.sock",
};

static bool adds_name(const zreg__survey *survey)
{
    for (size_t i = 0; i < survey->count; i++) {
        const zreg__survey_file *file = &survey->files[i];
        if (zreg__str_equal(file->engine, zreg__node_driver_hosts.name)) {
            return zreg__survey_is_ours(file) && !zreg__content_equal(&file->now, &file->after);
        }
    }
    return false;
}

static bool daemon_runs(const zreg__tree *tree)
{
    bool there = false;
    for (size_t i = 0; i < ZREG__COUNT(sockets) && !there; i++) {
        if (zreg__tree_exists(&there, tree, sockets[i], NULL) != ZREG_OK) {
            there = false;
        }
    }
    return there;
}

zreg_status zreg__settle(const zreg__survey *survey, uint64_t written_ms, zreg_cancel *cancel,
                         zreg_error *err)
{
    uint64_t passed = zreg__clock_ms() - written_ms;
    if (passed >= HOSTS_CACHE_MS || !survey->tree->is_machine || !adds_name(survey) ||
        !daemon_runs(survey->tree)) {
        return ZREG_OK;
    }
    return zreg__cancel_sleep(cancel, HOSTS_CACHE_MS - passed, err);
}
