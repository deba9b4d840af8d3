# SPDX-License-Identifier: Apache-2.0

libzreg_sources += \
	libzreg/node/block.c \
	libzreg/node/block.h \
	libzreg/node/carry_out.c \
	libzreg/node/carry_out.h \
	libzreg/node/certsd.c \
	libzreg/node/changes.c \
	libzreg/node/changes.h \
	libzreg/node/connection.c \
	libzreg/node/connection.h \
	libzreg/node/containers.c \
	libzreg/node/content.c \
	libzreg/node/content.h \
	libzreg/node/driver.h \
	libzreg/node/driver_buildkit.c \
	libzreg/node/driver_containerd.c \
	libzreg/node/driver_credentials.c \
	libzreg/node/driver_docker.c \
	libzreg/node/driver_hosts.c \
	libzreg/node/driver_k3s.c \
	libzreg/node/driver_trust.c \
	libzreg/node/drivers.c \
	libzreg/node/formats.c \
	libzreg/node/formats.h \
	libzreg/node/node.c \
	libzreg/node/jsonfile.c \
	libzreg/node/jsonfile.h \
	libzreg/node/refresh.c \
	libzreg/node/refresh.h \
	libzreg/node/settle.c \
	libzreg/node/settle.h \
	libzreg/node/state.c \
	libzreg/node/state.h \
	libzreg/node/steps.c \
	libzreg/node/steps.h \
	libzreg/node/survey.c \
	libzreg/node/survey.h \
	libzreg/node/tree.c \
	libzreg/node/tree.h \
	libzreg/node/tree_walk.c \
	libzreg/node/tree_walk.h \
	libzreg/node/tree_write.c \
	libzreg/node/trust.h \
	libzreg/node/yaml.c \
	libzreg/node/yaml.h
