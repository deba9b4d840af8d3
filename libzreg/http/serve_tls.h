/* SPDX-License-Identifier: Apache-2.0 */
/** What all connections of one server share of TLS. */
#ifndef ZREG_HTTP_SERVE_TLS_H
#define ZREG_HTTP_SERVE_TLS_H

#include "http/serve.h"
#include <openssl/ssl.h>
#include <zreg/common.h>

/** A context for TLS 1.2 and 1.3: a certificate, what else the PEM holds as its chain, and its key.
 *  Connections keep what they began with, so that it can be replaced while they run.
 *  Clients may, or must, show a certificate where a CA for them is given; one that it does not vouch
 *  for ends the handshake. Errors: INVAL (they are none, or not of one pair), NOMEM. */
zreg_status zreg__serve_tls_new(SSL_CTX **out, const zreg__serve_tls *tls, zreg_error *err);

/** The name in the certificate that the peer showed, in new memory: its subject's common name, or else
 *  its first alternative name (DNS or e-mail). NULL: it showed none, or there is no name in it. */
char *zreg__serve_tls_peer(const SSL *ssl);

#endif
