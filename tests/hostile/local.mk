# SPDX-License-Identifier: Apache-2.0

if BUILD_SERVER
if HAVE_PYTHON
# Eight clients, to see how they are served while another breaks a limit. Too long for a plain make check.
check_PROGRAMS += tests/hostile/clients
tests_hostile_clients_SOURCES = tests/hostile/clients_main.c tests/hostile/wire.c tests/hostile/clients.h
tests_hostile_clients_LDADD = $(SSL_LIBS) $(CRYPTO_LIBS)

e2e_tests += \
	tests/hostile/test_connections.py \
	tests/hostile/test_requests.py \
	tests/hostile/test_registry.py
endif
endif
