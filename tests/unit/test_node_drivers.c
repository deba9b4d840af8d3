/* SPDX-License-Identifier: Apache-2.0 */
/* What each engine's files hold afterwards, from what they hold before; no machine is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/block.h"
#include "node/driver.h"
#include <string.h>

#define BEGIN ZREG__BLOCK_BEGIN "\n"
#define END ZREG__BLOCK_END "\n"
#define PEM "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
#define HOST "host.example:9000"

/* The machine: path and content in turn, ends with NULL. */
static const char *const *machine;

static const char *find(const char *path)
{
    for (const char *const *file = machine; *file != NULL; file += 2) {
        if (zreg__str_equal(*file, path)) {
            return file[1];
        }
    }
    return NULL;
}

static zreg_status view_read(zreg__content *out, void *user, const char *path, zreg_error *err)
{
    (void)user;
    const char *text = find(path);
    return text == NULL ? ZREG_OK : zreg__content_text(out, text, err);
}

/* A folder is there when something is in it. */
static zreg_status view_exists(bool *out, void *user, const char *path, zreg_error *err)
{
    (void)user;
    (void)err;
    size_t size = strlen(path);
    *out = false;
    for (const char *const *file = machine; *file != NULL; file += 2) {
        *out |= zreg__str_starts(*file, path) && ((*file)[size] == '\0' || (*file)[size] == '/');
    }
    return ZREG_OK;
}

static zreg_status view_list(zreg_strings **out, void *user, const char *folder, zreg_error *err)
{
    (void)user;
    size_t size = strlen(folder);
    assert_int_equal(zreg__strings_new(out, err), ZREG_OK);
    for (const char *const *file = machine; *file != NULL; file += 2) {
        if (zreg__str_starts(*file, folder) && (*file)[size] == '/') {
            assert_int_equal(zreg__strings_add(*out, *file + size + 1, 100, err), ZREG_OK);
        }
    }
    return ZREG_OK;
}

static char authority[] = HOST;
static char address[] = "2001:db8::1";
static char auth[] = "enV1bDp4";
static char ca_pem[] = PEM;
static const char *const docker_and_quay[] = {"docker.io", "quay.io", NULL};

static zreg__node_connection connection = {NULL, authority, auth, ca_pem};

static zreg__steps plan_on(const char *const *files)
{
    machine = files;
    return (zreg__steps){
        .connection = &connection,
        .namespaces = docker_and_quay,
        .home = "/home/zuul",
        .uid = 1000,
        .edits_bundle = true,
        .view = {view_read, view_exists, view_list, NULL},
        .engine = "test",
    };
}

static const char *after(const zreg__steps *plan, const char *path)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (zreg__str_equal(plan->items[i].path, path)) {
            return plan->items[i].after.bytes;
        }
    }
    return NULL;
}

/* Runs one driver on a machine with one file, or none, and compares the file. */
static void check(const zreg__node_driver *driver, const char *path, const char *before,
                  const char *expected)
{
    const char *const files[] = {before == NULL ? NULL : path, before, NULL};
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    zreg_error err = {0};
    assert_int_equal(driver->plan(&plan, &err), ZREG_OK);
    const char *found = after(&plan, path);
    if (expected == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, expected);
    }
}

static void check_refused(const zreg__node_driver *driver, const char *path, const char *before,
                          zreg_status expected)
{
    const char *const files[] = {path, before, NULL};
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    zreg_error err = {0};
    assert_int_equal(driver->plan(&plan, &err), expected);
    assert_non_null(strstr(err.message, path));
}

