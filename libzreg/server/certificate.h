/* SPDX-License-Identifier: Apache-2.0 */
/** Certificates: made for a buildset registry, and their fingerprints. */
#ifndef ZREG_SERVER_CERTIFICATE_H
#define ZREG_SERVER_CERTIFICATE_H

#include <zreg/common.h>

/**
 * A self-signed P-256 certificate and its key as PEM text in new memory. `names` end with NULL;
 * each is a DNS name or an address. Errors: INVAL (a name), NOMEM.
 */
zreg_status zreg__certificate_make(char **out_cert, char **out_key, const char *const *names,
                                   zreg_error *err);

/** SHA-256 of the first certificate as "AB:CD:..." in new memory. Errors: INVAL, NOMEM. */
zreg_status zreg__certificate_fingerprint(char **out, const char *cert_pem, zreg_error *err);

#endif
