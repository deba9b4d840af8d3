# SPDX-License-Identifier: Apache-2.0
# The command: one file per verb. It links the shared library and includes public headers only.

bin_PROGRAMS += cli/zreg

cli_zreg_SOURCES = \
	cli/client.c \
	cli/client.h \
	cli/cmd_append.c \
	cli/cmd_artifacts.c \
	cli/cmd_blob.c \
	cli/cmd_catalog.c \
	cli/cmd_cleanup_tags.c \
	cli/cmd_config.c \
	cli/cmd_copy.c \
	cli/cmd_delete.c \
	cli/cmd_delete_tag.c \
	cli/cmd_digest.c \
	cli/cmd_export.c \
	cli/cmd_help.c \
	cli/cmd_index.c \
	cli/cmd_inspect.c \
	cli/cmd_login.c \
	cli/cmd_logout.c \
	cli/cmd_manifest.c \
	cli/cmd_mutate.c \
	cli/cmd_populate.c \
	cli/cmd_promote.c \
	cli/cmd_publish.c \
	cli/cmd_referrers.c \
	cli/cmd_resolve.c \
	cli/cmd_sync.c \
	cli/cmd_tags.c \
	cli/cmd_upload.c \
	cli/cmd_use_buildset_registry.c \
	cli/cmd_verify.c \
	cli/cmd_version.c \
	cli/columns.c \
	cli/columns.h \
	cli/files.c \
	cli/files.h \
	cli/help.c \
	cli/help.h \
	cli/image_options.c \
	cli/image_options.h \
	cli/json.c \
	cli/json.h \
	cli/main.c \
	cli/memory.c \
	cli/memory.h \
	cli/nearest.c \
	cli/nearest.h \
	cli/options.c \
	cli/options.h \
	cli/output.c \
	cli/output.h \
	cli/pick.c \
	cli/pick.h \
	cli/progress.c \
	cli/progress.h \
	cli/referrers_tree.c \
	cli/referrers_tree.h \
	cli/registry_files.c \
	cli/registry_files.h \
	cli/session.c \
	cli/session.h \
	cli/say.c \
	cli/say.h \
	cli/signals.c \
	cli/signals.h \
	cli/sync_file.c \
	cli/sync_file.h \
	cli/sync_hosts.c \
	cli/sync_hosts.h \
	cli/table.c \
	cli/table.h \
	cli/tag_api.c \
	cli/tag_api.h \
	cli/target.c \
	cli/target.h \
	cli/terminal.c \
	cli/terminal.h \
	cli/values.c \
	cli/values.h \
	cli/verbs.c \
	cli/verbs.h
if BUILD_SERVER
cli_zreg_SOURCES += \
	cli/access_log.c \
	cli/access_log.h \
	cli/cmd_serve.c \
	cli/passwords.c \
	cli/passwords.h \
	cli/registry_yaml.c \
	cli/registry_yaml.h \
	cli/registry_yaml_inside.h \
	cli/registry_yaml_nodes.c \
	cli/registry_yaml_rights.c \
	cli/serve_setup.c \
	cli/serve_setup.h \
	cli/serve_tokens.c \
	cli/serve_tokens.h \
	cli/server_limits.c \
	cli/server_limits.h \
	cli/systemd.c \
	cli/systemd.h \
	cli/watch.c \
	cli/watch.h
endif

cli_zreg_LDADD = $(zreg_within) $(JSON_C_LIBS) $(YAML_LIBS) $(CRYPT_LIBS)
cli_zreg_LDFLAGS = $(AM_LDFLAGS)
if STATIC_CLI
cli_zreg_LDFLAGS += -XCClinker -static-pie
endif
