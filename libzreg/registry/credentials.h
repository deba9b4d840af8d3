/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Users and passwords: given by the program, else from config.json and auth.json and the helper
 * programs they name. Usable from many threads.
 *
 * The entry whose key is the longest prefix of HOST/REPOSITORY counts. A helper that fails is an
 * error; nothing of another entry is used in its place.
 */
#ifndef ZREG_REGISTRY_CREDENTIALS_H
#define ZREG_REGISTRY_CREDENTIALS_H

#include "base/compiler.h"
#include <zreg/cancel.h>
#include <zreg/common.h>

typedef struct zreg__credentials zreg__credentials;

/** What to prove oneself with; all NULL: anonymous. Owned, wiped when finished. */
typedef struct zreg__credential {
    char *key; /* tells entries apart in caches; not a secret */
    char *username;
    char *password;
    char *identity_token; /* OAuth refresh token in place of a password */
    char *registry_token; /* bearer token to be used as it is */
} zreg__credential;

/** `authfile` as in zreg_client_options. Reads nothing yet. Errors: NOMEM. */
zreg_status zreg__credentials_new(zreg__credentials **out, const char *authfile, zreg_error *err);

/** That path; NULL: the usual places. Lives as long as the credentials. */
const char *zreg__credentials_authfile(const zreg__credentials *credentials);

/** Sets those of a canonical HOST[/REPOSITORY], before all that are found; of these the longest name counts. NULL
 *  `username`: anonymous. Errors: NOMEM. */
zreg_status zreg__credentials_set(zreg__credentials *credentials, const char *name,
                                  const char *username, const char *password, zreg_error *err);

/** Finds those for a repository of a canonical host. Errors: INVAL (a file that cannot be read or
 *  understood), IO (a helper failed), CANCELLED, NOMEM. */
zreg_status zreg__credentials_find(zreg__credential *out, zreg__credentials *credentials,
                                   const char *host, const char *repository, zreg_cancel *cancel,
                                   zreg_error *err);

/** "Basic ..." for user and password, in new memory. Errors: NOMEM. */
zreg_status zreg__credential_basic(char **out, const zreg__credential *credential, zreg_error *err);

/** Takes line ends from the end of secrets. */
void zreg__credential_trim(zreg__credential *credential);

void zreg__credentials_free(zreg__credentials *credentials);
void zreg__credential_finish(zreg__credential *credential);

ZREG__DEFINE_AUTO(zreg__credentials, zreg__credentials_free)
ZREG__DEFINE_AUTO_VALUE(zreg__credential, zreg__credential_finish)

#endif
