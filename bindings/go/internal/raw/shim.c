/* SPDX-License-Identifier: Apache-2.0 */
#include "shim_inside.h"

zreg_cancel *zreg_go_cancel_new(zreg_error *err)
{
    zreg_cancel *out = NULL;

    return zreg_cancel_new(&out, err) == ZREG_OK ? out : NULL;
}

void zreg_go_digest_parse(zreg_digest *out, const char *text, zreg_error *err)
{
    zreg_digest_parse(out, text, err);
}

void zreg_go_digest_of(zreg_digest *out, const char *algorithm, zreg_go_bytes bytes,
                       zreg_error *err)
{
    zreg_digest_of(out, optional(algorithm), bytes.at, bytes.size, err);
}

zreg_ref *zreg_go_ref_parse(const char *text, zreg_error *err)
{
    zreg_ref *out = NULL;

    return zreg_ref_parse(&out, text, err) == ZREG_OK ? out : NULL;
}

zreg_manifest *zreg_go_manifest_parse(zreg_go_bytes bytes, const char *media_type, zreg_error *err)
{
    zreg_manifest *out = NULL;

    return zreg_manifest_parse(&out, bytes.at, bytes.size, optional(media_type), err) == ZREG_OK
               ? out
               : NULL;
}

size_t zreg_go_manifest_size(const zreg_manifest *manifest)
{
    size_t size = 0;

    zreg_manifest_bytes(manifest, &size);
    return size;
}

void zreg_go_manifest_bytes(zreg_go_bytes out, const zreg_manifest *manifest)
{
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(manifest, &size);

    memcpy(out.at, bytes, size < out.size ? size : out.size);
}

zreg_client *zreg_go_client_new(int has_authfile, const char *authfile, const char *ca_file,
                                const char *user_agent, uint32_t connect_timeout_ms,
                                uint32_t idle_timeout_ms, uint32_t attempts, uintptr_t log,
                                const char *registries_conf, const char *hosts_dir,
                                const char *certs_dir, int podman_config, int no_mirrors,
                                zreg_error *err)
{
    const zreg_client_options options = {
        .size = sizeof(options),
        .authfile = has_authfile ? authfile : NULL,
        .ca_file = optional(ca_file),
        .user_agent = optional(user_agent),
        .connect_timeout_ms = connect_timeout_ms,
        .idle_timeout_ms = idle_timeout_ms,
        .attempts = attempts,
        LOG(log),
        .registries_conf = optional(registries_conf),
        .hosts_dir = optional(hosts_dir),
        .certs_dir = optional(certs_dir),
        .podman_config = podman_config,
        .no_mirrors = no_mirrors,
    };
    zreg_client *out = NULL;

    return zreg_client_new(&out, &options, err) == ZREG_OK ? out : NULL;
}

void zreg_go_client_set_credentials(zreg_client *client, const char *host, const char *username,
                                    const char *password, zreg_error *err)
{
    zreg_client_set_credentials(client, host, optional(username),
                                optional(username) == NULL ? NULL : password, err);
}

void zreg_go_client_set_host(zreg_client *client, const char *host, const char *ca_pem,
                             const char *client_cert_pem, const char *client_key_pem, int insecure,
                             int plain_http, int http2, zreg_error *err)
{
    const zreg_host_options options = {
        .size = sizeof(options),
        .ca_pem = optional(ca_pem),
        .client_cert_pem = optional(client_cert_pem),
        .client_key_pem = optional(client_key_pem),
        .insecure = insecure,
        .plain_http = plain_http,
        .http2 = http2,
    };

    zreg_client_set_host(client, host, &options, err);
}

void zreg_go_client_counters(zreg_counters *out, const zreg_client *client, const char *host)
{
    zreg_client_counters(out, client, optional(host));
}

zreg_manifest *zreg_go_client_manifest_get(zreg_client *client, const zreg_ref *ref,
                                           zreg_cancel *cancel, zreg_error *err)
{
    zreg_manifest *out = NULL;

    return zreg_client_manifest_get(&out, client, ref, cancel, err) == ZREG_OK ? out : NULL;
}

zreg_strings *zreg_go_client_tags(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                                  zreg_error *err)
{
    zreg_strings *out = NULL;

    return zreg_client_tags(&out, client, ref, cancel, err) == ZREG_OK ? out : NULL;
}