static void test_hosts(void **state)
{
    (void)state;
    static const char path[] = "/etc/hosts";
    static const char ours[] = BEGIN "2001:db8::1 zuul-jobs.buildset-registry\n" END;
    check(&zreg__node_driver_hosts, path, "a\n", NULL); /* a name needs no alias */
    connection.address = address;
    check(&zreg__node_driver_hosts, path, NULL, ours);
    check(&zreg__node_driver_hosts, path, "::1 localhost\n",
          "::1 localhost\n" BEGIN "2001:db8::1 zuul-jobs.buildset-registry\n" END);
    /* the first line counts */
    check(&zreg__node_driver_hosts, path,
          "::1 a\n192.0.2.1\tx Zuul-Jobs.buildset-registry # old\nz\n",
          "::1 a\n" BEGIN "2001:db8::1 zuul-jobs.buildset-registry\n" END
          "192.0.2.1\tx Zuul-Jobs.buildset-registry # old\nz\n");
    check(&zreg__node_driver_hosts, path, "# 192.0.2.1 zuul-jobs.buildset-registry\n::1 a\n",
          "# 192.0.2.1 zuul-jobs.buildset-registry\n::1 a\n" BEGIN
          "2001:db8::1 zuul-jobs.buildset-registry\n" END);
    connection.address = NULL;
}

static void test_trust(void **state)
{
    (void)state;
    static const char *const families[][2] = {
        {"/etc/ssl/certs/ca-certificates.crt",
         "/usr/local/share/ca-certificates/zreg-buildset-registry.crt"},
        {"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
         "/etc/pki/ca-trust/source/anchors/zreg-buildset-registry.crt"},
        {"/var/lib/ca-certificates/ca-bundle.pem",
         "/etc/pki/trust/anchors/zreg-buildset-registry.crt"},
    };
    for (size_t i = 0; i < ZREG__COUNT(families); i++) {
        const char *const files[] = {families[i][0], "# all\n", NULL};
        ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
        assert_int_equal(zreg__node_driver_trust.plan(&plan, NULL), ZREG_OK);
        assert_int_equal(plan.count, 2);
        assert_string_equal(after(&plan, families[i][0]), "# all\n" BEGIN PEM END);
        assert_string_equal(after(&plan, families[i][1]), PEM);
    }
    check(&zreg__node_driver_trust, "/etc/motd", "x", NULL);
}

static void test_docker_puts_its_mirror_first(void **state)
{
    (void)state;
    static const char path[] = "/etc/docker/daemon.json";
    check(&zreg__node_driver_docker, path, NULL,
          "{\n  \"registry-mirrors\": [\n    \"https://" HOST "\"\n  ]\n}\n");
    check(&zreg__node_driver_docker, path, "\n", /* empty: docker takes that for no settings */
          "{\n  \"registry-mirrors\": [\n    \"https://" HOST "\"\n  ]\n}\n");
    check(&zreg__node_driver_docker, path,
          "{\"b\":1,\"registry-mirrors\":[\"https://site\"],\"a\":2}",
          "{\n  \"b\": 1,\n  \"registry-mirrors\": [\n    \"https://" HOST "\",\n"
          "    \"https://site\"\n  ],\n  \"a\": 2\n}\n");
    /* named already, but not first */
    check(&zreg__node_driver_docker, path,
          "{\"registry-mirrors\":[\"https://site\",\"https://" HOST "\"]}",
          "{\n  \"registry-mirrors\": [\n    \"https://" HOST
          "\",\n    \"https://site\"\n  ]\n}\n");
    /* first already: not even the spaces change */
    check(&zreg__node_driver_docker, path, "{ \"registry-mirrors\" :[\"https://" HOST "\"]}",
          "{ \"registry-mirrors\" :[\"https://" HOST "\"]}");
    check_refused(&zreg__node_driver_docker, path, "{\"registry-mirrors\":{}}", ZREG_INVAL);
    check_refused(&zreg__node_driver_docker, path, "[]", ZREG_INVAL);
}

