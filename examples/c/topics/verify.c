/* SPDX-License-Identifier: Apache-2.0 */
/* Is all of an image there, and right? */
#include "topic.h"

int main(void)
{
    zreg_verify_options options = ZREG_OPTIONS(zreg_verify_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    zreg_verified *verified = NULL;
    zreg_digest digest;
    char place[100];
    char *json = NULL;

    snprintf(place, sizeof(place), "%s/example/base:latest", zreg_server_address(server));
    must(zreg_append(&digest, client, "scratch", NULL, place, NULL, NULL, &err), &err);
    options.quick = 1; /* blobs are asked for, and not read */
    must(zreg_verify(&verified, client, place, &options, NULL, &err), &err);
    for (size_t i = 0; i < zreg_verified_count(verified); i++) {
        const zreg_verified_part *part = zreg_verified_at(verified, i);
        printf("%s %s%s\n", part->good ? "good" : "bad", part->digest.text, part->reason);
    }
    must(zreg_verified_json(&json, verified, &err), &err);
    zreg_free(json);
    zreg_verified_free(verified);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
