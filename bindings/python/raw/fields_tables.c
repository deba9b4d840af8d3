/* SPDX-License-Identifier: Apache-2.0 */
/* The members of each struct that Python sees, by the names of the C headers. */
#include "fields.h"

#define FIELD(type, kind, member)                                                                  \
    {                                                                                              \
#member, FIELD_##kind, offsetof(type, member), 0                                           \
    }
#define CALLBACK(type, kind, member)                                                               \
    {                                                                                              \
#member, FIELD_##kind, offsetof(type, member), offsetof(type, member##_user)               \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, FIELD_TEXT, 0, 0                                                                     \
    }

/* --- options */

const fields_row fields_of_client_options[] = {
    FIELD(zreg_client_options, TEXT, authfile),
    FIELD(zreg_client_options, TEXT, ca_file),
    FIELD(zreg_client_options, TEXT, user_agent),
    FIELD(zreg_client_options, U32, connect_timeout_ms),
    FIELD(zreg_client_options, U32, idle_timeout_ms),
    FIELD(zreg_client_options, U32, attempts),
    CALLBACK(zreg_client_options, LOG, log),
    FIELD(zreg_client_options, TEXT, registries_conf),
    FIELD(zreg_client_options, TEXT, hosts_dir),
    FIELD(zreg_client_options, TEXT, certs_dir),
    FIELD(zreg_client_options, INT, podman_config),
    FIELD(zreg_client_options, INT, no_mirrors),
    END,
};

const fields_row fields_of_host_options[] = {
    FIELD(zreg_host_options, TEXT, ca_pem),
    FIELD(zreg_host_options, TEXT, client_cert_pem),
    FIELD(zreg_host_options, TEXT, client_key_pem),
    FIELD(zreg_host_options, INT, insecure),
    FIELD(zreg_host_options, INT, plain_http),
    FIELD(zreg_host_options, INT, http2),
    END,
};

const fields_row fields_of_login_options[] = {
    FIELD(zreg_login_options, INT, no_check),
    END,
};

const fields_row fields_of_tag_api_options[] = {
    FIELD(zreg_tag_api_options, INT, api),
    FIELD(zreg_tag_api_options, TEXT, url),
    FIELD(zreg_tag_api_options, TEXT, token),
    END,
};

const fields_row fields_of_referrers_options[] = {
    FIELD(zreg_referrers_options, TEXT, artifact_type),
    END,
};

const fields_row fields_of_manifest_options[] = {
    FIELD(zreg_manifest_options, TEXT, artifact_type),
    FIELD(zreg_manifest_options, ITEM, config),
    {"items", FIELD_ITEMS, offsetof(zreg_manifest_options, items),
     offsetof(zreg_manifest_options, count)},
    FIELD(zreg_manifest_options, ITEM, subject),
    FIELD(zreg_manifest_options, TEXTS, annotations),
    END,
};

const fields_row fields_of_server_limits[] = {
    FIELD(zreg_server_limits, U32, request_line_bytes),
    FIELD(zreg_server_limits, U32, head_bytes),
    FIELD(zreg_server_limits, U32, head_fields),
    FIELD(zreg_server_limits, U64, body_bytes),
    FIELD(zreg_server_limits, U32, head_ms),
    FIELD(zreg_server_limits, U32, body_ms),
    FIELD(zreg_server_limits, U32, answer_ms),
    FIELD(zreg_server_limits, U32, least_bytes),
    FIELD(zreg_server_limits, U32, idle_ms),
    FIELD(zreg_server_limits, U32, total_ms),
    FIELD(zreg_server_limits, U32, connections),
    FIELD(zreg_server_limits, U32, connections_per_address),
    FIELD(zreg_server_limits, U64, held_bytes),
    END,
};

