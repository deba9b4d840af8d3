/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that outlast the program, in a file as docker and podman have it. */
#include "topic.h"

int main(void)
{
    zreg_server_options settings = ZREG_OPTIONS(zreg_server_options);
    zreg_client_options options = ZREG_OPTIONS(zreg_client_options);
    zreg_host_options trust = ZREG_OPTIONS(zreg_host_options);
    zreg_error err = {0};
    zreg_server *server = NULL;
    zreg_client *client = NULL;
    char *place = NULL;

    settings.buildset = 1; /* it makes a user, a password and a certificate */
    must(zreg_server_start(&server, &settings, &err), &err);
    options.authfile = "auth.json"; /* NULL: where docker and podman look */
    must(zreg_client_new(&client, &options, &err), &err);
    trust.ca_pem = zreg_server_certificate(server);
    must(zreg_client_set_host(client, zreg_server_address(server), &trust, &err), &err);

    must(zreg_client_login(&place, client, zreg_server_address(server),
                           zreg_server_username(server), zreg_server_password(server), NULL, NULL,
                           &err),
         &err);
    printf("kept in %s\n", place);
    zreg_free(place);
    must(zreg_client_logout(&place, client, zreg_server_address(server), NULL, &err), &err);
    printf("removed from %s\n", place);
    zreg_free(place);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
