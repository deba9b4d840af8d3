/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a reference, and others made of it. */
#include "topic.h"

int main(void)
{
    zreg_error err = {0};
    zreg_ref *ref = NULL;
    zreg_ref *tagged = NULL;
    zreg_ref *pinned = NULL;
    zreg_digest digest;

    must(zreg_ref_parse(&ref, "quay.io/example/base", &err), &err);
    printf("%s: host %s, repository %s, tag %s; in Zuul %s\n", zreg_ref_text(ref),
           zreg_ref_host(ref), zreg_ref_repository(ref), zreg_ref_tag(ref),
           zreg_ref_canonical_name(ref));
    must(zreg_ref_with_tag(&tagged, ref, "3", &err), &err);
    printf("%s\n", zreg_ref_text(tagged));
    must(zreg_digest_of(&digest, NULL, "", 0, &err), &err);
    must(zreg_ref_with_digest(&pinned, ref, &digest, &err), &err);
    printf("%s: %s\n", zreg_ref_text(pinned), zreg_ref_reference(pinned));
    printf("digests: %s, %s\n", zreg_ref_digest(pinned)->text,
           zreg_ref_digest(ref) == NULL ? "none" : "one");
    zreg_ref_free(pinned);
    zreg_ref_free(tagged);
    zreg_ref_free(ref);
    return 0;
}