const fields_row fields_of_server_options[] = {
    FIELD(zreg_server_options, TEXT, root),
    FIELD(zreg_server_options, TEXT, listen),
    FIELD(zreg_server_options, TEXT, tls_cert_pem),
    FIELD(zreg_server_options, TEXT, tls_key_pem),
    FIELD(zreg_server_options, TEXT, htpasswd),
    FIELD(zreg_server_options, INT, anonymous),
    FIELD(zreg_server_options, INT, durability),
    FIELD(zreg_server_options, INT, buildset),
    FIELD(zreg_server_options, INT, plain_http),
    FIELD(zreg_server_options, TEXTS, names),
    FIELD(zreg_server_options, U32, threads),
    FIELD(zreg_server_options, U32, token_lifetime_s),
    CALLBACK(zreg_server_options, LOG, log),
    CALLBACK(zreg_server_options, ACCESS, access),
    FIELD(zreg_server_options, TEXTS, read_only),
    FIELD(zreg_server_options, TEXT, public_url),
    FIELD(zreg_server_options, INT, shadow),
    FIELD(zreg_server_options, INT, sparse_indexes),
    FIELD(zreg_server_options, RULES, rules),
    FIELD(zreg_server_options, GROUPS, groups),
    FIELD(zreg_server_options, TEXTS, immutable_tags),
    FIELD(zreg_server_options, INT, no_writes),
    FIELD(zreg_server_options, INT, no_deletes),
    FIELD(zreg_server_options, U32, uploads_per_user),
    CALLBACK(zreg_server_options, ACCESS, audit),
    FIELD(zreg_server_options, LIMITS, limits),
    FIELD(zreg_server_options, TEXTS, trusted_proxies),
    FIELD(zreg_server_options, INT, proxy_protocol),
    FIELD(zreg_server_options, TEXTS, token_keys),
    FIELD(zreg_server_options, TEXT, token_realm),
    FIELD(zreg_server_options, TEXT, token_service),
    FIELD(zreg_server_options, TEXT, token_issuer),
    FIELD(zreg_server_options, TEXT, token_trust_pem),
    FIELD(zreg_server_options, TEXT, tls_client_ca_pem),
    FIELD(zreg_server_options, INT, tls_client_required),
    FIELD(zreg_server_options, INT, metrics),
    FIELD(zreg_server_options, TEXT, metrics_listen),
    FIELD(zreg_server_options, INT, listen_descriptor),
    END,
};

const fields_row fields_of_server_rule[] = {
    FIELD(zreg_server_rule, TEXTS, who),
    FIELD(zreg_server_rule, TEXTS, repositories),
    FIELD(zreg_server_rule, U32, rights),
    END,
};

const fields_row fields_of_server_group[] = {
    FIELD(zreg_server_group, TEXT, name),
    FIELD(zreg_server_group, TEXTS, members),
    END,
};

const fields_row fields_of_copy_options[] = {
    FIELD(zreg_copy_options, TEXTS, platforms),
    FIELD(zreg_copy_options, INT, sparse),
    FIELD(zreg_copy_options, DIGEST, expect_digest),
    FIELD(zreg_copy_options, TEXTS, mount_from),
    FIELD(zreg_copy_options, U32, jobs),
    FIELD(zreg_copy_options, SERVER, src_server),
    FIELD(zreg_copy_options, SERVER, dst_server),
    FIELD(zreg_copy_options, INT, with_referrers),
    FIELD(zreg_copy_options, INT, force),
    FIELD(zreg_copy_options, TEXT, layers),
    FIELD(zreg_copy_options, INT, dry_run),
    CALLBACK(zreg_copy_options, PROGRESS, progress),
    END,
};

const fields_row fields_of_append_options[] = {
    FIELD(zreg_append_options, TEXT, platform),
    FIELD(zreg_append_options, TEXTS, labels),
    FIELD(zreg_append_options, TEXTS, environment),
    FIELD(zreg_append_options, TEXTS, entrypoint),
    FIELD(zreg_append_options, TEXTS, command),
    FIELD(zreg_append_options, TEXT, working_dir),
    FIELD(zreg_append_options, TEXT, user),
    FIELD(zreg_append_options, I64, created),
    FIELD(zreg_append_options, SERVER, dst_server),
    CALLBACK(zreg_append_options, PROGRESS, progress),
    FIELD(zreg_append_options, TEXTS, annotations),
    FIELD(zreg_append_options, INT, dry_run),
    FIELD(zreg_append_options, INT, rebase),
    FIELD(zreg_append_options, TEXT, old_base),
    FIELD(zreg_append_options, TEXT, new_base),
    FIELD(zreg_append_options, INT, all_platforms),
    END,
};

