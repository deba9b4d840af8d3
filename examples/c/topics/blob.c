/* SPDX-License-Identifier: Apache-2.0 */
/* A blob is pushed as it is made, found, read and deleted. */
#include "topic.h"

#include <inttypes.h>

static zreg_ref *repository(const zreg_server *server, const char *name)
{
    zreg_error err = {0};
    zreg_ref *ref = NULL;
    char text[100];

    snprintf(text, sizeof(text), "%s/%s", zreg_server_address(server), name);
    must(zreg_ref_parse(&ref, text, &err), &err);
    return ref;
}

static zreg_digest push(zreg_client *client, const zreg_ref *ref)
{
    zreg_error err = {0};
    zreg_blob_writer *writer = NULL;
    zreg_digest digest;

    must(zreg_blob_create(&writer, client, ref, NULL, UINT64_MAX, NULL, &err), &err);
    must(zreg_blob_write(writer, "hello ", 6, &err), &err);
    must(zreg_blob_write(writer, "world\n", 6, &err), &err);
    must(zreg_blob_commit(&digest, writer, &err), &err);
    zreg_blob_writer_free(writer);
    return digest;
}

/* What was read counts once the end has been reported: only then the digest was right. */
static void pull(zreg_client *client, const zreg_ref *ref, const zreg_digest *digest)
{
    zreg_error err = {0};
    zreg_blob_reader *reader = NULL;
    char buffer[65536];
    size_t size = 0;

    must(zreg_blob_open(&reader, client, ref, digest, NULL, &err), &err);
    printf("%" PRIu64 " bytes: ", zreg_blob_size(reader));
    do {
        must(zreg_blob_read(&size, reader, buffer, sizeof(buffer), &err), &err);
        fwrite(buffer, 1, size, stdout);
    } while (size > 0);
    zreg_blob_reader_free(reader);
}

/* A part is not verified: the digest is that of the whole. */
static void pull_part(zreg_client *client, const zreg_ref *ref, const zreg_digest *digest)
{
    zreg_error err = {0};
    zreg_blob_reader *reader = NULL;
    char buffer[5];
    size_t size = 0;

    must(zreg_blob_open_range(&reader, client, ref, digest, 6, 5, NULL, &err), &err);
    must(zreg_blob_read(&size, reader, buffer, sizeof(buffer), &err), &err);
    printf("the part: %.*s\n", (int)size, buffer);
    zreg_blob_reader_free(reader);
}

int main(void)
{
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    zreg_ref *ref = repository(server, "example/base");
    zreg_ref *other = repository(server, "example/app");
    zreg_digest digest = push(client, ref);
    uint64_t size = 0;
    int mounted = 0;

    must(zreg_blob_head(&size, client, ref, &digest, NULL, &err), &err);
    must(zreg_blob_mount(&mounted, client, other, &digest, "example/base", NULL, &err), &err);
    printf("%" PRIu64 " bytes, mounted: %d\n", size, mounted);
    pull(client, other, &digest);
    pull_part(client, other, &digest);
    must(zreg_blob_delete(client, ref, &digest, NULL, &err), &err);
    zreg_ref_free(other);
    zreg_ref_free(ref);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
