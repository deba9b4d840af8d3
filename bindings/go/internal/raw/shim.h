/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SWIG cannot carry to Go by itself: constructors, outputs through a pointer, options structs,
 * lists and callbacks. Each function does what the public one of the same name does.
 *
 *   - An object or text is returned; NULL means that it failed and `err`, never NULL here, says why.
 *   - An optional text is "" when unset.
 *   - A callback is a cgo.Handle, or 0: see raw.go.
 */
#ifndef ZREG_GO_SHIM_H
#define ZREG_GO_SHIM_H

#include <stdint.h>

#include <zreg.h>

/* Bytes in Go's memory. */
typedef struct zreg_go_bytes {
    void *at;
    size_t size;
} zreg_go_bytes;

/* Texts in Go's memory, one after the other, each with its NUL. */
typedef struct zreg_go_list {
    const char *at;
    size_t size;
} zreg_go_list;

zreg_cancel *zreg_go_cancel_new(zreg_error *err);

void zreg_go_digest_parse(zreg_digest *out, const char *text, zreg_error *err);
void zreg_go_digest_of(zreg_digest *out, const char *algorithm, zreg_go_bytes bytes,
                       zreg_error *err);
zreg_ref *zreg_go_ref_parse(const char *text, zreg_error *err);
zreg_ref *zreg_go_ref_with_tag(const zreg_ref *ref, const char *tag, zreg_error *err);
zreg_ref *zreg_go_ref_with_digest(const zreg_ref *ref, const zreg_digest *digest, zreg_error *err);

zreg_manifest *zreg_go_manifest_parse(zreg_go_bytes bytes, const char *media_type, zreg_error *err);
/* A descriptor crosses as texts: media type, digest, size in decimal, artifact type, "1" with a platform
 * or "", os, architecture, variant, os_version, the number of annotations in decimal, then key, value,
 * key, value, ... `config` and `subject` may be empty lists: none; `items` has one after the other. */
zreg_manifest *zreg_go_manifest_build_image(const char *artifact_type, zreg_go_list config,
                                            zreg_go_list items, zreg_go_list subject,
                                            zreg_go_list annotations, zreg_error *err);
zreg_manifest *zreg_go_manifest_build_index(const char *artifact_type, zreg_go_list config,
                                            zreg_go_list items, zreg_go_list subject,
                                            zreg_go_list annotations, zreg_error *err);
size_t zreg_go_manifest_size(const zreg_manifest *manifest);
/* Fills `out`, which has zreg_go_manifest_size bytes. */
void zreg_go_manifest_bytes(zreg_go_bytes out, const zreg_manifest *manifest);

/* Key, value, key, value, ... number `i`; "" past the end, of which the count tells. */
size_t zreg_go_manifest_annotation_count(const zreg_manifest *manifest);
const char *zreg_go_manifest_annotation_at(const zreg_manifest *manifest, size_t i);
size_t zreg_go_descriptor_annotation_count(const zreg_descriptor *descriptor);
const char *zreg_go_descriptor_annotation_at(const zreg_descriptor *descriptor, size_t i);

/* `authfile` counts only with `has_authfile`, because "" has a meaning of its own there. */
zreg_client *zreg_go_client_new(int has_authfile, const char *authfile, const char *ca_file,
                                const char *user_agent, uint32_t connect_timeout_ms,
                                uint32_t idle_timeout_ms, uint32_t attempts, uintptr_t log,
                                const char *registries_conf, const char *hosts_dir,
                                const char *certs_dir, int podman_config, int no_mirrors,
                                zreg_error *err);
void zreg_go_client_set_credentials(zreg_client *client, const char *host, const char *username,
                                    const char *password, zreg_error *err);
void zreg_go_client_set_host(zreg_client *client, const char *host, const char *ca_pem,
                             const char *client_cert_pem, const char *client_key_pem, int insecure,
                             int plain_http, int http2, zreg_error *err);
void zreg_go_client_set_tag_api(zreg_client *client, const char *host, int api, const char *url,
                                const char *token, zreg_error *err);
