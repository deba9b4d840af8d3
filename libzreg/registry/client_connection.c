/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "oci/connection_record.h"
#include "registry/client.h"

zreg_status zreg_client_set_connection(char **out, zreg_client *client, const char *json,
                                       size_t size, const zreg_host_options *options,
                                       zreg_error *err)
{
    zreg_host_options set;
    ZREG__AUTO(zreg__connection_record) zreg__connection_record record = {NULL};
    ZREG__AUTO_FREE char *host = NULL;
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    set.size = sizeof(set);
    ZREG__TRY(zreg__connection_record_read(&record, json, size, err));
    ZREG__TRY(zreg__connection_record_authority(&host, &record, err));
    if (set.ca_pem == NULL && record.cert[0] != '\0') {
        set.ca_pem = record.cert;
    }
    ZREG__TRY(zreg_client_set_host(client, host, &set, err));
    if (record.username[0] != '\0') {
        ZREG__TRY(zreg_client_set_credentials(client, host, record.username, record.password, err));
    }
    *out = zreg__steal(&host);
    return ZREG_OK;
}
