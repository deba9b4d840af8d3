/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/siblings.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "registry/client.h"

#define MAX_TRIED 4

zreg_status zreg__siblings_add(zreg_strings *siblings, const char *repository, zreg_error *err)
{
    for (size_t i = 0; i < zreg_strings_count(siblings); i++) {
        if (zreg__str_equal(zreg_strings_at(siblings, i), repository)) {
            return ZREG_OK;
        }
    }
    return zreg__strings_add(siblings, repository, ZREG__MAX_ARTIFACTS, err);
}

const char *const *zreg__siblings_mount_from(const zreg_strings *siblings)
{
    size_t count = zreg_strings_count(siblings);
    return zreg__strings_array(siblings) + (count > MAX_TRIED ? count - MAX_TRIED : 0);
}

zreg_status zreg__siblings_expect(const zreg_strings *siblings, zreg_client *client,
                                  const zreg_ref *dst, zreg_error *err)
{
    for (const char *const *at = zreg__siblings_mount_from(siblings); *at != NULL; at++) {
        ZREG__TRY(zreg__client_expect(client, dst, "pull,push", *at, err));
    }
    return ZREG_OK;
}
