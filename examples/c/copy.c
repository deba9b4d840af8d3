/* SPDX-License-Identifier: Apache-2.0 */
/* Copies an image, with progress, until it is done or Ctrl-C is pressed: copy SOURCE DESTINATION */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include <zreg.h>

static zreg_cancel *cancel;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    zreg_cancel_trigger(cancel);
}

static int on_progress(const zreg_progress *progress, void *user)
{
    (void)user;
    fprintf(stderr, "%" PRIu32 " of %" PRIu32 " blobs, %" PRIu64 " of %" PRIu64 " bytes\n",
            progress->blobs_done, progress->blobs_total, progress->bytes_done,
            progress->bytes_total);
    return 0;
}

int main(int argc, char **argv)
{
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_copy_result result;
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_status status;

    if (argc != 3) {
        fprintf(stderr, "usage: copy SOURCE DESTINATION\n");
        return 2;
    }
    options.progress = on_progress;
    status = zreg_cancel_new(&cancel, &err);
    if (status == ZREG_OK)
        status = zreg_client_new(&client, NULL, &err);
    if (status == ZREG_OK) {
        signal(SIGINT, on_interrupt);
        status = zreg_copy(&result, client, argv[1], argv[2], &options, cancel, &err);
    }
    if (status == ZREG_OK)
        printf("%s\n", result.digest.text);
    else
        fprintf(stderr, "copy: %s\n", err.message);
    zreg_client_free(client);
    signal(SIGINT, SIG_DFL);
    zreg_cancel_free(cancel);
    return status == ZREG_OK ? 0 : 1;
}
