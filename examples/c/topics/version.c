/* SPDX-License-Identifier: Apache-2.0 */
/* What the library that is running can do. */
#include <stdio.h>

#include <zreg.h>

int main(void)
{
    printf("libzreg %s, compiled against %s\n", zreg_version(),
           zreg_version_number() == ZREG_VERSION_NUMBER ? "the same" : "another one");
    for (size_t i = 0; zreg_feature_name(i) != NULL; i++)
        printf("%s: %s\n", zreg_feature_name(i), zreg_feature(zreg_feature_name(i)));
    return zreg_feature("http") == NULL ? 1 : 0;
}
