# SPDX-License-Identifier: Apache-2.0

libzreg_sources += \
	libzreg/host/block.c \
	libzreg/host/block.h \
	libzreg/host/carry_out.c \
	libzreg/host/carry_out.h \
	libzreg/host/certsd.c \
	libzreg/host/changes.c \
	libzreg/host/changes.h \
	libzreg/host/connection.c \
	libzreg/host/connection.h \
	libzreg/host/containers.c \
	libzreg/host/content.c \
	libzreg/host/content.h \
	libzreg/host/driver.h \
	libzreg/host/driver_buildkit.c \
	libzreg/host/driver_containerd.c \
	libzreg/host/driver_credentials.c \
	libzreg/host/driver_docker.c \
	libzreg/host/driver_hosts.c \
	libzreg/host/driver_k3s.c \
	libzreg/host/driver_trust.c \
	libzreg/host/drivers.c \
	libzreg/host/formats.c \
	libzreg/host/formats.h \
	libzreg/host/host.c \
	libzreg/host/jsonfile.c \
	libzreg/host/jsonfile.h \
	libzreg/host/refresh.c \
	libzreg/host/refresh.h \
	libzreg/host/state.c \
	libzreg/host/state.h \
	libzreg/host/steps.c \
	libzreg/host/steps.h \
	libzreg/host/survey.c \
	libzreg/host/survey.h \
	libzreg/host/toml.c \
	libzreg/host/toml.h \
	libzreg/host/tree.c \
	libzreg/host/tree.h \
	libzreg/host/tree_walk.c \
	libzreg/host/tree_walk.h \
	libzreg/host/tree_write.c \
	libzreg/host/trust.h \
	libzreg/host/yaml.c \
	libzreg/host/yaml.h
