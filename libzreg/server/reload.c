/* SPDX-License-Identifier: Apache-2.0 */
#include "server/reload.h"

#include "base/error.h"
#include "base/fork.h"
#include "base/options.h"
#include "server/audit.h"

void zreg__reload_share(zreg__call *call)
{
    zreg_server *server = call->server;
    pthread_mutex_lock(&server->lock);
    call->users = zreg__users_share(server->users);
    call->rights = zreg__rights_share(server->rights);
    pthread_mutex_unlock(&server->lock);
}

zreg__rights *zreg__reload_rights(zreg_server *server)
{
    pthread_mutex_lock(&server->lock);
    zreg__rights *rights = zreg__rights_share(server->rights);
    pthread_mutex_unlock(&server->lock);
    return rights;
}

zreg__authority *zreg__reload_authority(zreg_server *server)
{
    pthread_mutex_lock(&server->lock);
    zreg__authority *authority = zreg__authority_share(server->authority);
    pthread_mutex_unlock(&server->lock);
    return authority;
}

/* What stays as it was made. */
static zreg_status check(const zreg_server *server, const zreg_server_options *options,
                         zreg_error *err)
{
    if (server->username != NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "a buildset registry keeps its user and its certificate");
    }
    if ((unsigned)options->anonymous > ZREG_ANONYMOUS_PUSH) {
        return zreg__fail(err, ZREG_INVAL, "anonymous has a value that is not one");
    }
    if ((options->tls_cert_pem == NULL) != (options->tls_key_pem == NULL)) {
        return zreg__fail(err, ZREG_INVAL, "a certificate and its key go together");
    }
    if ((options->tls_cert_pem == NULL) != (server->cert_pem == NULL)) {
        return zreg__fail(err, ZREG_INVAL,
                          "TLS is not begun or ended while the server runs: start it anew");
    }
    if ((options->tls_client_ca_pem != NULL) != server->asks_for_certificates) {
        return zreg__fail(err, ZREG_INVAL,
                          "certificates of clients are not begun or ended while the server runs: "
                          "start it anew");
    }
    if ((options->token_realm == NULL) != (zreg__authority_issuer(server->authority) == NULL)) {
        return zreg__fail(err, ZREG_INVAL,
                          "a token service is not begun or ended while the server runs: start it "
                          "anew");
    }
    if ((options->htpasswd == NULL) != zreg__users_empty(server->users)) {
        return zreg__fail(
            err, ZREG_INVAL,
            "a server without users gets none while it runs, nor the other way round: "
            "what is open to everybody depends on it");
    }
    if ((options->rules == NULL) != (server->anonymous != ZREG_ANONYMOUS_DEFAULT)) {
        return zreg__fail(err, ZREG_INVAL,
                          "a server with rules of rights keeps some while it runs, and one without "
                          "gets none: start it anew");
    }
    return ZREG_OK;
}

static void exchange(zreg_server *server, zreg_anonymous anonymous, zreg__users **users,
                     zreg__rights **rights, zreg__authority **authority)
{
    pthread_mutex_lock(&server->lock);
    zreg__users *users_before = server->users;
    zreg__rights *rights_before = server->rights;
    zreg__authority *authority_before = server->authority;
    server->users = zreg__steal(users);
    server->rights = zreg__steal(rights);
    server->authority = zreg__steal(authority);
    server->anonymous = anonymous;
    pthread_mutex_unlock(&server->lock);
    zreg__users_free(users_before);
    zreg__rights_free(rights_before);
    zreg__authority_free(authority_before);
}

static zreg_status reload(zreg_server *server, const zreg_server_options *options, zreg_error *err)
{
    zreg_server_options set;
    ZREG__AUTO(zreg__users) zreg__users *users = NULL;
    ZREG__AUTO(zreg__rights) zreg__rights *rights = NULL;
    ZREG__AUTO(zreg__authority) zreg__authority *authority = NULL;
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(check(server, &set, err));
    if (set.anonymous == ZREG_ANONYMOUS_DEFAULT) {
        set.anonymous = server->anonymous;
    }
    ZREG__TRY(zreg__users_new(&users, set.htpasswd, err));
    ZREG__TRY(zreg__rights_new(&rights, &set, users, err));
    ZREG__TRY(zreg__authority_new(&authority, &set, server->run_key, err));
    const zreg__serve_tls tls = {set.tls_cert_pem, set.tls_key_pem, set.tls_client_ca_pem,
                                 set.tls_client_required != 0};
    if (tls.cert_pem != NULL) {
        ZREG__TRY(zreg__serve_set_tls(server->serve, &tls, err));
    }
    exchange(server, set.anonymous, &users, &rights, &authority);
    return ZREG_OK;
}

zreg_status zreg_server_reload(zreg_server *server, const zreg_server_options *options,
                               zreg_error *err)
{
    zreg__error_clear(err);
    if (server == NULL) {
        return zreg__fail(err, ZREG_INVAL, "no server");
    }
    ZREG__TRY(zreg__fork_check(server->life.maker, "the server", err));
    if (!zreg__life_enter(&server->life)) { /* its end waits for the audit callback too */
        return zreg__fail(err, ZREG_CANCELLED, "the server %s was stopped", server->address);
    }
    pthread_mutex_lock(&server->reloading);
    zreg_status status = reload(server, options, err);
    pthread_mutex_unlock(&server->reloading);
    zreg__audit_reload(server, status == ZREG_OK);
    zreg__life_leave(&server->life);
    return status;
}
