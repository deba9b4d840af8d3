/* SPDX-License-Identifier: Apache-2.0 */
#include "passwords.h"

#include "memory.h"
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

/* 2^10 rounds: about 50 ms for each guess. */
#define COST 10

zreg_status passwords_hash(session *s, char **out, const char *password)
{
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    struct crypt_data *work = memory_array(1, sizeof(*work));
    const char *hash = NULL;
    if (crypt_gensalt_rn("$2b$", COST, NULL, 0, salt, sizeof(salt)) != NULL) {
        hash = crypt_r(password, salt, work);
    }
    *out = hash == NULL || hash[0] == '*' ? NULL : memory_check(strdup(hash));
    explicit_bzero(work, sizeof(*work));
    free(work);
    return *out != NULL ? ZREG_OK
                        : session_fail(s, ZREG_UNSUPPORTED, "libcrypt does not know bcrypt");
}
