/* SPDX-License-Identifier: Apache-2.0 */
#include "image/imageconfig.h"

#include "base/error.h"
#include "base/limits.h"

zreg_status zreg__imageconfig_parse(zreg__json **out, const void *bytes, size_t size,
                                    const char *what, zreg_error *err)
{
    static const char *const fields[] = {"architecture", "os",     "variant", "os.version",
                                         "os.features",  "config", "rootfs",  "history",
                                         "created",      "author", NULL};
    static const char *const rootfs_fields[] = {"type", "diff_ids", NULL};
    static const char *const run_fields[] = {"User",       "Env",    "Entrypoint", "Cmd",
                                             "WorkingDir", "Labels", NULL};
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    ZREG__TRY(zreg__json_parse(&config, bytes, size, what, err));
    ZREG__TRY(zreg__json_check_case(config, fields, what, err));
    ZREG__TRY(zreg__json_check_case(zreg__json_get(config, "rootfs"), rootfs_fields, what, err));
    ZREG__TRY(zreg__json_check_case(zreg__json_get(config, "config"), run_fields, what, err));
    *out = zreg__steal(&config);
    return ZREG_OK;
}

zreg_status zreg__imageconfig_fetch(zreg__json **out, zreg__endpoint *src,
                                    const zreg_manifest *manifest, zreg_cancel *cancel,
                                    zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_CONFIG_BYTES);
    const zreg_descriptor *config = zreg_manifest_config(manifest);
    if (config == NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: %s is an index and has no config",
                          zreg__endpoint_text(src), zreg_manifest_digest(manifest)->text);
    }
    ZREG__TRY(zreg__endpoint_blob_bytes(&bytes, src, config, cancel, err));
    return zreg__imageconfig_parse(out, bytes.data, bytes.size, "image config", err);
}

static const char *text(const zreg__json *config, const char *key)
{
    const char *value = zreg__json_text(config, key);
    return value != NULL ? value : "";
}

zreg_platform zreg__imageconfig_platform(const zreg__json *config)
{
    return (zreg_platform){.os = text(config, "os"),
                           .architecture = text(config, "architecture"),
                           .variant = text(config, "variant"),
                           .os_version = text(config, "os.version")};
}
