/* SPDX-License-Identifier: Apache-2.0 */
/* What every program meets: a status, an error with a line for people, text to be freed. */
#include <stdio.h>

#include <zreg.h>

int main(void)
{
    zreg_error err = {0};
    char *tag = NULL;
    zreg_status status;

    printf("libzreg %s\n", zreg_version());
    status = zreg_temporary_tag(&tag, NULL, NULL, "latest", &err);
    printf("%s: %s\n", zreg_status_name(status), err.message);
    if (zreg_temporary_tag(&tag, "12", NULL, "latest", NULL) != ZREG_OK)
        return 1;
    printf("%s\n", tag);
    zreg_free(tag);
    return status == ZREG_INVAL ? 0 : 1;
}
