/* SPDX-License-Identifier: Apache-2.0 */
/* A call that waits ends when Ctrl-C is pressed, or after a minute; here the program presses it
 * itself. */
#include "topic.h"

#include <signal.h>

static zreg_cancel *cancel;

static void on_signal(int number)
{
    (void)number;
    zreg_cancel_trigger(cancel); /* safe inside a signal handler */
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
