/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "gate/names.h"
#include "gate/progress.h"
#include "oci/reference.h"
#include <zreg/gate.h>

zreg_status zreg_upload_sized(zreg_copy_result *out, size_t out_size, zreg_client *client,
                              const char *src, const char *repository, const char *tag,
                              const zreg_upload_options *options, zreg_cancel *cancel,
                              zreg_error *err)
{
    zreg__error_clear(err);
    zreg_upload_options set;
    zreg_copy_options copy = ZREG_OPTIONS(zreg_copy_options);
    ZREG__AUTO(zreg_ref) zreg_ref *untagged = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *dst = NULL;
    ZREG__AUTO_FREE char *temporary = NULL;
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(zreg__names_repository(&untagged, repository, err));
    ZREG__TRY(zreg_temporary_tag(&temporary, set.change, set.pipeline, tag, err));
    ZREG__TRY(zreg_ref_with_tag(&dst, untagged, temporary, err));
    zreg__progress progress = {.phase = "upload", .write = set.progress, .user = set.progress_user};
    copy.jobs = set.jobs;
    copy.src_server = set.src_server;
    copy.with_referrers = set.with_referrers;
    copy.dry_run = set.dry_run;
    copy.force = set.force;
    zreg__progress_begin(&progress, &copy, zreg_ref_text(dst));
    return zreg_copy_sized(out, out_size, client, src, zreg_ref_text(dst), &copy, cancel, err);
}