uint64_t zreg_go_blob_head(zreg_client *client, const zreg_ref *ref, const zreg_digest *digest,
                           zreg_cancel *cancel, zreg_error *err)
{
    uint64_t size = 0;

    zreg_blob_head(&size, client, ref, digest, cancel, err);
    return size;
}

zreg_blob_reader *zreg_go_blob_open(zreg_client *client, const zreg_ref *ref,
                                    const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err)
{
    zreg_blob_reader *out = NULL;

    return zreg_blob_open(&out, client, ref, digest, cancel, err) == ZREG_OK ? out : NULL;
}

zreg_blob_reader *zreg_go_blob_open_range(zreg_client *client, const zreg_ref *ref,
                                          const zreg_digest *digest, uint64_t offset,
                                          uint64_t length, zreg_cancel *cancel, zreg_error *err)
{
    zreg_blob_reader *out = NULL;

    return zreg_blob_open_range(&out, client, ref, digest, offset, length, cancel, err) == ZREG_OK
               ? out
               : NULL;
}

size_t zreg_go_blob_read(zreg_blob_reader *reader, zreg_go_bytes buffer, zreg_error *err)
{
    size_t size = 0;

    zreg_blob_read(&size, reader, buffer.at, buffer.size, err);
    return size;
}

zreg_blob_writer *zreg_go_blob_create(zreg_client *client, const zreg_ref *ref, const char *digest,
                                      uint64_t size_bytes, zreg_cancel *cancel, zreg_error *err)
{
    zreg_digest memory;
    const zreg_digest *expected = NULL;
    zreg_blob_writer *out = NULL;

    if (optional_digest(&expected, &memory, digest, err) != ZREG_OK)
        return NULL;
    return zreg_blob_create(&out, client, ref, expected, size_bytes, cancel, err) == ZREG_OK ? out
                                                                                             : NULL;
}

void zreg_go_blob_write(zreg_blob_writer *writer, zreg_go_bytes bytes, zreg_error *err)
{
    zreg_blob_write(writer, bytes.at, bytes.size, err);
}

int zreg_go_blob_mount(zreg_client *client, const zreg_ref *ref, const zreg_digest *digest,
                       const char *from, zreg_cancel *cancel, zreg_error *err)
{
    int mounted = 0;

    zreg_blob_mount(&mounted, client, ref, digest, from, cancel, err);
    return mounted;
}

/* Copies `src`; without it, makes an index of `sources`. */
static void copy_or_join(zreg_copy_result *copied, zreg_digest *joined, zreg_client *client,
                         const char *src, zreg_go_list sources, const char *dst,
                         zreg_go_list platforms, const char *expect_digest, zreg_go_list mount_from,
                         uint32_t jobs, int sparse, zreg_server *src_server,
                         zreg_server *dst_server, int with_referrers, int force, const char *layers,
                         int dry_run, uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    AUTOLIST source_list = NULL;
    AUTOLIST platform_list = NULL;
    AUTOLIST mount_list = NULL;
    zreg_digest memory;
    const zreg_digest *expected = NULL;

    if (split(&source_list, sources, err) != ZREG_OK ||
        split(&platform_list, platforms, err) != ZREG_OK ||
        split(&mount_list, mount_from, err) != ZREG_OK ||
        optional_digest(&expected, &memory, expect_digest, err) != ZREG_OK)
        return;
    const zreg_copy_options options = {
        .size = sizeof(options),
        .platforms = platform_list,
        .sparse = sparse,
        .expect_digest = expected,
        .mount_from = mount_list,
        .jobs = jobs,
        .src_server = src_server,
        .dst_server = dst_server,
        .with_referrers = with_referrers,
        .force = force,
        .layers = layers,
        .dry_run = dry_run,
        PROGRESS(progress),
    };
    if (src != NULL)
        zreg_copy(copied, client, src, dst, &options, cancel, err);
    else
        zreg_index_create(joined, client, source_list, dst, &options, cancel, err);
}

void zreg_go_copy(zreg_copy_result *out, zreg_client *client, const char *src, const char *dst,
                  zreg_go_list platforms, const char *expect_digest, zreg_go_list mount_from,
                  uint32_t jobs, int sparse, zreg_server *src_server, zreg_server *dst_server,
                  int with_referrers, int force, const char *layers, int dry_run,
                  uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    copy_or_join(out, NULL, client, src, (zreg_go_list){0}, dst, platforms, expect_digest,
                 mount_from, jobs, sparse, src_server, dst_server, with_referrers, force, layers,
                 dry_run, progress, cancel, err);
}

