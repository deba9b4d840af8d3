/* SPDX-License-Identifier: Apache-2.0 */
/* Says what an image reference holds: inspect REFERENCE */
#include <stdio.h>

#include <zreg.h>

static int failed(const zreg_error *err)
{
    fprintf(stderr, "inspect: %s\n", err->message);
    return 1;
}

int main(int argc, char **argv)
{
    zreg_error err = {0};
    zreg_client *client = NULL;
    char *json = NULL;
    zreg_status status;

    if (argc != 2) {
        fprintf(stderr, "usage: inspect REFERENCE\n");
        return 2;
    }
    if (zreg_client_new(&client, NULL, &err) != ZREG_OK)
        return failed(&err);
    status = zreg_inspect(&json, client, argv[1], NULL, &err);
    zreg_client_free(client);
    if (status != ZREG_OK)
        return failed(&err);
    printf("%s\n", json);
    zreg_free(json);
    return 0;
}