static void test_certsd(void **state)
{
    (void)state;
    static const char path[] = "/etc/docker/certs.d/quay.io/hosts.toml";
#define OURS                                                                                       \
    BEGIN "[host.\"https://" HOST "\"]\n"                                                          \
          "  capabilities = [\"pull\", \"resolve\"]\n"                                             \
          "  ca = \"../" HOST "/ca.crt\"\n" END
    check(&zreg__node_driver_docker, path, NULL, OURS);
    check(&zreg__node_driver_docker, path,
          "server = \"https://quay.io\"\n\n[host.\"https://site\"]\n",
          "server = \"https://quay.io\"\n\n" OURS "[host.\"https://site\"]\n");
    check(&zreg__node_driver_docker, "/etc/docker/certs.d/" HOST "/ca.crt", NULL, PEM);
    check(&zreg__node_driver_microk8s,
          "/var/snap/microk8s/current/args/certs.d/docker.io/hosts.toml", NULL, OURS);
    const char *const files[] = {"/etc/docker/certs.d/_default/hosts.toml",
                                 "server = \"https://all\"\n[host.\"https://site\"]", NULL};
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    assert_int_equal(zreg__node_driver_docker.plan(&plan, NULL), ZREG_OK);
    assert_string_equal(after(&plan, path),
                        BEGIN "server = \"https://all\"\n[host.\"https://" HOST "\"]\n"
                              "  capabilities = [\"pull\", \"resolve\"]\n"
                              "  ca = \"../" HOST "/ca.crt\"\n[host.\"https://site\"]\n" END);
    connection.ca_pem = NULL;
    check(&zreg__node_driver_docker, path, NULL,
          BEGIN "[host.\"https://" HOST "\"]\n  capabilities = [\"pull\", \"resolve\"]\n" END);
    check(&zreg__node_driver_docker, "/etc/docker/certs.d/" HOST "/ca.crt", NULL, NULL);
    connection.ca_pem = ca_pem;
}

#define CONFIG_PATH "  config_path = \"/etc/containerd/certs.d\"\n"
#define CRI2 "[plugins.\"io.containerd.grpc.v1.cri\".registry]\n"

static void test_certsd_of_a_registry_with_a_port(void **state)
{
    (void)state;
    static const char *const names[] = {"site.example:5000", NULL};
    static const char *const files[] = {"/etc/docker/certs.d/site.example_5000_/hosts.toml", "",
                                        NULL};
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    plan.namespaces = names;
    assert_int_equal(zreg__node_driver_docker.plan(&plan, NULL), ZREG_OK);
    assert_string_equal(after(&plan, files[0]), OURS);
    ZREG__AUTO(zreg__steps) zreg__steps other = plan_on(files + 2);
    other.namespaces = names;
    assert_int_equal(zreg__node_driver_docker.plan(&other, NULL), ZREG_OK);
    assert_string_equal(after(&other, "/etc/docker/certs.d/site.example:5000/hosts.toml"), OURS);
}

static void test_containerd_config_path(void **state)
{
    (void)state;
    static const char path[] = "/etc/containerd/config.toml";
    static const struct {
        const char *before;
        const char *after; /* NULL: left alone */
    } rows[] = {
        {NULL, BEGIN "version = 2\n" CRI2 CONFIG_PATH END},
        {"version = 2\n", "version = 2\n" BEGIN CRI2 CONFIG_PATH END},
        {"version = 3\n", "version = 3\n" BEGIN
                          "[plugins.\"io.containerd.cri.v1.images\".registry]\n" CONFIG_PATH END},
        {"root = \"/x\"\n", "root = \"/x\"\n" BEGIN "[plugins.cri.registry]\n" CONFIG_PATH END},
        {"version = 2 # v\n" CRI2 "[debug]\n",
         "version = 2 # v\n" CRI2 BEGIN CONFIG_PATH END "[debug]\n"},
        {"version = 2\n" CRI2 "\tconfig_path = \"\"\n[debug]\n",
         "version = 2\n" CRI2 BEGIN "#zreg-kept#\tconfig_path = \"\"\n" CONFIG_PATH END
         "[debug]\n"},
        {"version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\n  config_path = ''\n",
         "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\n" BEGIN
         "#zreg-kept#  config_path = ''\n" CONFIG_PATH END},
        {"version = 2\n" CRI2 "config_path = \"/site\"\n", NULL},
        {"disabled_plugins = [\"cri\"]\n", NULL},
        {"version = 2\ndisabled_plugins = [ # none but\n \"io.containerd.grpc.v1.cri\" ]\n", NULL},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        check(&zreg__node_driver_containerd, path, rows[i].before, rows[i].after);
    }
    check_refused(&zreg__node_driver_containerd, path,
                  "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"x\"]\n",
                  ZREG_CONFLICT);
    check_refused(&zreg__node_driver_containerd, path,
                  "version = 2\n" CRI2 "config_path = \"certs.d\"\n", ZREG_CONFLICT);
    check_refused(&zreg__node_driver_containerd, path,
                  "version = 2\n" CRI2 "config_path = \"\"\"\n/x\"\"\"\n", ZREG_CONFLICT);
}