/* `host` may be "": all hosts. */
void zreg_go_client_counters(zreg_counters *out, const zreg_client *client, const char *host);
zreg_manifest *zreg_go_client_manifest_get(zreg_client *client, const zreg_ref *ref,
                                           zreg_cancel *cancel, zreg_error *err);
zreg_referrers *zreg_go_client_referrers(zreg_client *client, const zreg_ref *ref,
                                         const char *artifact_type, zreg_cancel *cancel,
                                         zreg_error *err);
zreg_strings *zreg_go_client_catalog(zreg_client *client, const char *host, zreg_cancel *cancel,
                                     zreg_error *err);
zreg_strings *zreg_go_client_tags(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                                  zreg_error *err);

uint64_t zreg_go_blob_head(zreg_client *client, const zreg_ref *ref, const zreg_digest *digest,
                           zreg_cancel *cancel, zreg_error *err);
zreg_blob_reader *zreg_go_blob_open(zreg_client *client, const zreg_ref *ref,
                                    const zreg_digest *digest, zreg_cancel *cancel,
                                    zreg_error *err);
zreg_blob_reader *zreg_go_blob_open_range(zreg_client *client, const zreg_ref *ref,
                                          const zreg_digest *digest, uint64_t offset,
                                          uint64_t length, zreg_cancel *cancel, zreg_error *err);
size_t zreg_go_blob_read(zreg_blob_reader *reader, zreg_go_bytes buffer, zreg_error *err);
/* `digest` may be "": then it is computed. */
zreg_blob_writer *zreg_go_blob_create(zreg_client *client, const zreg_ref *ref, const char *digest,
                                      uint64_t size_bytes, zreg_cancel *cancel, zreg_error *err);
void zreg_go_blob_write(zreg_blob_writer *writer, zreg_go_bytes bytes, zreg_error *err);
int zreg_go_blob_mount(zreg_client *client, const zreg_ref *ref, const zreg_digest *digest,
                       const char *from, zreg_cancel *cancel, zreg_error *err);

void zreg_go_copy(zreg_copy_result *out, zreg_client *client, const char *src, const char *dst,
                  zreg_go_list platforms, const char *expect_digest, zreg_go_list mount_from,
                  uint32_t jobs, int sparse, zreg_server *src_server, zreg_server *dst_server,
                  int with_referrers, int force, const char *layers, int dry_run,
                  uintptr_t progress, zreg_cancel *cancel, zreg_error *err);
void zreg_go_append(zreg_digest *out, zreg_client *client, const char *base, zreg_go_list layers,
                    const char *dst, const char *platform, zreg_go_list labels,
                    zreg_go_list environment, zreg_go_list entrypoint, zreg_go_list command,
                    const char *working_dir, const char *user, int64_t created,
                    zreg_server *dst_server, zreg_go_list annotations, int dry_run, int rebase,
                    const char *old_base, const char *new_base, int all_platforms,
                    uintptr_t progress, zreg_cancel *cancel, zreg_error *err);
void zreg_go_index_create(zreg_digest *out, zreg_client *client, const char *dst,
                          zreg_go_list sources, zreg_go_list platforms, const char *expect_digest,
                          zreg_go_list mount_from, uint32_t jobs, zreg_server *src_server,
                          zreg_server *dst_server, int with_referrers, const char *layers,
                          int dry_run, uintptr_t progress, zreg_cancel *cancel, zreg_error *err);
char *zreg_go_client_set_connection(zreg_client *client, zreg_go_bytes json, int plain_http,
                                    zreg_error *err);
char *zreg_go_client_login(zreg_client *client, const char *name, const char *username,
                           const char *password, int no_check, zreg_cancel *cancel,
                           zreg_error *err);
char *zreg_go_client_logout(zreg_client *client, const char *host, zreg_cancel *cancel,
                            zreg_error *err);
char *zreg_go_inspect(zreg_client *client, const char *place, zreg_cancel *cancel, zreg_error *err);

/* The settings of a server, for its start and its reload: each is set once, and copied. What is not set is zero,
 * which means what it means in zreg_server_options; limits are those of zreg_server_limits. */