const fields_row fields_of_resolve_options[] = {
    FIELD(zreg_resolve_options, TEXT, buildset),
    FIELD(zreg_resolve_options, TEXT, intermediate),
    FIELD(zreg_resolve_options, INT, offline),
    FIELD(zreg_resolve_options, TEXT, zuul_api),
    FIELD(zreg_resolve_options, TEXT, zuul_tenant),
    FIELD(zreg_resolve_options, TEXT, zuul_project),
    FIELD(zreg_resolve_options, TEXT, zuul_pipeline),
    FIELD(zreg_resolve_options, TEXT, zuul_job),
    FIELD(zreg_resolve_options, TEXT, zuul_promote_pipeline),
    END,
};

const fields_row fields_of_populate_options[] = {
    FIELD(zreg_populate_options, SERVER, server),
    FIELD(zreg_populate_options, TEXT, intermediate),
    FIELD(zreg_populate_options, U32, jobs),
    FIELD(zreg_populate_options, INT, with_referrers),
    CALLBACK(zreg_populate_options, PROGRESS, progress),
    FIELD(zreg_populate_options, TEXT, zuul_api),
    FIELD(zreg_populate_options, TEXT, zuul_tenant),
    FIELD(zreg_populate_options, TEXT, zuul_project),
    FIELD(zreg_populate_options, TEXT, zuul_pipeline),
    FIELD(zreg_populate_options, TEXT, zuul_job),
    FIELD(zreg_populate_options, TEXT, zuul_promote_pipeline),
    FIELD(zreg_populate_options, TEXT, records),
    END,
};

const fields_row fields_of_publish_options[] = {
    FIELD(zreg_publish_options, TEXT, build),
    FIELD(zreg_publish_options, TEXT, change),
    FIELD(zreg_publish_options, TEXT, patchset),
    FIELD(zreg_publish_options, SERVER, server),
    FIELD(zreg_publish_options, U32, jobs),
    FIELD(zreg_publish_options, INT, with_referrers),
    CALLBACK(zreg_publish_options, PROGRESS, progress),
    FIELD(zreg_publish_options, TEXT, project),
    FIELD(zreg_publish_options, TEXT, pipeline),
    END,
};

const fields_row fields_of_upload_options[] = {
    FIELD(zreg_upload_options, TEXT, change),
    FIELD(zreg_upload_options, TEXT, pipeline),
    FIELD(zreg_upload_options, U32, jobs),
    FIELD(zreg_upload_options, SERVER, src_server),
    FIELD(zreg_upload_options, INT, with_referrers),
    FIELD(zreg_upload_options, INT, dry_run),
    FIELD(zreg_upload_options, INT, force),
    CALLBACK(zreg_upload_options, PROGRESS, progress),
    END,
};

const fields_row fields_of_promote_options[] = {
    FIELD(zreg_promote_options, TEXT, change),
    FIELD(zreg_promote_options, TEXT, pipeline),
    FIELD(zreg_promote_options, TEXT, from_tag),
    FIELD(zreg_promote_options, DIGEST, expect_digest),
    FIELD(zreg_promote_options, TEXT, if_current),
    FIELD(zreg_promote_options, INT, keep),
    FIELD(zreg_promote_options, U64, order),
    FIELD(zreg_promote_options, U32, jobs),
    FIELD(zreg_promote_options, INT, no_verify),
    FIELD(zreg_promote_options, INT, dry_run),
    FIELD(zreg_promote_options, INT, with_referrers),
    CALLBACK(zreg_promote_options, PROGRESS, progress),
    END,
};

