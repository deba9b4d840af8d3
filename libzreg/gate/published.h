/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The record of what a change has published, which stands in the intermediate registry: so populate
 * knows of a change ahead that Zuul gave nothing of whether it has images. It is looked at to tell
 * people, never to take an image by it. Why it looks like this: docs/design/0011.
 *
 * Of each change, patchset and pipeline it is a repository of its own, zreg/published/SHA256, with
 * a tag for each build that published: an index without children, whose annotation names the images.
 */
#ifndef ZREG_GATE_PUBLISHED_H
#define ZREG_GATE_PUBLISHED_H

#include "base/compiler.h"
#include "gate/items.h"
#include <zreg/client.h>

/** Which record. All are needed. */
typedef struct zreg__published_key {
    const char *host; /* HOST:PORT of the intermediate registry */
    const char *project;
    const char *change;
    const char *patchset;
    const char *pipeline;
} zreg__published_key;

/** Records what a build has published. Errors: those of the client. */
zreg_status zreg__published_write(zreg_client *client, const zreg__published_key *key,
                                  const char *build, const zreg_artifacts *artifacts,
                                  zreg_cancel *cancel, zreg_error *err);

/** What is recorded: "example/base:latest (build B), ..." in new memory; NULL when there is no
 *  record. A registry that cannot tell has none. Errors: CANCELLED, TIMEOUT, NOMEM. */
zreg_status zreg__published_read(char **out, zreg_client *client, const zreg__published_key *key,
                                 zreg_cancel *cancel, zreg_error *err);

#endif
