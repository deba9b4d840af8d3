/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a buildset registry until standard input ends, and prints what a job needs to use it. */
#include <stdio.h>

#include <zreg.h>

int main(void)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_error err = {0};
    zreg_server *server = NULL;
    char *connection = NULL;

    options.buildset = 1;
    if (zreg_server_start(&server, &options, &err) != ZREG_OK ||
        zreg_server_connection(&connection, server, &err) != ZREG_OK) {
        fprintf(stderr, "buildset: %s\n", err.message);
        zreg_server_free(server);
        return 1;
    }
    printf("%s\n", connection); /* it holds the password: for secret data only */
    fflush(stdout);
    zreg_free(connection);
    while (getchar() != EOF)
        continue;
    zreg_server_stop(server, 1000, NULL);
    zreg_server_free(server);
    return 0;
}
