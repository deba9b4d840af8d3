/* SPDX-License-Identifier: Apache-2.0 */
/* Engines are told to use a buildset registry, and no longer. The machine is the folder that is
 * given: "/" would be this one. */
#include "topic.h"

#include <string.h>

/* A registry, whose connection record is what engines need. */
static zreg_server *start(char **connection)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_error err = {0};
    zreg_server *server = NULL;

    options.buildset = 1;
    must(zreg_server_start(&server, &options, &err), &err);
    must(zreg_server_connection(connection, server, &err), &err);
    return server;
}

static void tell(const zreg_node_changes *changes)
{
    zreg_error err = {0};
    char *json = NULL;

    for (size_t i = 0; i < zreg_node_changes_count(changes); i++) {
        const zreg_node_change *change = zreg_node_changes_at(changes, i);
        printf("%s: %s for %s\n", change->path, change->action, change->engine);
    }
    must(zreg_node_changes_json(&json, changes, &err), &err);
    zreg_free(json);
}

int main(int argc, char **argv)
{
    zreg_node_options options = ZREG_OPTIONS(zreg_node_options);
    zreg_error err = {0};
    char *connection = NULL;
    zreg_server *server = start(&connection);
    zreg_node_changes *changes = NULL;

    options.root = argc > 1 ? argv[1] : "root";
    options.engines = (const char *const[]){"podman", NULL};
    must(zreg_node_apply(&changes, connection, strlen(connection), &options, NULL, &err), &err);
    tell(changes);
    zreg_node_changes_free(changes);
    must(zreg_node_revert(&changes, &options, NULL, &err), &err);
    tell(changes);
    zreg_node_changes_free(changes);
    zreg_free(connection);
    zreg_server_free(server);
    return 0;
}
