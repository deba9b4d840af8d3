/* SPDX-License-Identifier: Apache-2.0 */
/* What is in an image, as one tar archive. */
#include "topic.h"

#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    zreg_export_options options = ZREG_OPTIONS(zreg_export_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    int archive = open("image.tar", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    zreg_digest digest;
    char place[100];

    if (archive < 0) {
        return 1;
    }
    snprintf(place, sizeof(place), "%s/example/base:latest", zreg_server_address(server));
    must(zreg_append(&digest, client, "scratch", NULL, place, NULL, NULL, &err), &err);
    options.platform = "linux/amd64"; /* of an index; without it this machine's */
    must(zreg_export(&digest, client, place, archive, &options, NULL, &err), &err);
    printf("%s is written\n", digest.text);
    close(archive);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
