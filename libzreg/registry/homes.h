/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a session remembers of the blobs it brought somewhere: in which repository of a registry
 * each one is, so that it is mounted from there and does not cross the wire again.
 *
 * Only a hint: the registry is always asked. Bounded; what comes after the limit is not remembered.
 * Safe from many threads.
 */
#ifndef ZREG_REGISTRY_HOMES_H
#define ZREG_REGISTRY_HOMES_H

#include "base/compiler.h"
#include "base/limits.h"
#include <stdbool.h>
#include <zreg/digest.h>

typedef struct zreg__homes zreg__homes;

zreg_status zreg__homes_new(zreg__homes **out, zreg_error *err);

/** `registry` is a host's name, or what else tells one registry from another. */
void zreg__homes_learn(zreg__homes *homes, const char *registry, const zreg_digest *digest,
                       const char *repository);

/** False when nothing is known. */
bool zreg__homes_find(char to[ZREG__MAX_REPOSITORY + 1], zreg__homes *homes, const char *registry,
                      const zreg_digest *digest);

void zreg__homes_free(zreg__homes *homes);

ZREG__DEFINE_AUTO(zreg__homes, zreg__homes_free)

#endif
