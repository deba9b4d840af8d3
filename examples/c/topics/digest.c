/* SPDX-License-Identifier: Apache-2.0 */
/* Is this what that digest names? */
#include <stdio.h>

#include <zreg.h>

int main(void)
{
    zreg_error err = {0};
    zreg_digest wanted;
    zreg_digest found;

    if (zreg_digest_parse(&wanted,
                          "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                          &err) != ZREG_OK ||
        zreg_digest_of(&found, NULL, "hello", 5, &err) != ZREG_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%s\n", found.text);
    return zreg_digest_equal(&wanted, &found) ? 0 : 1;
}
