/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Our part of a file that others write too: lines between two comments. Hosts files, TOML, YAML and
 * PEM bundles all take such comments. No I/O.
 *
 * A line that our part stands in for is kept within it as a comment, so that taking the part out
 * brings the line back.
 */
#ifndef ZREG_HOST_BLOCK_H
#define ZREG_HOST_BLOCK_H

#include "node/content.h"

#define ZREG__BLOCK_BEGIN "# BEGIN zreg: buildset registry"
#define ZREG__BLOCK_END "# END zreg: buildset registry"

/**
 * `before` with `lines` between the comments at the offset `at`, the beginning of a line or the end,
 * in the place of the whole lines up to `until`. Errors: NOMEM, LIMIT.
 */
zreg_status zreg__block_insert(zreg__content *out, const zreg__content *before, size_t at,
                               size_t until, const char *lines, zreg_error *err);

/** `current` without any such part. Errors: CONFLICT (a part does not end), NOMEM. */
zreg_status zreg__block_remove(zreg__content *out, const zreg__content *current, zreg_error *err);

#endif