typedef struct zreg_go_server_options zreg_go_server_options;
zreg_go_server_options *zreg_go_server_options_new(int buildset, zreg_error *err);
void zreg_go_server_options_free(zreg_go_server_options *self);
void zreg_go_server_options_set_store(zreg_go_server_options *self, const char *root,
                                      int durability, int shadow, int sparse_indexes);
void zreg_go_server_options_set_listen(zreg_go_server_options *self, const char *listen,
                                       int descriptor, uint32_t threads, const char *public_url);
void zreg_go_server_options_set_buildset(zreg_go_server_options *self, zreg_go_list names,
                                         int plain_http);
void zreg_go_server_options_set_proxies(zreg_go_server_options *self, zreg_go_list trusted,
                                        int protocol);
void zreg_go_server_options_set_metrics(zreg_go_server_options *self, int with_the_rest,
                                        const char *listen);
void zreg_go_server_options_set_callbacks(zreg_go_server_options *self, uintptr_t log,
                                          uintptr_t access, uintptr_t audit);
void zreg_go_server_options_set_tls(zreg_go_server_options *self, const char *cert_pem,
                                    const char *key_pem, const char *client_ca_pem,
                                    int client_required);
void zreg_go_server_options_set_users(zreg_go_server_options *self, const char *htpasswd,
                                      zreg_go_list read_only, int anonymous);
/* Rights cross as texts, one after the other: "rule", what it grants in decimal, callers, "", patterns, "";
 * "group", its name, members, ""; "keep", a pattern of immutable tags; "table" where rules shall count. */
void zreg_go_server_options_set_rights(zreg_go_server_options *self, zreg_go_list rights_list,
                                       int no_writes, int no_deletes, uint32_t uploads_per_user);
void zreg_go_server_options_set_tokens(zreg_go_server_options *self, zreg_go_list keys,
                                       uint32_t lifetime_s);
void zreg_go_server_options_set_token_service(zreg_go_server_options *self, const char *realm,
                                              const char *service, const char *issuer,
                                              const char *trust_pem);
void zreg_go_server_options_limit_sizes(zreg_go_server_options *self, uint32_t request_line_bytes,
                                        uint32_t head_bytes, uint32_t head_fields,
                                        uint64_t body_bytes);
void zreg_go_server_options_limit_times(zreg_go_server_options *self, uint32_t head_ms,
                                        uint32_t idle_ms, uint32_t total_ms);
/* In each such time so many bytes move. */
void zreg_go_server_options_limit_pace(zreg_go_server_options *self, uint32_t least_bytes,
                                       uint32_t body_ms, uint32_t answer_ms);
void zreg_go_server_options_limit_peers(zreg_go_server_options *self, uint32_t connections,
                                        uint32_t connections_per_address, uint64_t held_bytes);

zreg_server *zreg_go_server_start(const zreg_go_server_options *self, zreg_error *err);
void zreg_go_server_reload(zreg_server *server, const zreg_go_server_options *self,
                           zreg_error *err);
char *zreg_go_server_connection(const zreg_server *server, zreg_error *err);

zreg_artifacts *zreg_go_artifacts_parse(zreg_go_bytes json, zreg_error *err);
char *zreg_go_artifacts_json(const zreg_artifacts *artifacts, zreg_error *err);

zreg_resolution *zreg_go_resolve(zreg_client *client, const char *ref,
                                 const zreg_artifacts *artifacts, const char *buildset,
                                 const char *intermediate, int offline, const char *zuul_api,
                                 const char *zuul_tenant, const char *zuul_project,
                                 const char *zuul_pipeline, const char *zuul_job,
                                 const char *zuul_promote_pipeline, zreg_cancel *cancel,
                                 zreg_error *err);

zreg_populated *zreg_go_populate(zreg_client *client, const zreg_artifacts *artifacts,
                                 const char *to, zreg_server *server, const char *intermediate,
                                 uint32_t jobs, int with_referrers, const char *zuul_api,
                                 const char *zuul_tenant, const char *zuul_project,
                                 const char *zuul_pipeline, const char *zuul_job,
                                 const char *zuul_promote_pipeline, const char *records,
                                 uintptr_t progress, zreg_cancel *cancel, zreg_error *err);
