/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Login and logout: credentials that outlast the program, kept where docker and podman keep theirs.
 *
 * A registry's credentials are with the credential helper that the file names for it (credHelpers, credsStore), or
 * else in the file itself, which nobody but its owner can read. The file is `authfile` of zreg_client_options, or of
 * the places that it looks through the first where there is one, and docker's where there is none.
 */
#ifndef ZREG_LOGIN_H
#define ZREG_LOGIN_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>

ZREG_BEGIN_DECLS

/**
 * Asks the host whether it accepts a user and a password, and keeps them for those who come later. The client itself
 * uses them from now on, as after zreg_client_set_credentials; when this fails it goes on as before. `*out` says
 * where they are, the file or "docker-credential-NAME"; free it with zreg_free. What else stands in the file stays,
 * and whose it is. A host that does not ask is shown them, and then a user that nobody has: if it accepts that too,
 * nothing is kept. Errors: DENIED (the host does not accept them; nothing is kept), INVAL (no user, one with a colon;
 * no file, or one that is not regular; the host asks for no password), IO (the file cannot be written, or the helper
 * failed), and those of zreg_client_ping.
 */
ZREG_API zreg_status zreg_client_login(char **out, zreg_client *client, const char *host,
                                       const char *username, const char *password,
                                       zreg_cancel *cancel, zreg_error *err);

/**
 * Removes what is kept for a host from all files of the client and their helpers. The client itself goes there
 * without credentials from now on. Asks no registry. `*out` is the first place where there was something, as of
 * zreg_client_login. A file or a helper that fails keeps no other from being cleared: the error is that of the first
 * one, and names the places that were. Errors: NOTFOUND (nothing was kept), INVAL, IO, CANCELLED.
 */
ZREG_API zreg_status zreg_client_logout(char **out, zreg_client *client, const char *host,
                                        zreg_cancel *cancel, zreg_error *err);

ZREG_END_DECLS

#endif
