/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a repository may come from mirrors: they are asked in order, each once, then the registry itself
 * (docs/design/0023-mirrors.md). */
#include "registry/request.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One request, and what files say of its registry. */
typedef struct reading {
    zreg_client *client;
    zreg__host *host;
    const zreg__request *request;
    zreg_cancel *cancel;
    const zreg__mirror_rule *rule; /* or NULL */
    char *name;                    /* HOST/REPOSITORY */
    size_t prefix_size;            /* of the name, for which the rule stands */
    bool by_tag;
} reading;

static void reading_finish(reading *self)
{
    free(self->name);
}

ZREG__DEFINE_AUTO_VALUE(reading, reading_finish)

/* And not of a vendor's interface, or of Zuul's. */
static bool is_of_registry(const zreg__request *request)
{
    return request->repository != NULL ||
           (request->path != NULL && zreg__str_starts(request->path, "/v2/"));
}

/* What stands in a path behind the repository; NULL: the path is another. */
static const char *behind_repository(const zreg__request *request)
{
    size_t size = request->repository != NULL ? strlen(request->repository) : 0;

    return size > 0 && request->path != NULL && zreg__str_starts(request->path, "/v2/") &&
                   strncmp(request->path + 4, request->repository, size) == 0 &&
                   request->path[4 + size] == '/'
               ? request->path + 4 + size
               : NULL;
}

static const char *blob_digest(const zreg__request *request)
{
    const char *behind = behind_repository(request);

    return zreg__str_starts(behind, "/blobs/") ? behind + strlen("/blobs/") : NULL;
}

