/* SPDX-License-Identifier: Apache-2.0 */
/* A call that waits ends when Ctrl-C is pressed, or after a minute; here the program presses it
 * itself. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <zreg.h>

static zreg_cancel *cancel;

static void on_signal(int number)
{
    (void)number;
    zreg_cancel_trigger(cancel); /* safe inside a signal handler */
}

static void must(zreg_status status, const zreg_error *err)
{
    if (status != ZREG_OK) {
        fprintf(stderr, "%s: %s\n", zreg_status_name(status), err->message);
        exit(1);
    }
}

int main(void)
{
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_status status;

    must(zreg_cancel_new(&cancel, &err), &err);
    must(zreg_client_new(&client, NULL, &err), &err);
    zreg_cancel_after(cancel, 60000);
    signal(SIGINT, on_signal);
    raise(SIGINT);
    status = zreg_client_ping(client, "127.0.0.1:9", cancel, &err);
    printf("%s, triggered: %d\n", zreg_status_name(status), zreg_cancel_triggered(cancel));
    zreg_client_free(client);
    zreg_cancel_free(cancel);
    return status == ZREG_CANCELLED ? 0 : 1;
}
