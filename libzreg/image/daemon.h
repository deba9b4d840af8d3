/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Images of the Docker daemon, as archives over its socket: `docker save` and `docker load`.
 *
 * The daemon is that of DOCKER_HOST, which must be unix:///PATH, or of /var/run/docker.sock (Docker Engine
 * API, "Export several images", "Import images"). Errors name the socket.
 */
#ifndef ZREG_IMAGE_DAEMON_H
#define ZREG_IMAGE_DAEMON_H

#include <stdint.h>
#include <zreg/cancel.h>
#include <zreg/common.h>

/** Gives an image, by name or ID, as an archive in a file without a name, which is the caller's. Errors:
 *  NOTFOUND (no such image), UNSUPPORTED (DOCKER_HOST is none of a socket), NET, DENIED, PEER, LIMIT, IO,
 *  CANCELLED. */
zreg_status zreg__daemon_save(int *out_fd, uint64_t *out_size_bytes, const char *name,
                              zreg_cancel *cancel, zreg_error *err);

/** Has the daemon take an archive, with the names in it. Errors: the same. */
zreg_status zreg__daemon_load(int fd, uint64_t size_bytes, zreg_cancel *cancel, zreg_error *err);

#endif
