/* SPDX-License-Identifier: Apache-2.0 */
/* References made of others, and what is inside manifests. */
#include "shim_inside.h"

zreg_ref *zreg_go_ref_with_tag(const zreg_ref *ref, const char *tag, zreg_error *err)
{
    zreg_ref *out = NULL;

    return zreg_ref_with_tag(&out, ref, tag, err) == ZREG_OK ? out : NULL;
}

zreg_ref *zreg_go_ref_with_digest(const zreg_ref *ref, const zreg_digest *digest, zreg_error *err)
{
    zreg_ref *out = NULL;

    return zreg_ref_with_digest(&out, ref, digest, err) == ZREG_OK ? out : NULL;
}

size_t zreg_go_manifest_annotation_count(const zreg_manifest *manifest)
{
    return count_texts(zreg_manifest_annotations(manifest));
}

const char *zreg_go_manifest_annotation_at(const zreg_manifest *manifest, size_t i)
{
    return text_at(zreg_manifest_annotations(manifest), i);
}

size_t zreg_go_descriptor_annotation_count(const zreg_descriptor *descriptor)
{
    return count_texts(descriptor->annotations);
}

const char *zreg_go_descriptor_annotation_at(const zreg_descriptor *descriptor, size_t i)
{
    return text_at(descriptor->annotations, i);
}
