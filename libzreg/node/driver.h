/* SPDX-License-Identifier: Apache-2.0 */
/** The table of engines: one row and one file for each way in which a machine learns of the
 *  registry. No I/O but through the plan's view. */
#ifndef ZREG_HOST_DRIVER_H
#define ZREG_HOST_DRIVER_H

#include "node/steps.h"

typedef struct zreg__node_driver {
    const char *name;
    const char *signs[8]; /* any of these paths shows that it is installed; none: always used */
    zreg_status (*plan)(zreg__steps *plan, zreg_error *err);
} zreg__node_driver;

extern const zreg__node_driver zreg__node_driver_hosts;
extern const zreg__node_driver zreg__node_driver_trust;
extern const zreg__node_driver zreg__node_driver_podman;
extern const zreg__node_driver zreg__node_driver_crio;
extern const zreg__node_driver zreg__node_driver_docker;
extern const zreg__node_driver zreg__node_driver_containerd;
extern const zreg__node_driver zreg__node_driver_microk8s;
extern const zreg__node_driver zreg__node_driver_buildkit;
extern const zreg__node_driver zreg__node_driver_k3s;
extern const zreg__node_driver zreg__node_driver_rke2;
extern const zreg__node_driver zreg__node_driver_kubelet;
extern const zreg__node_driver zreg__node_driver_credentials;

/** Runs the drivers: those of `engines`, or those that show signs when it is NULL, empty or holds
 *  "auto"; and those without signs. Errors: INVAL (no engine of that name), those of the drivers
 *  with the file named. */
zreg_status zreg__drivers_plan(zreg__steps *plan, const char *const *engines, zreg_error *err);

/* --- what several drivers share */

/** certs.d/REGISTRY/hosts.toml for each shadowed registry, and the certificate (containerd's form,
 *  which docker, k3s and microk8s read too). */
zreg_status zreg__certsd_plan(zreg__steps *plan, const char *folder, zreg_error *err);

/** The drop-in for registries.conf, and the certificate (podman's form). */
zreg_status zreg__containers_plan(zreg__steps *plan, zreg__wants wants, zreg_error *err);

/** User and password in a file of docker's config.json form. */
zreg_status zreg__node_credentials_plan(zreg__steps *plan, const char *path, zreg_error *err);

/** Adds "/REGISTRY" for a registry other than docker.io: how repositories are named at the mirror. */
zreg_status zreg__drivers_mirror_path(zreg__buf *to, const char *registry, zreg_error *err);

#endif
