/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where things stand in the store; the only place where keys are made.
 *
 *   v1/blobs/ALG/2HEX/HEX               content, stored once
 *   v1/repos/REPOSITORY/_blobs/ALG/HEX      this blob is a member; holds its size
 *   v1/repos/REPOSITORY/_manifests/ALG/HEX  revision record (record.h)
 *   v1/repos/REPOSITORY/_referrers/ALG/HEX/DIGEST  DIGEST names ALG:HEX as its subject
 *   v1/repos/REPOSITORY/_tags/TAG           the digest of the tag
 *   v1/uploads/ID/data, v1/uploads/ID/state
 *   v1/probe                            written to see whether writing works
 */
#ifndef ZREG_STORE_KEYS_H
#define ZREG_STORE_KEYS_H

#include <zreg/digest.h>

/** A key in memory of the caller's. */
typedef struct zreg__key {
    char text[768];
    size_t size;
} zreg__key;

void zreg__keys_blob(zreg__key *out, const zreg_digest *digest);

/* These check the names. Errors: INVAL, with the registry code NAME_INVALID. */
zreg_status zreg__keys_check_repository(const char *repository, zreg_error *err);
zreg_status zreg__keys_member(zreg__key *out, const char *repository, const zreg_digest *digest,
                              zreg_error *err);
zreg_status zreg__keys_revision(zreg__key *out, const char *repository, const zreg_digest *digest,
                                zreg_error *err);
zreg_status zreg__keys_referrers(zreg__key *out, const char *repository, const zreg_digest *subject,
                                 zreg_error *err);
zreg_status zreg__keys_referrer(zreg__key *out, const char *repository, const zreg_digest *subject,
                                const zreg_digest *digest, zreg_error *err);
zreg_status zreg__keys_tag(zreg__key *out, const char *repository, const char *tag,
                           zreg_error *err);
/** A folder of a repository: "_tags", "_manifests". */
zreg_status zreg__keys_folder(zreg__key *out, const char *repository, const char *folder,
                              zreg_error *err);

/** `part`: "data", "state", or NULL for the folder. An id that is not ours: NOTFOUND. */
zreg_status zreg__keys_upload(zreg__key *out, const char *id, const char *part, zreg_error *err);

#define ZREG__KEYS_REPOSITORIES "v1/repos"
#define ZREG__KEYS_UPLOADS "v1/uploads"
#define ZREG__KEYS_PROBE "v1/probe"

#endif