void zreg_go_index_create(zreg_digest *out, zreg_client *client, const char *dst,
                          zreg_go_list sources, zreg_go_list platforms, const char *expect_digest,
                          zreg_go_list mount_from, uint32_t jobs, zreg_server *src_server,
                          zreg_server *dst_server, int with_referrers, const char *layers,
                          int dry_run, uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    copy_or_join(NULL, out, client, NULL, sources, dst, platforms, expect_digest, mount_from, jobs,
                 0, src_server, dst_server, with_referrers, 0, layers, dry_run, progress, cancel,
                 err);
}

void zreg_go_append(zreg_digest *out, zreg_client *client, const char *base, zreg_go_list layers,
                    const char *dst, const char *platform, zreg_go_list labels,
                    zreg_go_list environment, zreg_go_list entrypoint, zreg_go_list command,
                    const char *working_dir, const char *user, int64_t created,
                    zreg_server *dst_server, zreg_go_list annotations, int dry_run, int rebase,
                    const char *old_base, const char *new_base, int all_platforms,
                    uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    AUTOLIST layer_list = NULL;
    AUTOLIST label_list = NULL;
    AUTOLIST environment_list = NULL;
    AUTOLIST entrypoint_list = NULL;
    AUTOLIST command_list = NULL;
    AUTOLIST annotation_list = NULL;

    if (split(&layer_list, layers, err) != ZREG_OK || split(&label_list, labels, err) != ZREG_OK ||
        split(&environment_list, environment, err) != ZREG_OK ||
        split(&entrypoint_list, entrypoint, err) != ZREG_OK ||
        split(&command_list, command, err) != ZREG_OK ||
        split(&annotation_list, annotations, err) != ZREG_OK)
        return;
    const zreg_append_options options = {
        .size = sizeof(options),
        .platform = optional(platform),
        .labels = label_list,
        .environment = environment_list,
        .entrypoint = entrypoint_list,
        .command = command_list,
        .working_dir = optional(working_dir),
        .user = optional(user),
        .created = created,
        .dst_server = dst_server,
        .annotations = annotation_list,
        .dry_run = dry_run,
        .rebase = rebase,
        .old_base = optional(old_base),
        .new_base = optional(new_base),
        .all_platforms = all_platforms,
        PROGRESS(progress),
    };
    zreg_append(out, client, base, layer_list, dst, &options, cancel, err);
}

char *zreg_go_client_set_connection(zreg_client *client, zreg_go_bytes json, int plain_http,
                                    zreg_error *err)
{
    const zreg_host_options options = {.size = sizeof(options), .plain_http = plain_http};
    char *out = NULL;

    return zreg_client_set_connection(&out, client, json.at, json.size, &options, err) == ZREG_OK
               ? out
               : NULL;
}

char *zreg_go_client_login(zreg_client *client, const char *name, const char *username,
                           const char *password, int no_check, zreg_cancel *cancel, zreg_error *err)
{
    char *out = NULL;

    const zreg_login_options options = {.size = sizeof(options), .no_check = no_check};

    return zreg_client_login(&out, client, name, username, password, &options, cancel, err) ==
                   ZREG_OK
               ? out
               : NULL;
}

char *zreg_go_client_logout(zreg_client *client, const char *host, zreg_cancel *cancel,
                            zreg_error *err)
{
    char *out = NULL;

    return zreg_client_logout(&out, client, host, cancel, err) == ZREG_OK ? out : NULL;
}

char *zreg_go_inspect(zreg_client *client, const char *place, zreg_cancel *cancel, zreg_error *err)
{
    char *out = NULL;

    return zreg_inspect(&out, client, place, cancel, err) == ZREG_OK ? out : NULL;
}

char *zreg_go_server_connection(const zreg_server *server, zreg_error *err)
{
    char *out = NULL;

    return zreg_server_connection(&out, server, err) == ZREG_OK ? out : NULL;
}

zreg_artifacts *zreg_go_artifacts_parse(zreg_go_bytes json, zreg_error *err)
{
    zreg_artifacts *out = NULL;

    return zreg_artifacts_parse(&out, json.at, json.size, err) == ZREG_OK ? out : NULL;
}

char *zreg_go_artifacts_json(const zreg_artifacts *artifacts, zreg_error *err)
{
    char *out = NULL;

    return zreg_artifacts_json(&out, artifacts, err) == ZREG_OK ? out : NULL;
}