static void test_containerd_uses_the_sites_folder(void **state)
{
    (void)state;
    const char *const files[] = {"/etc/containerd/config.toml",
                                 "version = 2\n" CRI2 "config_path = \"/site/d:/other\"\n", NULL};
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    assert_int_equal(zreg__node_driver_containerd.plan(&plan, NULL), ZREG_OK);
    assert_non_null(after(&plan, "/site/d/quay.io/hosts.toml"));
    assert_null(after(&plan, "/etc/containerd/certs.d/quay.io/hosts.toml"));
}

#define DROP_IN "/etc/containers/registries.conf.d/zz-zreg-buildset-registry.conf"
#define QUAY                                                                                       \
    "\n[[registry]]\nprefix = \"quay.io\"\nlocation = \"quay.io\"\n[[registry.mirror]]\n"          \
    "location = \"" HOST "/quay.io\"\n"

static void check_drop_in(const char *const *files, const char *expected)
{
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    assert_int_equal(zreg__node_driver_podman.plan(&plan, NULL), ZREG_OK);
    assert_string_equal(after(&plan, DROP_IN), expected);
    assert_string_equal(after(&plan, "/etc/containers/certs.d/" HOST "/ca.crt"), PEM);
}

static void test_containers_mirror_before_original(void **state)
{
    (void)state;
    const char *const files[] = {NULL};
    check_drop_in(files, BEGIN "[[registry]]\nprefix = \"docker.io\"\nlocation = \"docker.io\"\n"
                               "[[registry.mirror]]\nlocation = \"" HOST "\"\n" QUAY END);
}

/* The drop-in's first lines on a machine with this registries.conf. */
static void expect_unqualified(const char *const *registries, const char *conf, const char *lines)
{
    const char *const files[] = {"/etc/containers/registries.conf", conf, NULL};
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    plan.unqualified = registries;
    assert_int_equal(zreg__node_driver_podman.plan(&plan, NULL), ZREG_OK);
    const char *found = after(&plan, DROP_IN);
    ZREG__AUTO_FREE char *expected =
        zreg__asprintf(BEGIN "%s%s[[registry]]\n", lines, lines[0] == '\0' ? "" : "\n");
    assert_true(zreg__str_starts(found, expected));
}

static void test_containers_names_without_a_registry(void **state)
{
    (void)state;
    const char *const none[] = {NULL};
    const char *const one[] = {"docker.io", NULL};
    const char *const two[] = {"quay.io", "docker.io", NULL};
    const char *first = "unqualified-search-registries = [\"docker.io\"]\n";
    const char *both = "unqualified-search-registries = [\"quay.io\", \"docker.io\"]\n";
    const char *loose = "unqualified-search-registries = [\"quay.io\", \"docker.io\"]\n"
                        "short-name-mode = \"permissive\"\n";
    const char *strict =
        "# enforced\nshort-name-mode = \"enforcing\"\n[[registry]]\nprefix=\"x.org\"\n";
    expect_unqualified(NULL, strict, "");
    expect_unqualified(none, strict, "");
    expect_unqualified(one, strict, first);
    expect_unqualified(one, "", first);
    expect_unqualified(two, "", both);
    expect_unqualified(two, "short-name-mode = \"disabled\"\n", both);
    expect_unqualified(two, strict, loose);
    expect_unqualified(two, "[[registry]]\nshort-name-mode = \"enforcing\"\n", both);
}