const fields_row fields_of_promote_from_intermediate_options[] = {
    FIELD(zreg_promote_from_intermediate_options, TEXT, change),
    FIELD(zreg_promote_from_intermediate_options, TEXT, intermediate),
    FIELD(zreg_promote_from_intermediate_options, DIGEST, expect_digest),
    FIELD(zreg_promote_from_intermediate_options, TEXT, if_current),
    FIELD(zreg_promote_from_intermediate_options, U64, order),
    FIELD(zreg_promote_from_intermediate_options, INT, dry_run),
    FIELD(zreg_promote_from_intermediate_options, INT, with_referrers),
    FIELD(zreg_promote_from_intermediate_options, U32, jobs),
    CALLBACK(zreg_promote_from_intermediate_options, PROGRESS, progress),
    END,
};

const fields_row fields_of_cleanup_options[] = {
    FIELD(zreg_cleanup_options, TEXT, match),
    FIELD(zreg_cleanup_options, U64, older_than_s),
    FIELD(zreg_cleanup_options, INT, any_age),
    FIELD(zreg_cleanup_options, INT, dry_run),
    CALLBACK(zreg_cleanup_options, PROGRESS, progress),
    END,
};

const fields_row fields_of_sync_options[] = {
    FIELD(zreg_sync_options, TEXTS, tags),
    FIELD(zreg_sync_options, TEXTS, exclude),
    FIELD(zreg_sync_options, TEXTS, platforms),
    FIELD(zreg_sync_options, U32, jobs),
    FIELD(zreg_sync_options, INT, with_referrers),
    FIELD(zreg_sync_options, INT, delete_others),
    FIELD(zreg_sync_options, INT, dry_run),
    CALLBACK(zreg_sync_options, PROGRESS, progress),
    FIELD(zreg_sync_options, INT, force),
    END,
};

const fields_row fields_of_export_options[] = {
    FIELD(zreg_export_options, TEXT, platform),
    FIELD(zreg_export_options, SERVER, src_server),
    CALLBACK(zreg_export_options, PROGRESS, progress),
    END,
};

const fields_row fields_of_verify_options[] = {
    FIELD(zreg_verify_options, INT, quick),
    FIELD(zreg_verify_options, U32, jobs),
    CALLBACK(zreg_verify_options, PROGRESS, progress),
    END,
};

const fields_row fields_of_node_options[] = {
    FIELD(zreg_node_options, TEXT, root),
    FIELD(zreg_node_options, TEXT, home),
    FIELD(zreg_node_options, TEXTS, engines),
    FIELD(zreg_node_options, TEXTS, namespaces),
    FIELD(zreg_node_options, INT, check),
    FIELD(zreg_node_options, TEXTS, unqualified),
    END,
};

const fields_row fields_of_zuul_options[] = {
    FIELD(zreg_zuul_options, TEXT, tenant),
    FIELD(zreg_zuul_options, TEXT, project),
    FIELD(zreg_zuul_options, TEXT, pipeline),
    FIELD(zreg_zuul_options, TEXT, job),
    FIELD(zreg_zuul_options, TEXT, branch),
    FIELD(zreg_zuul_options, TEXT, change),
    FIELD(zreg_zuul_options, TEXT, patchset),
    FIELD(zreg_zuul_options, U32, limit),
    END,
};

/* --- results */

const fields_row fields_of_progress[] = {
    FIELD(zreg_progress, TEXT, phase),
    FIELD(zreg_progress, TEXT, item),
    FIELD(zreg_progress, U64, bytes_done),
    FIELD(zreg_progress, U64, bytes_total),
    FIELD(zreg_progress, U32, blobs_done),
    FIELD(zreg_progress, U32, blobs_total),
    END,
};

const fields_row fields_of_counters[] = {
    FIELD(zreg_counters, U64, requests),
    FIELD(zreg_counters, U64, auth_requests),
    FIELD(zreg_counters, U64, blob_requests),
    FIELD(zreg_counters, U64, bytes_in),
    FIELD(zreg_counters, U64, bytes_out),
    FIELD(zreg_counters, U64, connections),
    END,
};