zreg_resolution *zreg_go_resolve(zreg_client *client, const char *ref,
                                 const zreg_artifacts *artifacts, const char *buildset,
                                 const char *intermediate, int offline, const char *zuul_api,
                                 const char *zuul_tenant, const char *zuul_project,
                                 const char *zuul_pipeline, const char *zuul_job,
                                 const char *zuul_promote_pipeline, zreg_cancel *cancel,
                                 zreg_error *err)
{
    const zreg_resolve_options options = {
        .size = sizeof(options),
        .buildset = optional(buildset),
        .intermediate = optional(intermediate),
        .offline = offline,
        .zuul_api = optional(zuul_api),
        .zuul_tenant = optional(zuul_tenant),
        .zuul_project = optional(zuul_project),
        .zuul_pipeline = optional(zuul_pipeline),
        .zuul_job = optional(zuul_job),
        .zuul_promote_pipeline = optional(zuul_promote_pipeline),
    };
    zreg_resolution *out = NULL;

    return zreg_resolve(&out, client, ref, artifacts, &options, cancel, err) == ZREG_OK ? out
                                                                                        : NULL;
}

zreg_populated *zreg_go_populate(zreg_client *client, const zreg_artifacts *artifacts,
                                 const char *to, zreg_server *server, const char *intermediate,
                                 uint32_t jobs, int with_referrers, const char *zuul_api,
                                 const char *zuul_tenant, const char *zuul_project,
                                 const char *zuul_pipeline, const char *zuul_job,
                                 const char *zuul_promote_pipeline, const char *records,
                                 uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    const zreg_populate_options options = {
        .size = sizeof(options),
        .server = server,
        .intermediate = optional(intermediate),
        .jobs = jobs,
        .with_referrers = with_referrers,
        PROGRESS(progress),
        .zuul_api = optional(zuul_api),
        .zuul_tenant = optional(zuul_tenant),
        .zuul_project = optional(zuul_project),
        .zuul_pipeline = optional(zuul_pipeline),
        .zuul_job = optional(zuul_job),
        .zuul_promote_pipeline = optional(zuul_promote_pipeline),
        .records = optional(records),
    };
    zreg_populated *out = NULL;

    zreg_populate(&out, client, artifacts, optional(to), &options, cancel, err);
    return out;
}

const char *zreg_go_superseded(const zreg_populated_image *image, size_t i)
{
    return text_at(image->superseded, i);
}

const char *zreg_go_item_image(const zreg_populated_item *item, size_t i)
{
    return text_at(item->images, i);
}

zreg_artifacts *zreg_go_publish(zreg_client *client, const char *from, const char *to,
                                zreg_go_list images, const char *build, const char *change,
                                const char *patchset, const char *project, const char *pipeline,
                                zreg_server *server, uint32_t jobs, int with_referrers,
                                uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    AUTOLIST image_list = NULL;
    const zreg_publish_options options = {
        .size = sizeof(options),
        .build = optional(build),
        .change = optional(change),
        .patchset = optional(patchset),
        .project = optional(project),
        .pipeline = optional(pipeline),
        .server = server,
        .jobs = jobs,
        .with_referrers = with_referrers,
        PROGRESS(progress),
    };
    zreg_artifacts *out = NULL;

    if (split(&image_list, images, err) != ZREG_OK)
        return NULL;
    zreg_publish(&out, client, optional(from), to, image_list, &options, cancel, err);
    return out;
}

char *zreg_go_temporary_tag(const char *change, const char *pipeline, const char *tag,
                            zreg_error *err)
{
    char *out = NULL;

    return zreg_temporary_tag(&out, optional(change), optional(pipeline), tag, err) == ZREG_OK
               ? out
               : NULL;
}

void zreg_go_upload(zreg_copy_result *out, zreg_client *client, const char *src,
                    const char *repository, const char *tag, const char *change,
                    const char *pipeline, uint32_t jobs, zreg_server *src_server,
                    int with_referrers, int dry_run, int force, uintptr_t progress,
                    zreg_cancel *cancel, zreg_error *err)
{
    const zreg_upload_options options = {
        .size = sizeof(options),
        .change = optional(change),
        .pipeline = optional(pipeline),
        .jobs = jobs,
        .src_server = src_server,
        .with_referrers = with_referrers,
        .dry_run = dry_run,
        .force = force,
        PROGRESS(progress),
    };

    zreg_upload(out, client, src, repository, tag, &options, cancel, err);
}
