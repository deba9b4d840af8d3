/* SPDX-License-Identifier: Apache-2.0 */
/* A registry in this process, and what others need to use it. */
#include "topic.h"

/* A registry that runs for long in a folder of its own: users come and go meanwhile. */
static void serve_users(const char *folder)
{
    static const char users[] =
        "ann:$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS\n";
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_error err = {0};
    zreg_server *server = NULL;

    options.root = folder;
    options.htpasswd = users;
    options.metrics_listen = "127.0.0.1:0";
    must(zreg_server_start(&server, &options, &err), &err);
    printf("who watches it: http://%s/metrics\n", zreg_server_metrics_address(server));
    must(zreg_server_check(server, 1000, &err), &err); /* as a watchdog asks */
    options.read_only = (const char *const[]){"ann", NULL};
    must(zreg_server_reload(server, &options, &err), &err);
    printf("from now on ann may pull only\n");
    zreg_server_free(server);
}

int main(int argc, char **argv)
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
    if (argc > 1) {
        serve_users(argv[1]);
    }
    return 0;
}
