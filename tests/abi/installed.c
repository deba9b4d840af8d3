/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else's: it knows the installed library and pkg-config, nothing more. */
#include <stdio.h>

#include <zreg.h>

int main(int argc, char **argv)
{
    zreg_error err;
    zreg_ref *ref = NULL;

    if (zreg_ref_parse(&ref, argc > 1 ? argv[1] : "debian", &err) != ZREG_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%s %s\n", zreg_version(), zreg_ref_text(ref));
    zreg_ref_free(ref);
    return 0;
}
