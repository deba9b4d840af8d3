/* SPDX-License-Identifier: Apache-2.0 */
/* A registry in this process, and what others need to use it. */
#include "topic.h"

int main(void)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_error err = {0};
    zreg_server *server = NULL;
    char *connection = NULL;

    options.buildset = 1;
    must(zreg_server_start(&server, &options, &err), &err);
    printf("%s (port %u of %s)\n", zreg_server_address(server), zreg_server_port(server),
           zreg_server_host(server));
    printf("user %s, %s password\n", zreg_server_username(server),
           zreg_server_password(server) == NULL ? "no" : "with a");
    printf("fingerprint %s of\n%s", zreg_server_fingerprint(server),
           zreg_server_certificate(server));
    must(zreg_server_connection(&connection, server, &err), &err); /* all of it, a secret */
    zreg_free(connection);
    must(zreg_server_stop(server, 1000, &err), &err);
    zreg_server_free(server);
    return 0;
}
