/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "gate/artifact.h"
#include "gate/names.h"
#include "gate/platforms.h"
#include "gate/progress.h"
#include "gate/published.h"
#include "gate/siblings.h"
#include "oci/reference.h"
#include "registry/client.h"
#include <zreg/gate.h>

/* What all copies of one call share. */
typedef struct job {
    zreg_client *client;
    const char *from;
    const char *to;
    zreg_publish_options set;
    zreg__progress progress;
    zreg_strings *siblings;
    zreg_cancel *cancel;
} job;

static void job_finish(job *run)
{
    zreg_strings_free(run->siblings);
}

ZREG__DEFINE_AUTO_VALUE(job, job_finish)

static zreg_status build_tag_place(zreg_ref **out, const job *run, const zreg_ref *image,
                                   zreg_error *err)
{
    ZREG__AUTO_FREE char *tag = zreg__asprintf("%s_%s", run->set.build, zreg_ref_tag(image));
    if (tag == NULL) {
        return zreg__fail_nomem(err);
    }
    return zreg__names_place(out, run->to, zreg_ref_canonical_name(image), tag, NULL, err);
}

static zreg_status copy_image(zreg_copy_result *copied, job *run, const zreg_ref *image,
                              const zreg_ref *dst, const char *item, zreg_error *err)
{
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    ZREG__AUTO(zreg_ref) zreg_ref *src = NULL;
    ZREG__TRY(zreg__names_place(&src, run->from, zreg_ref_canonical_name(image),
                                zreg_ref_tag(image), NULL, err));
    options.jobs = run->set.jobs;
    options.with_referrers = run->set.with_referrers;
    options.src_server = run->set.server;
    ZREG__TRY(zreg__siblings_expect(run->siblings, run->client, dst, err));
    zreg__progress_begin(&run->progress, &options, item);
    ZREG__TRY(zreg_copy(copied, run->client, zreg_ref_text(src), zreg_ref_text(dst), &options,
                        run->cancel, err));
    zreg__progress_end(&run->progress);
    return zreg__siblings_add(run->siblings, zreg_ref_repository(dst), err);
}

static zreg_status add_artifact(zreg_artifacts *list, job *run, const zreg_ref *image,
                                const zreg_ref *dst, const zreg_copy_result *copied,
                                zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *pinned = NULL;
    ZREG__AUTO(zreg__json) zreg__json *platforms = NULL;
    ZREG__TRY(zreg_ref_with_digest(&pinned, dst, &copied->digest, err));
    ZREG__TRY(zreg__platforms_read(&platforms, run->client, pinned, run->cancel, err));
    ZREG__AUTO_FREE char *name =
        zreg__asprintf("%s:%s", zreg_ref_canonical_name(image), zreg_ref_tag(image));
    ZREG__AUTO_FREE char *url = zreg__asprintf("docker://%s", zreg_ref_text(dst));
    if (name == NULL || url == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg_artifact artifact = {.name = name,
                              .url = url,
                              .repository = zreg_ref_canonical_name(image),
                              .tag = zreg_ref_tag(image),
                              .digest = copied->digest.text,
                              .media_type = copied->media_type,
                              .change = run->set.change,
                              .patchset = run->set.patchset,
                              .build = run->set.build};
    return zreg__artifact_list_add(list, &artifact, platforms, false, err);
}

static zreg_status publish_image(zreg_artifacts *list, job *run, const char *text, zreg_error *err)
{
    zreg_copy_result copied;
    ZREG__AUTO(zreg_ref) zreg_ref *image = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *dst = NULL;
    ZREG__TRY(zreg__cancel_check(run->cancel, err));
    ZREG__TRY(zreg__names_image(&image, text, err));
    ZREG__TRY(build_tag_place(&dst, run, image, err));
    zreg_status status = copy_image(&copied, run, image, dst, text, err);
    if (status == ZREG_OK) {
        status = add_artifact(list, run, image, dst, &copied, err);
    }
    return status == ZREG_OK ? status : zreg__error_prefix(err, status, "publish %s", text);
}

static zreg_status check(job *run, zreg_error *err)
{
    if (zreg__str_empty(run->set.build)) {
        return zreg__fail(err, ZREG_INVAL, "publish: give the UUID of the build");
    }
    if (run->from == NULL && run->set.server != NULL) {
        run->from = zreg_server_address(run->set.server);
    }
    ZREG__TRY(zreg__names_host_check(run->from, "publish: buildset registry", err));
    return zreg__names_host_check(run->to, "publish: intermediate registry", err);
}

/* All names are looked at before the first byte moves. */
static zreg_status check_images(const job *run, const char *const *images, zreg_error *err)
{
    for (size_t i = 0; images != NULL && images[i] != NULL; i++) {
        ZREG__AUTO(zreg_ref) zreg_ref *image = NULL;
        ZREG__AUTO(zreg_ref) zreg_ref *dst = NULL;
        ZREG__TRY(zreg__names_image(&image, images[i], err));
        ZREG__TRY(build_tag_place(&dst, run, image, err));
    }
    return ZREG_OK;
}

/* The images are what matters: a registry that does not take the record is no error. */
static zreg_status record(job *run, const zreg_artifacts *list, zreg_error *err)
{
    const zreg_publish_options *set = &run->set;
    const zreg__published_key key = {.host = run->to,
                                     .project = set->project,
                                     .change = set->change,
                                     .patchset = set->patchset,
                                     .pipeline = set->pipeline};
    if (zreg__str_empty(key.project) || zreg__str_empty(key.change) ||
        zreg__str_empty(key.patchset) || zreg__str_empty(key.pipeline) ||
        zreg_artifacts_count(list) == 0) {
        return ZREG_OK;
    }
    zreg_status status =
        zreg__published_write(run->client, &key, set->build, list, run->cancel, err);
    if (status == ZREG_CANCELLED || status == ZREG_TIMEOUT || status == ZREG_NOMEM) {
        return zreg__error_prefix(err, status, "publish: the record");
    }
    zreg__error_clear(err);
    return ZREG_OK;
}

static zreg_status publish_all(zreg_artifacts *list, job *run, const char *const *images,
                               zreg_error *err)
{
    for (size_t i = 0; images != NULL && images[i] != NULL; i++) {
        ZREG__TRY(publish_image(list, run, images[i], err));
    }
    return record(run, list, err);
}

zreg_status zreg_publish(zreg_artifacts **out, zreg_client *client, const char *from,
                         const char *to, const char *const *images,
                         const zreg_publish_options *options, zreg_cancel *cancel, zreg_error *err)
{
    zreg__error_clear(err);
    *out = NULL;
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__AUTO(job) job run = {.client = client, .from = from, .to = to, .cancel = cancel};
    ZREG__AUTO(zreg_artifacts) zreg_artifacts *list = NULL;
    ZREG__TRY(ZREG__OPTIONS_READ(&run.set, options, err));
    ZREG__TRY(check(&run, err));
    ZREG__TRY(check_images(&run, images, err));
    ZREG__TRY(zreg__strings_new(&run.siblings, err));
    run.progress = (zreg__progress){
        .phase = "publish", .write = run.set.progress, .user = run.set.progress_user};
    ZREG__TRY(zreg__artifact_list_new(&list, err));
    zreg_status status = publish_all(list, &run, images, err);
    if (status == ZREG_OK || zreg_artifacts_count(list) > 0) {
        *out = zreg__steal(&list);
    }
    return status;
}
