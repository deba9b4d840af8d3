/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The promotion gap: once a change has merged, its artifacts are no longer told to the changes
 * behind it, but until its promotion has finished the public registry has the image before. Zuul's
 * API tells which image that is.
 */
#ifndef ZREG_GATE_MERGED_H
#define ZREG_GATE_MERGED_H

#include "base/compiler.h"
#include "gate/zuul.h"
#include <zreg/resolve.h>

/** The newest image that a merged change made. */
typedef struct zreg__merged {
    zreg_zuul_builds *builds;      /* owns the artifact */
    const zreg_artifact *artifact; /* NULL: no such build is known */
    bool promoted;                 /* the promotion of its change has succeeded */
} zreg__merged;

/** True for the artifact that is looked for. */
typedef bool (*zreg__merged_match)(const void *user, const zreg_artifact *artifact);

/** Looks for it with the zuul_... options. Errors: those of zreg_zuul_builds_find. */
zreg_status zreg__merged_find(zreg__merged *out, zreg_client *client,
                              const zreg_resolve_options *set, zreg__merged_match matches,
                              const void *user, zreg_cancel *cancel, zreg_error *err);

void zreg__merged_finish(zreg__merged *merged);

ZREG__DEFINE_AUTO_VALUE(zreg__merged, zreg__merged_finish)

#endif