const fields_row fields_of_copy_result[] = {
    FIELD(zreg_copy_result, ARRAY, digest),
    FIELD(zreg_copy_result, ARRAY, media_type),
    FIELD(zreg_copy_result, U64, bytes),
    FIELD(zreg_copy_result, U32, blobs_copied),
    FIELD(zreg_copy_result, U32, blobs_mounted),
    FIELD(zreg_copy_result, U32, blobs_skipped),
    FIELD(zreg_copy_result, U32, manifests_put),
    FIELD(zreg_copy_result, U64, src_requests),
    FIELD(zreg_copy_result, U64, dst_requests),
    FIELD(zreg_copy_result, U64, elapsed_ms),
    FIELD(zreg_copy_result, U32, referrers_copied),
    FIELD(zreg_copy_result, U32, referrers_skipped),
    END,
};

const fields_row fields_of_promote_summary[] = {
    FIELD(zreg_promote_summary, ARRAY, digest),
    FIELD(zreg_promote_summary, INT, promoted),
    FIELD(zreg_promote_summary, INT, temporary_deleted),
    FIELD(zreg_promote_summary, U32, tags),
    FIELD(zreg_promote_summary, U64, order),
    FIELD(zreg_promote_summary, U32, referrers),
    FIELD(zreg_promote_summary, U64, requests),
    FIELD(zreg_promote_summary, U64, auth_requests),
    FIELD(zreg_promote_summary, U64, blob_requests),
    FIELD(zreg_promote_summary, U64, verify_requests),
    FIELD(zreg_promote_summary, U64, cleanup_requests),
    FIELD(zreg_promote_summary, U64, bytes),
    FIELD(zreg_promote_summary, TEXT, cleanup_error),
    END,
};

const fields_row fields_of_promoted_tag[] = {
    FIELD(zreg_promoted_tag, TEXT, tag),
    FIELD(zreg_promoted_tag, ARRAY, digest),
    FIELD(zreg_promoted_tag, INT, set),
    FIELD(zreg_promoted_tag, INT, superseded),
    FIELD(zreg_promoted_tag, TEXT, superseded_by),
    END,
};

const fields_row fields_of_platform[] = {
    FIELD(zreg_platform, TEXT, os),
    FIELD(zreg_platform, TEXT, architecture),
    FIELD(zreg_platform, TEXT, variant),
    FIELD(zreg_platform, TEXT, os_version),
    END,
};

const fields_row fields_of_descriptor[] = {
    FIELD(zreg_descriptor, TEXT, media_type),
    FIELD(zreg_descriptor, ARRAY, digest),
    FIELD(zreg_descriptor, U64, size_bytes),
    FIELD(zreg_descriptor, TEXT, artifact_type),
    {"platform", FIELD_PLATFORM, offsetof(zreg_descriptor, platform),
     offsetof(zreg_descriptor, has_platform)},
    FIELD(zreg_descriptor, TEXTS, annotations),
    END,
};

const fields_row fields_of_artifact[] = {
    FIELD(zreg_artifact, TEXT, name),       FIELD(zreg_artifact, TEXT, url),
    FIELD(zreg_artifact, TEXT, repository), FIELD(zreg_artifact, TEXT, tag),
    FIELD(zreg_artifact, TEXT, digest),     FIELD(zreg_artifact, TEXT, media_type),
    FIELD(zreg_artifact, TEXT, change),     FIELD(zreg_artifact, TEXT, patchset),
    FIELD(zreg_artifact, TEXT, build),      FIELD(zreg_artifact, TEXT, project),
    FIELD(zreg_artifact, TEXT, job),        END,
};

const fields_row fields_of_candidate[] = {
    FIELD(zreg_candidate, INT, source),
    FIELD(zreg_candidate, TEXT, ref),
    FIELD(zreg_candidate, TEXT, digest),
    FIELD(zreg_candidate, TEXT, change),
    FIELD(zreg_candidate, TEXT, build),
    FIELD(zreg_candidate, TEXT, reason),
    END,
};