static void test_containers_entries_of_the_site(void **state)
{
    (void)state;
    const char *const files[] = {
        "/etc/containers/registries.conf",
        "unqualified-search-registries = ['x']\n"
        "[[registry]]\nlocation = 'docker.io'\ninsecure = false\n" /* no prefix */
        "[[registry]]\nprefix = \"quay.io/org\"\nlocation = \"site.example/org\"\n"
        "[[registry]]\ninsecure = true\n"                   /* neither */
        "[[registry]]\nlocation = \"other.example\"\n"      /* not ours */
        "[[registry]]\nlocation = \"docker.io.example\"\n", /* not ours either */
        "/etc/containers/registries.conf.d/10.conf",
        "[[registry]]\nprefix = \"docker.io\"\nlocation = \"docker.io\"\n"
        "[[registry.mirror]]\nlocation = \"one\"\n[[registry.mirror]]\nlocation = \"two\"",
        "/etc/containers/registries.conf.d/README",
        "[[registry]]\nlocation = \"quay.io\"\nblocked = true\n",
        NULL};
    check_drop_in(files, BEGIN
                  "[[registry]]\nprefix = \"docker.io\"\nlocation = \"docker.io\"\n"
                  "[[registry.mirror]]\nlocation = \"" HOST "\"\n"
                  "[[registry.mirror]]\nlocation = \"one\"\n"
                  "[[registry.mirror]]\nlocation = \"two\"\n" QUAY
                  "\n[[registry]]\nprefix = \"quay.io/org\"\nlocation = \"site.example/org\"\n"
                  "[[registry.mirror]]\nlocation = \"" HOST "/quay.io/org\"\n" END);
}

static void test_crio_shares_the_drop_in_and_wants_a_reload(void **state)
{
    (void)state;
    const char *const files[] = {NULL};
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    plan.engine = "podman";
    assert_int_equal(zreg__node_driver_podman.plan(&plan, NULL), ZREG_OK);
    size_t count = plan.count;
    plan.engine = "crio";
    assert_int_equal(zreg__node_driver_crio.plan(&plan, NULL), ZREG_OK);
    assert_int_equal(plan.count, count);
    assert_string_equal(plan.items[1].path, DROP_IN);
    assert_string_equal(plan.items[1].engine, "crio");
    assert_int_equal(plan.items[1].wants, ZREG__WANTS_RELOAD);
}

#define BUILDKIT_CA                                                                                \
    "[registry.\"" HOST "\"]\n  ca = [\"/etc/buildkit/zreg-buildset-registry.crt\"]\n"

static void test_buildkit(void **state)
{
    (void)state;
    static const char path[] = "/etc/buildkit/buildkitd.toml";
    check(&zreg__node_driver_buildkit, path, NULL,
          BEGIN "[registry.\"docker.io\"]\n  mirrors = [\"" HOST "\"]\n"
                "[registry.\"quay.io\"]\n  mirrors = [\"" HOST "\"]\n" BUILDKIT_CA END);
    check(&zreg__node_driver_buildkit, path,
          "[registry.\"docker.io\"]\n  mirrors = [ # ours\n    \"site\",\n  ] # end\n"
          "[registry.\"quay.io\"]\n  http = false\n",
          "[registry.\"docker.io\"]\n" BEGIN
          "#zreg-kept#  mirrors = [ # ours\n#zreg-kept#    \"site\",\n#zreg-kept#  ] # end\n"
          "  mirrors = [\"" HOST "\",  # ours\n    \"site\",\n  ]\n" END
          "[registry.\"quay.io\"]\n" BEGIN "  mirrors = [\"" HOST "\"]\n" END
          "  http = false\n" BEGIN BUILDKIT_CA END);
    check_refused(&zreg__node_driver_buildkit, path, "[registry.\"quay.io\"]\n  mirrors = \"x\"\n",
                  ZREG_INVAL);
}

