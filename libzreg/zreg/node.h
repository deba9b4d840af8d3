/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A machine and its engines: docker, podman, buildah, skopeo, CRI-O, containerd, BuildKit, k3s, RKE2,
 * microk8s and kubelet are told to ask the buildset registry first, and back again.
 *
 * Files that others write too keep what they hold; a record beneath the root has what was there
 * before. No service is started, stopped or reloaded: the result says which ones need it.
 */
#ifndef ZREG_NODE_H
#define ZREG_NODE_H

#include <zreg/cancel.h>
#include <zreg/common.h>

ZREG_BEGIN_DECLS

/** What was done to a machine's files. */
typedef struct zreg_node_changes zreg_node_changes;

/** One file. Text lives as long as the result. */
typedef struct zreg_node_change {
    const char *path;   /**< as seen from the root */
    const char *engine; /**< "docker", "podman", ...; "hosts", "trust", "credentials" */
    const char *action; /**< "created", "modified", "removed", "unchanged" */
    const char *wants;  /**< what the engine needs to see it: "", "reload", "restart" */
    int secret;         /**< 1: holds credentials; `before` and `after` are NULL */
    const char *before; /**< the content before, NULL: none; for a diff */
    const char *after;  /**< the content now, NULL: none */
} zreg_node_change;

/** Settings of apply and revert. */
typedef struct zreg_node_options {
    size_t size;
    const char *root;               /**< folder that holds the machine's files; NULL: "/" */
    const char *home;               /**< home folder, beneath the root, of the user who gets
                                        credentials; NULL: $HOME for "/", else "/root" */
    const char *const *engines;     /**< "docker", "podman", "crio", "containerd", "buildkit",
                                        "k3s", "rke2", "microk8s", "kubelet"; NULL or "auto":
                                        what is installed */
    const char *const *namespaces;  /**< registries to shadow beside docker.io, quay.io, ghcr.io,
                                        gcr.io and registry.k8s.io; HOST or HOST:PORT */
    int check;                      /**< 1: write nothing, only tell what would change */
    const char *const *unqualified; /**< registries in which podman, buildah and CRI-O look, in this
                                         order, for a name that has none ("example/base");
                                         shadowed too; NULL or empty: as the machine has it */
} zreg_node_options;

/**
 * Makes the machine use a buildset registry, which it may use already or another one.
 *
 * `json` is the registry's connection record {host, port, username, password, cert}
 * (zreg_server_connection). Beneath "/" the system's own tool updates its list of certificate
 * authorities, and the call waits until running daemons know a new name in /etc/hosts, which Go's
 * programs may not see for five seconds; beneath another root the list is edited, and nothing is
 * waited for. A second call changes nothing. After an error, or a crash, calling it again finishes
 * the work, and zreg_node_revert undoes it.
 * Errors: INVAL (the record, an engine, a file of an engine), CONFLICT (a file that cannot be
 * changed safely, named), CORRUPT (the record of an earlier call), IO. Those that a file causes come
 * before anything is written.
 */
ZREG_API zreg_status zreg_node_apply(zreg_node_changes **out, const char *json, size_t size,
                                     const zreg_node_options *options, zreg_cancel *cancel,
                                     zreg_error *err);

/**
 * Brings every file back to what it was before the first zreg_node_apply, byte for byte; of a file
 * that others changed since, only our part goes. Reads `root` and `check` of the options. Nothing to
 * undo is a success. Errors: CONFLICT (our part cannot be told apart; the file is named, and nothing
 * was changed), CORRUPT, IO.
 */
ZREG_API zreg_status zreg_node_revert(zreg_node_changes **out, const zreg_node_options *options,
                                      zreg_cancel *cancel, zreg_error *err);

/** How many files there are, unchanged ones included. */
ZREG_API size_t zreg_node_changes_count(const zreg_node_changes *changes);

/** File number `i`, or NULL past the end. */
ZREG_API const zreg_node_change *zreg_node_changes_at(const zreg_node_changes *changes, size_t i);

/** {"changed": [path...], "unchanged": [path...], "reload": [engine...], "restart": [engine...],
 *  "files": [{path, engine, action}]} without any content; zreg_free it. */
ZREG_API zreg_status zreg_node_changes_json(char **out_json, const zreg_node_changes *changes,
                                            zreg_error *err);

/** Frees the result. Accepts NULL. */
ZREG_API void zreg_node_changes_free(zreg_node_changes *changes);

ZREG_END_DECLS

#endif