const fields_row fields_of_populated_image[] = {
    FIELD(zreg_populated_image, TEXT, repository),
    FIELD(zreg_populated_image, TEXT, tag),
    FIELD(zreg_populated_image, TEXT, digest),
    FIELD(zreg_populated_image, TEXT, change),
    FIELD(zreg_populated_image, TEXT, build),
    FIELD(zreg_populated_image, U64, bytes),
    FIELD(zreg_populated_image, U64, requests),
    FIELD(zreg_populated_image, TEXTS, superseded),
    FIELD(zreg_populated_image, TEXT, project),
    FIELD(zreg_populated_image, TEXT, reason),
    END,
};

const fields_row fields_of_populated_item[] = {
    FIELD(zreg_populated_item, TEXT, project),
    FIELD(zreg_populated_item, TEXT, change),
    FIELD(zreg_populated_item, TEXT, patchset),
    FIELD(zreg_populated_item, TEXT, url),
    FIELD(zreg_populated_item, TEXTS, images),
    FIELD(zreg_populated_item, TEXT, reason),
    FIELD(zreg_populated_item, INT, merged),
    FIELD(zreg_populated_item, INT, missed),
    END,
};

const fields_row fields_of_cleaned_tag[] = {
    FIELD(zreg_cleaned_tag, TEXT, tag),
    FIELD(zreg_cleaned_tag, TEXT, reason),
    FIELD(zreg_cleaned_tag, I64, age_s),
    FIELD(zreg_cleaned_tag, INT, deleted),
    END,
};

const fields_row fields_of_synced_tag[] = {
    FIELD(zreg_synced_tag, TEXT, tag),     FIELD(zreg_synced_tag, TEXT, reason),
    FIELD(zreg_synced_tag, ARRAY, digest), FIELD(zreg_synced_tag, ARRAY, before),
    FIELD(zreg_synced_tag, U64, bytes),    FIELD(zreg_synced_tag, INT, state),
    FIELD(zreg_synced_tag, INT, code),     END,
};

const fields_row fields_of_verified_part[] = {
    FIELD(zreg_verified_part, ARRAY, digest),    FIELD(zreg_verified_part, TEXT, media_type),
    FIELD(zreg_verified_part, TEXT, reason),     FIELD(zreg_verified_part, U64, size_bytes),
    FIELD(zreg_verified_part, INT, is_manifest), FIELD(zreg_verified_part, INT, good),
    FIELD(zreg_verified_part, INT, code),        END,
};

const fields_row fields_of_node_change[] = {
    FIELD(zreg_node_change, TEXT, path),   FIELD(zreg_node_change, TEXT, engine),
    FIELD(zreg_node_change, TEXT, action), FIELD(zreg_node_change, TEXT, wants),
    FIELD(zreg_node_change, INT, secret),  FIELD(zreg_node_change, TEXT, before),
    FIELD(zreg_node_change, TEXT, after),  END,
};

const fields_row fields_of_served_image[] = {
    FIELD(zreg_served_image, TEXT, repository), FIELD(zreg_served_image, TEXT, tag),
    FIELD(zreg_served_image, TEXT, digest),     FIELD(zreg_served_image, INT, source),
    FIELD(zreg_served_image, TEXT, change),     FIELD(zreg_served_image, TEXT, build),
    FIELD(zreg_served_image, TEXT, artifact),   FIELD(zreg_served_image, U64, requests),
    FIELD(zreg_served_image, U64, bytes),       END,
};

const fields_row fields_of_zuul_build[] = {
    FIELD(zreg_zuul_build, TEXT, uuid),     FIELD(zreg_zuul_build, TEXT, job),
    FIELD(zreg_zuul_build, TEXT, pipeline), FIELD(zreg_zuul_build, TEXT, project),
    FIELD(zreg_zuul_build, TEXT, branch),   FIELD(zreg_zuul_build, TEXT, change),
    FIELD(zreg_zuul_build, TEXT, patchset), FIELD(zreg_zuul_build, TEXT, buildset),
    FIELD(zreg_zuul_build, TEXT, ended),    END,
};