static bool only_reads(const zreg__request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* A manifest or a blob that is pulled, or looked at in order to be. */
static bool is_pull(const zreg__request *request)
{
    const char *behind = behind_repository(request);

    return only_reads(request) && request->actions == ZREG__PULL && !request->once &&
           !request->stream && !request->fleeting && !request->own_authorization &&
           request->credential == NULL && behind != NULL &&
           (zreg__str_starts(behind, "/manifests/") ||
            (zreg__str_starts(behind, "/blobs/") && !zreg__str_starts(behind, "/blobs/uploads/")));
}

static bool says_nothing(const zreg__mirror_server *server)
{
    return server->ca_pem == NULL && server->client_cert_pem == NULL && !server->insecure &&
           !server->plain_http && !server->may_be_plain;
}

/* In place of what is known of who asks. */
static bool tells_who(const zreg__mirror_server *server)
{
    for (char *const *header = server->headers; *header != NULL; header++) {
        if (strncasecmp(*header, "authorization:", strlen("authorization:")) == 0) {
            return true;
        }
    }
    return false;
}

static zreg__host_suggestion suggestion_of(const zreg__mirror_server *server)
{
    zreg__host_suggestion made = {
        .options = ZREG_OPTIONS(zreg_host_options),
        .may_be_plain = server->may_be_plain,
    };

    made.options.ca_pem = server->ca_pem;
    made.options.client_cert_pem = server->client_cert_pem;
    made.options.client_key_pem = server->client_key_pem;
    made.options.insecure = server->insecure;
    made.options.plain_http = server->plain_http;
    return made;
}

/* How a host is to be reached by all, unless the program has said so. */
static zreg_status suggest(zreg__host *host, const zreg__mirror_server *server, zreg_error *err)
{
    const zreg__host_suggestion suggested = suggestion_of(server);

    return says_nothing(server) ? ZREG_OK : zreg__host_suggest(host, &suggested, err);
}

/* How a server is reached that stands for another is no matter of who asks it for its own sake: pushes and passwords
 * would go to it without TLS, or to anybody. */
static zreg_status find_server(zreg__host **out, const reading *self,
                               const zreg__mirror_server *server, zreg_error *err)
{
    const zreg__host_suggestion suggested = suggestion_of(server);

    return says_nothing(server)
               ? zreg__client_host(out, self->client, server->host, err)
               : zreg__client_host_apart(out, self->client, server->host, &suggested, err);
}

/* Reads what files say of a host, and whom to trust there. */
static zreg_status look_up(const zreg__site_host **out, const reading *self, zreg__host *host,
                           zreg_error *err)
{
    const zreg__site_host *found = NULL;

    ZREG__TRY(zreg__site_host_of(&found, self->client->site, host->name, self->cancel, err));
    if (found->has_rule && !found->rule.has_origin) {
        ZREG__TRY(suggest(host, &found->rule.origin, err));
    }
    if (found->itself.host != NULL) {
        ZREG__TRY(suggest(host, &found->itself, err));
    }
    *out = found;
    return ZREG_OK;
}

/* HOST[/REPOSITORY[:TAG]], as rules have names, of what is asked for. */
static zreg_status make_name(char **out, const reading *self, const char *host,
                             const char *repository, zreg_error *err)
{
    const char *behind = behind_repository(self->request);
    const char *reference =
        behind != NULL && zreg__str_starts(behind, "/manifests/") ? behind + 11 : "";
    const char *mark = reference[0] == '\0' ? "" : strchr(reference, ':') != NULL ? "@" : ":";

    *out = repository == NULL ? zreg__strdup(host)
                              : zreg__asprintf("%s/%s%s%s", host, repository, mark, reference);
    return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* A rule for part of a host says nothing of how to reach all of it. */
static zreg_status suggest_insecure(const reading *self, zreg_error *err)
{
    const zreg__mirror_server insecure = {.insecure = true, .may_be_plain = true};

    if (strchr(self->rule->prefix, '/') != NULL) {
        zreg__log_line(&self->client->log, ZREG_LOG_WARNING,
                       "%s: \"insecure\" counts for whole hosts, not for %s", self->rule->file,
                       self->rule->prefix);
        return ZREG_OK;
    }
    return suggest(self->host, &insecure, err);
}

static zreg_status fail_blocked(const reading *self, const zreg__mirror_rule *rule, zreg_error *err)
{
    return zreg__fail(err, ZREG_DENIED, "%s: %s is blocked in %s", self->request->what,
                      rule->prefix, rule->file);
}

static zreg_status find_rule(reading *self, zreg_error *err)
{
    const zreg__site_host *of = NULL;

    ZREG__TRY(look_up(&of, self, self->host, err));
    ZREG__TRY(make_name(&self->name, self, self->host->name, self->request->repository, err));
    self->rule = zreg__site_rule(&self->prefix_size, self->client->site, of, self->name);
    if (self->rule == NULL) {
        return ZREG_OK;
    }
    if (self->rule->blocked) {
        return fail_blocked(self, self->rule, err);
    }
    return self->rule->insecure ? suggest_insecure(self, err) : ZREG_OK;
}

/* The request as a server gets it. */
typedef struct turned {
    zreg__request request;
    zreg__host *host;
    char *repository;
    char *path;
    char *server;                     /* tells it apart */
    const zreg__mirror_rule *blocked; /* that says that this server is not to be asked; or NULL */
} turned;

static void turned_finish(turned *self)
{
    free(self->repository);
    free(self->path);
    free(self->server);
}

ZREG__DEFINE_AUTO_VALUE(turned, turned_finish)

static zreg_status make_paths(turned *out, const reading *self, const zreg__mirror_server *server,
                              zreg_error *err)
{
    size_t size = strlen(self->host->name) + 1 + strlen(self->request->repository);
    ZREG__AUTO_FREE char *whole = zreg__strndup(self->name, size);
    size_t prefix_size = self->prefix_size < size ? self->prefix_size : size;

    if (whole == NULL) {
        return zreg__fail_nomem(err);
    }
    out->repository = zreg__mirror_server_repository(server, whole, prefix_size);
    out->server = zreg__asprintf("%s%s%s%s", server->plain_http ? "http://" : "", server->host,
                                 server->base, server->path);
    if (out->repository == NULL || out->server == NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: it has no repository at %s", self->rule->file,
                          server->host);
    }
    out->path = zreg__asprintf("%s/%s%s%s%s", server->base, out->repository,
                               behind_repository(self->request), server->tells_name ? "?ns=" : "",
                               server->tells_name ? self->host->name : "");
    return out->path != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status find_block(turned *out, const reading *self, const zreg__site_host *of,
                              zreg_error *err)
{
    ZREG__AUTO_FREE char *name = NULL;
    size_t unused = 0;

    ZREG__TRY(make_name(&name, self, out->host->name, out->repository, err));
    const zreg__mirror_rule *rule = zreg__site_rule(&unused, self->client->site, of, name);
    out->blocked = rule != NULL && rule->blocked ? rule : NULL;
    return ZREG_OK;
}

/* Nothing of the registry's own goes along: the host has its own credentials, or none. */
static zreg_status turn(turned *out, const reading *self, const zreg__mirror_server *server,
                        zreg_error *err)
{
    const zreg__site_host *of = NULL;

    ZREG__TRY(make_paths(out, self, server, err));
    ZREG__TRY(find_server(&out->host, self, server, err));
    ZREG__TRY(look_up(&of, self, out->host, err));
    ZREG__TRY(find_block(out, self, of, err));
    out->request = *self->request;
    out->request.path = out->path;
    out->request.blob_path = NULL;
    out->request.look = NULL;
    out->request.repository = out->repository;
    out->request.own_headers = (const char *const *)server->headers;
    out->request.own_authorization = tells_who(server);
    return ZREG_OK;
}

static bool is_wanted(const zreg__fetch_exchange *exchange)
{
    return zreg__fetch_status(exchange) == 200 || zreg__fetch_status(exchange) == 206;
}

static zreg__mirror_outcome outcome_of(const zreg__fetch_exchange *exchange, zreg_status status)
{
    int http = exchange != NULL ? zreg__fetch_status(exchange) : 0;

    if (status == ZREG_OK && is_wanted(exchange)) {
        return ZREG__MIRROR_SERVED;
    }
    if (http == 404) {
        return ZREG__MIRROR_LACKS;
    }
    return status == ZREG_DENIED || http == 401 || http == 403 ? ZREG__MIRROR_DENIES
                                                               : ZREG__MIRROR_FAILS;
}

static void log_outcome(const reading *self, const turned *to, zreg__mirror_outcome outcome,
                        const zreg__fetch_exchange *exchange, const zreg_error *failed)
{
    char http[32] = "";

    if (outcome == ZREG__MIRROR_SERVED) {
        zreg__log_line(&self->client->log, ZREG_LOG_DEBUG, "%s: its mirror %s answers",
                       self->request->what, to->host->name);
        return;
    }
    if (exchange != NULL) {
        snprintf(http, sizeof(http), "HTTP %d", zreg__fetch_status(exchange));
    }
    zreg__log_line(&self->client->log, ZREG_LOG_INFO, "%s: its mirror %s does not serve it (%s)%s",
                   self->request->what, to->host->name, exchange != NULL ? http : failed->message,
                   outcome == ZREG__MIRROR_FAILS ? "; it is left alone" : "");
}

/* It is filled by who asks: what it has is what is to be replaced. */
static bool is_filled(const reading *self, const turned *to, const zreg__mirror_server *server)
{
    bool is_below = zreg__str_starts(server->base, "/v2/");
    ZREG__AUTO_FREE char *repository =
        zreg__concat(is_below ? server->base + 4 : "", is_below ? "/" : "", to->repository);

    return repository == NULL ||
           zreg__mirrors_is_written(self->client->mirrors, to->host->name, repository);
}

/* One look; `*out` stays NULL when the mirror does not help. */
static zreg_status ask_mirror(zreg__fetch_exchange **out, const reading *self,
                              const zreg__mirror_server *server, zreg_error *err)
{
    ZREG__AUTO(turned) turned to = {0};
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg_error failed = {0};

    ZREG__TRY(turn(&to, self, server, err));
    const zreg__mirror_question question = {.server = to.server,
                                            .repository = to.repository,
                                            .by_tag = self->by_tag,
                                            .what = self->request->what,
                                            .digest = blob_digest(self->request)};
    if (to.blocked != NULL) {
        zreg__log_line(&self->client->log, ZREG_LOG_DEBUG, "%s: its mirror %s is blocked in %s",
                       self->request->what, to.host->name, to.blocked->file);
        return ZREG_OK;
    }
    if (is_filled(self, &to, server) || !zreg__mirrors_worth(self->client->mirrors, &question)) {
        return ZREG_OK;
    }
    to.request.single = true;
    to.request.is_brief = true;
    to.request.may_be_page = false;
    zreg_status status =
        zreg__request_deliver(&exchange, self->client, to.host, &to.request, self->cancel, &failed);
    if (status == ZREG_CANCELLED || status == ZREG_NOMEM) {
        return zreg__fail_again(err, &failed);
    }
    ZREG__TRY(zreg__cancel_check(self->cancel, err));
    zreg__mirror_outcome outcome = outcome_of(exchange, status);
    zreg__mirrors_note(self->client->mirrors, &question, outcome);
    log_outcome(self, &to, outcome, exchange, &failed);
    if (outcome == ZREG__MIRROR_SERVED) {
        *out = zreg__steal(&exchange);
    }
    if (outcome == ZREG__MIRROR_SERVED && self->request->out_mirror != NULL) {
        *self->request->out_mirror = zreg__steal(&to.server);
    }
    return ZREG_OK;
}

static zreg_status ask_mirrors(zreg__fetch_exchange **out, const reading *self, zreg_error *err)
{
    unsigned wanted = self->by_tag ? ZREG__SERVES_TAGS : ZREG__SERVES_DIGESTS;

    for (size_t i = 0; i < self->rule->count && *out == NULL; i++) {
        if ((self->rule->servers[i].serves & wanted) != 0) {
            ZREG__TRY(ask_mirror(out, self, &self->rule->servers[i], err));
        }
    }
    return ZREG_OK;
}

/* The registry itself, or what stands for it by the files. */
static zreg_status ask_origin(zreg__fetch_exchange **out, const reading *self, zreg_error *err)
{
    ZREG__AUTO(turned) turned to = {0};

    if (!self->rule->has_origin) {
        return zreg__request_deliver(out, self->client, self->host, self->request, self->cancel,
                                     err);
    }
    ZREG__TRY(turn(&to, self, &self->rule->origin, err));
    if (to.blocked != NULL) {
        return fail_blocked(self, to.blocked, err);
    }
    return zreg__request_deliver(out, self->client, to.host, &to.request, self->cancel, err);
}

static zreg_status pull(zreg__fetch_exchange **out, reading *self, zreg_error *err)
{
    const char *behind = behind_repository(self->request);

    self->by_tag = zreg__str_starts(behind, "/manifests/") && strchr(behind, ':') == NULL;
    ZREG__TRY(ask_mirrors(out, self, err));
    return *out != NULL ? ZREG_OK : ask_origin(out, self, err);
}

/* What the files have the registry itself be told. Who shows it credentials to have them tried shows no others. */
static void add_headers(zreg__request *to, const zreg__mirror_rule *rule)
{
    bool has_own = to->credential != NULL || to->own_authorization;

    if (rule == NULL || rule->has_origin || (has_own && tells_who(&rule->origin))) {
        return;
    }
    to->own_headers = (const char *const *)rule->origin.headers;
    to->own_authorization = to->own_authorization || tells_who(&rule->origin);
}

zreg_status zreg__request_send(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                               const zreg__request *request, zreg_cancel *cancel, zreg_error *err)
{
    zreg__request own = *request;
    ZREG__AUTO(reading)
    reading self = {.client = client, .host = host, .request = &own, .cancel = cancel};
    const char *repository = request->repository;

    if (client->site == NULL || request->fleeting || !is_of_registry(request)) {
        return zreg__request_deliver(out, client, host, request, cancel, err);
    }
    ZREG__TRY(find_rule(&self, err));
    add_headers(&own, self.rule);
    if (!only_reads(request) && repository != NULL) {
        ZREG__TRY(zreg__mirrors_write(client->mirrors, host->name, repository, err));
    }
    if (self.rule == NULL || client->no_mirrors || !is_pull(request) ||
        zreg__mirrors_is_written(client->mirrors, host->name, repository)) {
        return zreg__request_deliver(out, client, host, &own, cancel, err);
    }
    return pull(out, &self, err);
}
