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

/** Settings of zreg_client_login. */
typedef struct zreg_login_options {
    size_t size;
    int no_check; /**< 1: the registry is not asked, and they are kept as they are */
} zreg_login_options;

/**
 * Asks a host whether it accepts a user and a password, and keeps them for those who come later. `host` is HOST[:PORT],
 * or HOST[:PORT]/REPOSITORY for repositories whose names begin so: of all that are kept the longest name counts, for
 * podman too; they stand in the file, for helpers know hosts only. Where the token service gives a refresh token, that
 * is kept in place of the password, as docker keeps it. The client itself uses the pair from now on, as after
 * zreg_client_set_credentials; when this fails it goes on as before. `*out` says where they are, the file or
 * "docker-credential-NAME"; free it with zreg_free. What else stands in the file stays, and whose it is. A host that
 * does not ask is shown them, and then a user that nobody has: if it accepts that too, nothing is kept. `options` may
 * be NULL. Errors: DENIED (the host does not accept them; nothing is kept), INVAL (no user, one with a colon; no file,
 * or one that is not regular; the host asks for no password), IO (the file cannot be written, or the helper failed),
 * and those of zreg_client_ping.
 */
ZREG_API zreg_status zreg_client_login(char **out, zreg_client *client, const char *host,
                                       const char *username, const char *password,
                                       const zreg_login_options *options, zreg_cancel *cancel,
                                       zreg_error *err);

/**
 * Removes what is kept for a name, as of zreg_client_login, from all files of the client and their helpers; what is
 * kept for longer or shorter names stays. The client itself goes there without credentials from now on. Asks no
 * registry. `*out` is the first place where there was something, as of zreg_client_login. A file or a helper that
 * fails keeps no other from being cleared: the error is that of the first one, and names the places that were.
 * Errors: NOTFOUND (nothing was kept), INVAL, IO, CANCELLED.
 */
ZREG_API zreg_status zreg_client_logout(char **out, zreg_client *client, const char *host,
                                        zreg_cancel *cancel, zreg_error *err);

ZREG_END_DECLS

#endif