/* URL number `i` that the image won over; "" past the end. */
const char *zreg_go_superseded(const zreg_populated_image *image, size_t i);
/* Image number `i` that came from the item; "" past the end. */
const char *zreg_go_item_image(const zreg_populated_item *item, size_t i);
zreg_artifacts *zreg_go_publish(zreg_client *client, const char *from, const char *to,
                                zreg_go_list images, const char *build, const char *change,
                                const char *patchset, const char *project, const char *pipeline,
                                zreg_server *server, uint32_t jobs, int with_referrers,
                                uintptr_t progress, zreg_cancel *cancel, zreg_error *err);
char *zreg_go_temporary_tag(const char *change, const char *pipeline, const char *tag,
                            zreg_error *err);
void zreg_go_upload(zreg_copy_result *out, zreg_client *client, const char *src,
                    const char *repository, const char *tag, const char *change,
                    const char *pipeline, uint32_t jobs, zreg_server *src_server,
                    int with_referrers, int dry_run, int force, uintptr_t progress,
                    zreg_cancel *cancel, zreg_error *err);
zreg_promoted *zreg_go_promote(zreg_client *client, const char *repository, zreg_go_list tags,
                               const char *change, const char *pipeline, const char *from_tag,
                               const char *expect_digest, const char *if_current, uint64_t order,
                               int keep, int no_verify, int dry_run, int with_referrers,
                               uint32_t jobs, uintptr_t progress, zreg_cancel *cancel,
                               zreg_error *err);
zreg_promoted *zreg_go_promote_from_intermediate(
    zreg_client *client, const zreg_artifacts *artifacts, const char *repository, zreg_go_list tags,
    const char *change, const char *intermediate, const char *expect_digest, const char *if_current,
    uint64_t order, int dry_run, int with_referrers, uint32_t jobs, uintptr_t progress,
    zreg_cancel *cancel, zreg_error *err);
zreg_cleaned *zreg_go_cleanup_tags(zreg_client *client, const char *repository, const char *match,
                                   uint64_t older_than_s, int any_age, int dry_run,
                                   uintptr_t progress, zreg_cancel *cancel, zreg_error *err);
zreg_synced *zreg_go_sync(zreg_client *client, const char *src, const char *dst, zreg_go_list tags,
                          zreg_go_list exclude, zreg_go_list platforms, uint32_t jobs,
                          int with_referrers, int delete_others, int dry_run, int force,
                          uintptr_t progress, zreg_cancel *cancel, zreg_error *err);
void zreg_go_export(zreg_digest *out, zreg_client *client, const char *place, int fd,
                    const char *platform, zreg_server *src_server, uintptr_t progress,
                    zreg_cancel *cancel, zreg_error *err);
zreg_verified *zreg_go_verify(zreg_client *client, const char *place, int quick, uint32_t jobs,
                              uintptr_t progress, zreg_cancel *cancel, zreg_error *err);
zreg_provenance *zreg_go_provenance_read(zreg_go_bytes json, zreg_error *err);

zreg_node_changes *zreg_go_node_apply(zreg_go_bytes json, const char *root, const char *home,
                                      zreg_go_list engines, zreg_go_list namespaces,
                                      zreg_go_list unqualified, int check, zreg_cancel *cancel,
                                      zreg_error *err);
zreg_node_changes *zreg_go_node_revert(const char *root, int check, zreg_cancel *cancel,
                                       zreg_error *err);
zreg_zuul_builds *zreg_go_zuul_builds_find(zreg_client *client, const char *api, const char *tenant,
                                           const char *project, const char *pipeline,
                                           const char *job, const char *branch, const char *change,
                                           const char *patchset, uint32_t limit,
                                           zreg_cancel *cancel, zreg_error *err);
zreg_artifacts *zreg_go_zuul_builds_artifacts(const zreg_zuul_builds *builds, zreg_error *err);
uint64_t zreg_go_zuul_order(zreg_client *client, const char *api, const char *tenant,
                            const char *project, const char *pipeline, const char *change,
                            const char *patchset, zreg_cancel *cancel, zreg_error *err);

#endif
