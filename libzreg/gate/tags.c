/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"
#include <zreg/gate.h>

zreg_status zreg_temporary_tag(char **out, const char *change, const char *pipeline,
                               const char *tag, zreg_error *err)
{
    zreg__error_clear(err);
    bool by_change = !zreg__str_empty(change);
    if (!by_change && zreg__str_empty(pipeline)) {
        return zreg__fail(err, ZREG_INVAL, "temporary tag: give a change or a pipeline");
    }
    ZREG__AUTO_FREE char *text =
        zreg__asprintf("%s%s_%s", by_change ? "change_" : "", by_change ? change : pipeline,
                       zreg__str_empty(tag) ? "" : tag);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    if (zreg__str_empty(tag) || !zreg__reference_is_tag(zreg__span_of(text))) {
        return zreg__fail(err, ZREG_INVAL,
                          "temporary tag \"%s\": no valid tag; check the tag \"%s\"", text,
                          zreg__str_empty(tag) ? "" : tag);
    }
    *out = zreg__steal(&text);
    return ZREG_OK;
}