#define K3S_REGISTRY(name) "  \"" name "\":\n    endpoint:\n      - \"https://" HOST "\"\n"
#define K3S_CONFIG                                                                                 \
    "  \"" HOST "\":\n    tls:\n      ca_file: \"/etc/rancher/k3s/zreg-buildset-registry.crt\"\n"

static void test_k3s(void **state)
{
    (void)state;
    static const char path[] = "/etc/rancher/k3s/registries.yaml";
    check(&zreg__node_driver_k3s, path, NULL,
          BEGIN "mirrors:\n" K3S_REGISTRY("docker.io") K3S_REGISTRY("quay.io") END BEGIN
          "configs:\n" K3S_CONFIG END);
    check(&zreg__node_driver_k3s, path,
          "# site\nmirrors:\n  docker.io:\n    endpoint:\n    - https://site\n"
          "  quay.io:\n    endpoint: [\"https://a\", 'b'] # two\n"
          "configs:\n  site:\n    auth: {}\n",
          "# site\nmirrors:\n  docker.io:\n    endpoint:\n" BEGIN "    - \"https://" HOST "\"\n" END
          "    - https://site\n  quay.io:\n" BEGIN
          "#zreg-kept#    endpoint: [\"https://a\", 'b'] # two\n"
          "    endpoint: [\"https://" HOST "\", \"https://a\", 'b'] # two\n" END
          "configs:\n" BEGIN K3S_CONFIG END "  site:\n    auth: {}\n");
    check_refused(&zreg__node_driver_k3s, path, "mirrors: {}\n", ZREG_CONFLICT);
    check_refused(&zreg__node_driver_k3s, path, "mirrors:\n  docker.io: {endpoint: [x]}\n",
                  ZREG_CONFLICT);
    check(&zreg__node_driver_rke2, "/etc/rancher/rke2/zreg-buildset-registry.crt", NULL, PEM);
}

static void test_credentials(void **state)
{
    (void)state;
    static const char path[] = "/home/zuul/.docker/config.json";
    static const char ours[] =
        "{\n  \"auths\": {\n    \"" HOST "\": {\n      \"auth\": \"enV1bDp4\"\n"
        "    }\n  }\n}\n";
    check(&zreg__node_driver_credentials, path, NULL, ours);
    check(&zreg__node_driver_credentials, path, "{\"auths\":{\"" HOST "\":{\"auth\":\"b2xk\"}}}",
          ours);
    check(&zreg__node_driver_kubelet, "/var/lib/kubelet/config.json", NULL, ours);
    check_refused(&zreg__node_driver_credentials, path, "{\"auths\":1}", ZREG_INVAL);
    const char *const files[] = {"/run/user/1000/bus", "", NULL};
    ZREG__AUTO(zreg__steps) zreg__steps plan = plan_on(files);
    assert_int_equal(zreg__node_driver_credentials.plan(&plan, NULL), ZREG_OK);
    assert_int_equal(plan.count, 2);
    assert_string_equal(after(&plan, "/run/user/1000/containers/auth.json"), ours);
    assert_true(plan.items[0].secret && plan.items[1].secret);
    connection.auth = NULL;
    check(&zreg__node_driver_credentials, path, "{}", NULL);
    connection.auth = auth;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_docker_puts_its_mirror_first),
        cmocka_unit_test(test_certsd),
        cmocka_unit_test(test_certsd_of_a_registry_with_a_port),
        cmocka_unit_test(test_containerd_config_path),
        cmocka_unit_test(test_containerd_uses_the_sites_folder),
        cmocka_unit_test(test_containers_mirror_before_original),
        cmocka_unit_test(test_containers_names_without_a_registry),
        cmocka_unit_test(test_containers_entries_of_the_site),
        cmocka_unit_test(test_crio_shares_the_drop_in_and_wants_a_reload),
        cmocka_unit_test(test_buildkit),
        cmocka_unit_test(test_k3s),
        cmocka_unit_test(test_credentials),
    };
    return cmocka_run_group_tests_name("node_drivers", tests, NULL, NULL);
}
