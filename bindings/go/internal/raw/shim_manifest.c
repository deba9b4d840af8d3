/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside manifests, and how they are made. */
#include "shim_inside.h"

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
