/* SPDX-License-Identifier: Apache-2.0 */
/** The manifest that a verb is about: what a reference names, or of an index the image of one platform. */
#ifndef CLI_PICK_H
#define CLI_PICK_H

#include "session.h"

typedef struct picked {
    zreg_ref *ref; /* as it was written */
    zreg_manifest *manifest;
} picked;

/** Fetches it. With a platform (may be NULL) an index is gone down to the image for that. Errors: INVAL (a place
 *  that is no registry), NOTFOUND (no such platform; names those there are), those of the client. */
zreg_status pick_manifest(session *s, picked *out, const char *text, const char *platform);

/** The same, down to an image in any case: by default for Linux on this machine's architecture. */
zreg_status pick_image(session *s, picked *out, const char *text, const char *platform);

void pick_finish(picked *it);

/** Reads a reference of a registry; other places are refused with what to do instead. */
zreg_status pick_ref(session *s, zreg_ref **out, const char *text);

/** Fetches a whole blob of at most 4 MiB, verified, with a NUL behind it, into new memory. */
zreg_status pick_blob(session *s, char **out, const zreg_ref *ref, const zreg_descriptor *blob);

#endif
