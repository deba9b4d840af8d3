/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of a verification's result (public part: <zreg/verify.h>). */
#ifndef ZREG_IMAGE_VERIFIED_H
#define ZREG_IMAGE_VERIFIED_H

#include "base/compiler.h"
#include "base/map.h"
#include <stdbool.h>
#include <zreg/manifest.h>
#include <zreg/verify.h>

struct zreg_verified {
    char *place;
    zreg_digest digest; /* of the root; "" until it is known */
    bool quick;
    uint64_t bytes;
    zreg_verified_part *parts; /* texts are owned */
    size_t count;
    size_t capacity;
    zreg__map *seen; /* by digest, and by whether it is a manifest */
};

/** Errors: NOMEM. */
zreg_status zreg__verified_new(zreg_verified **out, const char *place, bool quick, zreg_error *err);

/** Adds a part that is good until something else is said; not twice. `*out_new` says whether it was added, as the
 *  last one. Errors: NOMEM, LIMIT. */
zreg_status zreg__verified_add(bool *out_new, zreg_verified *to, const zreg_descriptor *part,
                               bool is_manifest, zreg_error *err);

/** Whether a digest was added as that of a manifest. */
bool zreg__verified_has_manifest(const zreg_verified *verified, const zreg_digest *digest);

/** Says what there is to say of a part. Errors: NOMEM. */
zreg_status zreg__verified_say(zreg_verified_part *part, zreg_status code, const char *reason,
                               zreg_error *err);

ZREG__DEFINE_AUTO(zreg_verified, zreg_verified_free)

#endif
