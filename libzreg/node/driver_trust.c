/* SPDX-License-Identifier: Apache-2.0 */
/* The system's own list of certificate authorities, for whatever asks no engine. */
#include "node/block.h"
#include "node/driver.h"
#include "node/trust.h"

#include "base/error.h"
#include "base/mem.h"

const zreg__trust zreg__trusts[] = {
    /* Debian, Ubuntu, Alpine */
    {"/usr/local/share/ca-certificates", "/etc/ssl/certs/ca-certificates.crt",
     "/usr/sbin/update-ca-certificates", "--fresh"},
    /* Fedora, RHEL and kin */
    {"/etc/pki/ca-trust/source/anchors", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
     "/usr/bin/update-ca-trust", NULL},
    /* SUSE */
    {"/etc/pki/trust/anchors", "/var/lib/ca-certificates/ca-bundle.pem",
     "/usr/sbin/update-ca-certificates", "--fresh"},
    {0},
};

static zreg_status plan_bundle(zreg__steps *plan, const char *path, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content before = {0};
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    ZREG__TRY(zreg__steps_read(&before, plan, path, err));
    if (!before.exists) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__block_insert(&after, &before, before.size, before.size,
                                 plan->connection->ca_pem, err));
    return zreg__steps_write(plan, path, &zreg__format_block, ZREG__WANTS_NOTHING, &after, err);
}

static zreg_status plan_row(bool *out_used, zreg__steps *plan, const zreg__trust *row,
                            zreg_error *err)
{
    bool folder = false;
    bool bundle = false;
    ZREG__TRY(zreg__steps_exists(&folder, plan, row->folder, err));
    ZREG__TRY(zreg__steps_exists(&bundle, plan, row->bundle, err));
    *out_used = folder || bundle;
    if (!*out_used) {
        return ZREG_OK;
    }
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/%s", row->folder, ZREG__TRUST_FILE);
    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__steps_certificate(plan, path, ZREG__WANTS_NOTHING, err));
    return plan->edits_bundle ? plan_bundle(plan, row->bundle, err) : ZREG_OK;
}

static zreg_status plan_trust(zreg__steps *plan, zreg_error *err)
{
    bool used = plan->connection->ca_pem == NULL;
    for (const zreg__trust *row = zreg__trusts; row->folder != NULL && !used; row++) {
        ZREG__TRY(plan_row(&used, plan, row, err));
    }
    return ZREG_OK;
}

const zreg__node_driver zreg__node_driver_trust = {.name = "trust", .plan = plan_trust};
