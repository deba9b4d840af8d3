/* SPDX-License-Identifier: Apache-2.0 */
#include "node/formats.h"

#include "base/error.h"
#include "base/str.h"
#include "node/block.h"
#include "node/jsonfile.h"

static zreg_status remove_block(zreg__content *out, const zreg__content *original,
                                const zreg__content *written, const zreg__content *current,
                                zreg_error *err)
{
    (void)written;
    ZREG__TRY(zreg__block_remove(out, current, err));
    if (out->size == 0 && !original->exists) {
        zreg__content_finish(out);
    }
    return ZREG_OK;
}

static zreg_status remove_whole(zreg__content *out, const zreg__content *original,
                                const zreg__content *written, const zreg__content *current,
                                zreg_error *err)
{
    (void)out;
    (void)original;
    (void)written;
    (void)current;
    return zreg__fail(err, ZREG_CONFLICT,
                      "was changed since zreg wrote it; remove it, or move it away, and try again");
}

const zreg__format zreg__format_block = {"block", remove_block};
const zreg__format zreg__format_json = {"json", zreg__jsonfile_remove};
const zreg__format zreg__format_whole = {"whole", remove_whole};

const zreg__format *zreg__formats_find(const char *name)
{
    static const zreg__format *const all[] = {&zreg__format_block, &zreg__format_json,
                                              &zreg__format_whole};
    for (size_t i = 0; i < ZREG__COUNT(all); i++) {
        if (zreg__str_equal(all[i]->name, name)) {
            return all[i];
        }
    }
    return NULL;
}
