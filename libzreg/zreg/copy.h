/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Moving and making images: copy, append, index.
 *
 * Places are written as text:
 *   docker://HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]   a registry (the prefix may be left out)
 *   oci:DIR[:NAME][@DIGEST]                         an OCI image layout
 *   oci-archive:FILE[:NAME][@DIGEST]                the tar of one
 *   docker-archive:FILE[:REF]                       the tar of `docker save`
 *   docker-daemon:REF or docker-daemon:sha256:ID    an image of the Docker daemon, over its socket
 * DIR and FILE end at the first colon. NAME is a tag or a whole reference, as the layout has it;
 * ":@NUMBER" in its place is the image at that place of its list, from 0, of a source. FILE "-" is
 * standard input or output. REF may end in @DIGEST, as the others may; a place that is pinned so is
 * read and written as that or not at all. In a layout a NAME is taken from whoever had it under any
 * spelling ("a:1", "docker.io/library/a:1"); what is written without one takes no name from anybody,
 * and is not listed a second time where it has one. An archive is read where it lies; a pipe, and
 * what is compressed with gzip, goes into a file in $TMPDIR first (64 GiB at most). A new archive
 * takes the place of an old one when it is whole; a pipe gets it from a file in $TMPDIR then. Both
 * kinds are written alike, an OCI layout with the manifest.json of `docker load`, so either reads them.
 * The Docker daemon is that of DOCKER_HOST (unix:///PATH), or of /var/run/docker.sock; it gives and takes
 * such archives, by a file in $TMPDIR. An ID, which is the digest of a config, is of a source only.
 */
#ifndef ZREG_COPY_H
#define ZREG_COPY_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/server.h>

ZREG_BEGIN_DECLS

/** Settings of a copy. */
typedef struct zreg_copy_options {
    size_t size;
    const char *const *platforms; /**< "os/arch[/variant]": copy only these children of an index,
                                       under a new index; NULL: the whole index, unchanged */
    const zreg_digest *expect_digest; /**< NULL, or refuse (CONFLICT) a source that is not this */
    const char *const *mount_from; /**< repositories of the destination host that may hold blobs */
    uint32_t jobs;                 /**< transfers at once; 0: 8 */
    zreg_server *src_server;       /**< read straight from this server; the host is ignored */
    zreg_server *dst_server;       /**< write straight into this server; the host is ignored */
    zreg_progress_fn progress;
    void *progress_user;
    int with_referrers; /**< 1: what belongs to the image moves with it; see zreg_copy */
    int force;          /**< 1: each part is looked for at the destination; see zreg_copy */
    const char *layers; /**< what plain layers of a docker archive or daemon become in a registry:
                             "gzip" (NULL), "zstd" or "as-is" */
    int dry_run;        /**< 1: both ends are read, and nothing is changed; see zreg_copy */
    int sparse; /**< 1: with platforms, the index stays as it is, byte for byte, and only these of
                             its children are copied: a sparse index, which not all registries take */
} zreg_copy_options;

/** What a copy did. Grows at its end: zreg_copy tells the library the size that the caller knows. */
typedef struct zreg_copy_result {
    zreg_digest digest;   /**< of the manifest or index at the destination */
    char media_type[128]; /**< of the same */
    uint64_t bytes;       /**< blob bytes that moved */
    uint32_t blobs_copied;
    uint32_t blobs_mounted;
    uint32_t blobs_skipped; /**< were at the destination already */
    uint32_t manifests_put;
    uint64_t src_requests; /**< HTTP requests to the source host */
    uint64_t dst_requests; /**< HTTP requests to the destination host; when both hosts are one,
                                all are counted here */
    uint64_t elapsed_ms;
    uint32_t referrers_copied;  /**< with_referrers: signatures and whatever else belongs to it */
    uint32_t referrers_skipped; /**< of these, were at the destination already */
} zreg_copy_result;

/** zreg_copy for a caller whose zreg_copy_result has `out_size` bytes: call that one. */
ZREG_API zreg_status zreg_copy_sized(zreg_copy_result *out, size_t out_size, zreg_client *client,
                                     const char *src, const char *dst,
                                     const zreg_copy_options *options, zreg_cancel *cancel,
                                     zreg_error *err);

/**
 * Copies an image or a whole index from one place to another.
 *
 * Children arrive before parents, so the destination is complete at every moment; each digest
 * crosses the wire once; what is there already is left alone; blobs are streamed and verified
 * before the destination commits them. Opens up to twice `jobs` threads and joins them.
 *
 * With `with_referrers` this moves too, for the image and, of an index, for each child: whatever
 * names it as its subject (OCI 1.1; the registry's list of referrers, or the tag sha256-HEX where it
 * keeps none), the tags that cosign gives signatures, attestations and SBOMs (sha256-HEX.sig, .att,
 * .sbom), and what belongs to these in turn. All of it is found before anything moves; then come the
 * image, its referrers, and cosign's tags last. What names another subject is left out with a
 * warning. A cosign tag of the destination is replaced only by one that holds all that it holds; it
 * stays when it holds all of ours; else CONFLICT. Within one repository nothing is asked: what
 * belongs to a digest is there. An index made anew for `platforms` has nothing yet that belongs to
 * it, its children do. A docker archive, and an archive that is written, have no room for it:
 * UNSUPPORTED.
 *
 * A destination that has the image under its name, or a child of an index, is taken to have all that
 * these name. With `force` it is not: each manifest is put and each blob is looked for, those of
 * what belongs to the image included, so that what was lost there is repaired. In a folder each
 * manifest is looked at anyway.
 *
 * With `dry_run` both ends are looked at as for a copy, and no request is sent that changes anything: the result is
 * that of a copy, and counts what one would have done. Blobs of another repository of the same host count as
 * mounted, which that host may see otherwise.
 *
 * Layers that may not be given on (nondistributable, foreign) are copied where the source has them,
 * and left out where it has not and they name another place in "urls". What an index names of an
 * unknown type is copied as the manifest or blob that it is. Plain layers of a docker archive are
 * compressed for a registry, by way of files in $TMPDIR; with zstd where the library was built with
 * libzstd (else UNSUPPORTED), which Docker reads from version 23 on. A docker archive takes one image:
 * INVAL (an index of several; choose with `platforms`), UNSUPPORTED (what is no image of a container).
 *
 * Errors: those of the client; INVAL (a place), CONFLICT (expect_digest, a cosign tag), CORRUPT,
 * LIMIT (more than 1000 referrers, or referrers of referrers 8 deep).
 */
static inline zreg_status zreg_copy(zreg_copy_result *out, zreg_client *client, const char *src,
                                    const char *dst, const zreg_copy_options *options,
                                    zreg_cancel *cancel, zreg_error *err)
{
    return zreg_copy_sized(out, sizeof(*out), client, src, dst, options, cancel, err);
}

/** Settings of an append. */
typedef struct zreg_append_options {
    size_t size;
    const char *platform;           /**< "os/arch[/variant]": of a scratch image, or the child to
                                         take of a base index; NULL: "linux/" and this machine's */
    const char *const *labels;      /**< "KEY=VALUE" */
    const char *const *environment; /**< "KEY=VALUE", replacing the base's value of that key */
    const char *const *entrypoint;  /**< NULL: keep the base's */
    const char *const *command;     /**< NULL: keep the base's */
    const char *working_dir;        /**< NULL: keep the base's */
    const char *user;               /**< NULL: keep the base's */
    int64_t created;                /**< seconds since 1970 for the config's times; 0 is 1970, so
                                         that the same input gives the same digest */
    zreg_server *dst_server;        /**< write straight into this server */
    zreg_progress_fn progress;
    void *progress_user;
    const char *const
        *annotations; /**< "KEY=VALUE" of the manifest, replacing the base's value of that key */
    int dry_run;      /**< 1: nothing is stored; `out` gets the digest that the image would have */
    int rebase; /**< 1: the layers of an old base give way to those of a new one; see zreg_append */
    const char *old_base; /**< a place; NULL: what the image is annotated with as its base */
    const char *new_base; /**< a place; NULL: the same, by its name instead of its digest */
    int all_platforms;    /**< 1: of a base that is an index each image is changed, and an index of
                               them stored, instead of the one for `platform` */
} zreg_append_options;

/**
 * Puts layers on a base image and stores the result at `dst`.
 *
 * `base` is a place, or "scratch". Each of `layers` is a tar file (plain or gzip; used as it is)
 * or a folder (packed reproducibly: sorted, owner 0:0, times `created`, gzip). Same input, same
 * digest. Without any layer the config and the manifest alone are changed. Layers are streamed.
 *
 * With `rebase` the image keeps its own layers, history and config; below these come the layers and
 * history of `new_base`, and its operating system and architecture. What lies in `old_base` is told
 * by the diff_ids of the layers, which must be the first of the image: CONFLICT. An index among the
 * bases gives the image for its own platform (of Windows, of its build too); a new base for another
 * is CONFLICT. The new base is written into the annotations
 * org.opencontainers.image.base.name and .digest (image-spec, annotations.md), from which the next
 * rebase takes what is not told; INVAL when they are not there.
 *
 * With `all_platforms` the children of an index that attest others are left out, with a warning, for
 * they say nothing of the new images; children of unknown types stay, and so do all annotations.
 * Errors: INVAL, NOTFOUND, CONFLICT, IO, and those of zreg_copy.
 */
ZREG_API zreg_status zreg_append(zreg_digest *out, zreg_client *client, const char *base,
                                 const char *const *layers, const char *dst,
                                 const zreg_append_options *options, zreg_cancel *cancel,
                                 zreg_error *err);

/**
 * Makes an index of images and stores it, with all it needs, at `dst`.
 *
 * Each of `sources` is a place; an index among them gives its children. The platform of an image
 * is read from its config. Of `options`, `platforms` chooses among the children of an index, and
 * `expect_digest`, which says nothing about several sources, must be NULL.
 * Errors: INVAL (two images of one platform, expect_digest), UNSUPPORTED (with_referrers: copy the
 * images first), those of zreg_copy.
 */
ZREG_API zreg_status zreg_index_create(zreg_digest *out, zreg_client *client,
                                       const char *const *sources, const char *dst,
                                       const zreg_copy_options *options, zreg_cancel *cancel,
                                       zreg_error *err);

/**
 * What a place holds, as one JSON document for people and scripts: ref, digest, media_type,
 * size, platforms (index) or config, layers, labels (image). Free it with zreg_free.
 */
ZREG_API zreg_status zreg_inspect(char **out_json, zreg_client *client, const char *place,
                                  zreg_cancel *cancel, zreg_error *err);

ZREG_END_DECLS

#endif
