# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Installs Debian packages that are missing. To be sourced:
#     . tests/lib/install.sh
#     install_sets build tests
# Asks dpkg first, so that it costs nothing when everything is there. Needs root or sudo for the
# rest. Services that packages bring are not started.

packages_of() {
    case $1 in
    build)
        echo autoconf automake libtool pkg-config gcc make libc6-dev libcurl4-openssl-dev \
            libjson-c-dev libssl-dev zlib1g-dev libzstd-dev libyaml-dev libcrypt-dev
        ;;
    bindings)
        echo swig python3-dev python3-pytest mypy g++
        go_is_new_enough || echo golang-go
        ;;
    tests)
        echo abigail-tools clang g++ libcmocka-dev python3 python3-prometheus-client pyflakes3 apache2-utils nginx-light curl openssl git \
            strace valgrind xz-utils zstd
        ;;
    docs)
        echo mandoc man-db groff zsh fish bash-completion shellcheck python3-yaml python3-venv iproute2 util-linux openssl \
            apache2-utils curl nginx-light haproxy
        ;;
    clang) echo clang libclang-rt-14-dev ;;
    e2e) echo skopeo buildah podman crun docker-registry busybox-static openssl apache2-utils ca-certificates python3 ;;
    engines)
        echo docker.io containerd runc skopeo buildah podman crun busybox-static ca-certificates curl \
            openssl iproute2 util-linux python3
        ! docker_cli_is_separate || echo docker-cli
        ;;
    zuul)
        echo ansible-lint yamllint python3-yaml python3-venv git openssl iproute2 util-linux bubblewrap \
            openssh-client busybox-static default-jre-headless libzookeeper-java postgresql
        ;;
    zuul-real)
        packages_of engines
        packages_of zuul
        echo docker-registry nginx-light apache2-utils openssh-server sudo procps
        ;;
    proxies)
        packages_of e2e
        packages_of engines
        echo nginx-light haproxy
        ;;
    conformance) echo openssl apache2-utils ca-certificates ;;
    json-c) echo cmake gcc make git ca-certificates ;;
    peer) echo python3-venv ;;
    ansible) echo ansible ansible-lint yamllint python3-yaml iproute2 util-linux ;;
    gate) echo skopeo buildah crun docker-registry busybox-static openssl apache2-utils ca-certificates python3 ;;
    trees) echo debootstrap util-linux ;;
    release)
        echo binutils buildah busybox-static cpio crun debootstrap dpkg-dev git python3-venv rpm rpm2cpio \
            rpmlint strace systemd systemd-container util-linux
        ;;
    bench) echo skopeo docker-registry nginx-light wrk curl strace openssl apache2-utils python3 ;;
    *)
        echo "install.sh: no set of packages is called $1" >&2
        return 1
        ;;
    esac
}

# True when a Go of 1.19 or newer is on PATH.
go_is_new_enough() {
    command -v go >/dev/null 2>&1 || return 1
    local found
    found=$(go env GOVERSION 2>/dev/null)
    [ "$(printf '%s\n' go1.19 "$found" | sort -V | head -n 1)" = go1.19 ]
}

# The package of a program that the tests have built from the Go module proxy.
go_package_of() {
    case $1 in
    conformance) echo github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111 ;;
    crane) echo github.com/google/go-containerregistry/cmd/crane@v0.22.1 ;;
    regctl) echo github.com/regclient/regclient/cmd/regctl@v0.11.7 ;;
    oras) echo oras.land/oras/cmd/oras@v1.3.6 ;;
    helm) echo helm.sh/helm/v3/cmd/helm@v3.22.0 ;;
    registry) echo github.com/distribution/distribution/v3/cmd/registry@v3.1.2 ;;
    zot) echo zotregistry.dev/zot/v2/cmd/zot@v2.1.8 ;;
    esac
}

# install_go_programs DIR NAME...: has each in DIR/bin, built once. Where that cannot be, DIR/NAME.reason says why, and
# the tests that want it are skipped with that reason.
install_go_programs() {
    local dir=$1 name package
    shift
    mkdir -p "$dir"
    for name in "$@"; do
        package=$(go_package_of "$name")
        rm -f "$dir/$name.reason"
        [ "$(cat "$dir/$name.version" 2>/dev/null)" != "$package" ] || continue
        if build_go_program "$dir" "$package" >"$dir/$name.log" 2>&1; then
            echo "$package" >"$dir/$name.version"
        else
            echo "$name cannot be built: $(tail -n 1 "$dir/$name.log")" | tee "$dir/$name.reason" >&2
        fi
    done
}

# A Go of 1.21 or newer fetches the version of itself that a program asks for.
build_go_program() {
    local dir=$1 package=$2 found
    found=$(go env GOVERSION 2>/dev/null || echo go0)
    if [ "$(printf '%s\n' go1.21 "$found" | sort -V | head -n 1)" != go1.21 ]; then
        echo "it needs Go 1.21 or newer on PATH, not $found"
        return 1
    fi
    GOBIN=$dir/bin GOPATH=$dir/path GOFLAGS=-modcacherw CGO_ENABLED=0 go install "$package"
}

# True from Debian 13 on, where docker.io no longer brings the client.
docker_cli_is_separate() (
    # shellcheck source=/dev/null
    . /etc/os-release
    [ "${VERSION_ID:-13}" -ge 13 ] 2>/dev/null
)

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        echo "install.sh: packages are missing; run as root or install sudo: $*" >&2
        return 1
    fi
}

# Keeps package scripts from starting services, for one apt-get call only. What Python warns of in them is not ours.
apt_install() {
    local policy=/usr/sbin/policy-rc.d ours='' result=0
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod 755 $policy && ours=1
    fi
    as_root env -u PYTHONWARNINGS DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" || result=$?
    [ -z "$ours" ] || as_root rm -f $policy
    return $result
}

install_sets() {
    local set package missing=
    for set in "$@"; do
        for package in $(packages_of "$set"); do
            is_installed "$package" || case " $missing " in
            *" $package "*) ;;
            *) missing="$missing $package" ;;
            esac
        done
    done
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "install.sh: this is no Debian machine; install what stands for:$missing" >&2
        return 1
    fi
    echo "installing:$missing" >&2
    as_root apt-get update -qq >&2 || return
    # shellcheck disable=SC2086 # a list of names
    apt_install $missing >&2
}

# from_pypi NAME VERSION DIR COMMAND: has COMMAND DIR VERSION install it, once. Where that cannot be, DIR/reason says
# why, and the tests that want it are one skip with that reason.
from_pypi() {
    local what="$1 $2" version=$2 dir=$3 command=$4
    mkdir -p "$dir" && rm -f "$dir/reason"
    [ "$(cat "$dir/version" 2>/dev/null)" != "$version" ] || return 0
    if "$command" "$dir" "$version" >"$dir/install.log" 2>&1; then
        echo "$version" >"$dir/version"
    else
        echo "$what cannot be installed from PyPI: $(head -n 1 "$dir/install.log")" | tee "$dir/reason" >&2
    fi
}

zuul_version=14.3.0
zuul_registry_version=1.3.0
# What Zuul's test base imports, beside what Zuul itself needs.
zuul_test_packages="fixtures testtools graphql-core<=3.2.6 graphene moto requests_mock beautifulsoup4"

# install_zuul DIR: Zuul in a Python environment of its own; its test base, which only the source archive has, in
# DIR/source.
install_zuul() { from_pypi Zuul $zuul_version "$1" make_zuul; }

# install_ansible DIR: the Ansible with which that Zuul runs jobs that ask for no version, in DIR/ansible.
install_ansible() {
    [ ! -f "$1/version" ] || from_pypi "Ansible for Zuul" $zuul_version "$1/ansible" make_ansible
}

# install_zuul_registry DIR: zuul-registry in a Python environment of its own.
install_zuul_registry() { from_pypi zuul-registry $zuul_registry_version "$1" make_zuul_registry; }

# make_environment DIR PACKAGE...
make_environment() {
    local dir=$1
    shift
    /usr/bin/python3 -m venv "$dir" && "$dir/bin/pip" install --quiet --disable-pip-version-check "$@"
}

make_zuul() {
    local dir=$1 version=$2 source=$1/source
    # shellcheck disable=SC2086 # a list of words
    make_environment "$dir" "zuul==$version" $zuul_test_packages &&
        "$dir/bin/pip" download --quiet --no-deps --no-binary zuul --dest "$dir" "zuul==$version" &&
        rm -rf "$source" && mkdir "$source" &&
        tar -xzf "$dir/zuul-$version.tar.gz" -C "$source" --strip-components=1 "zuul-$version/tests"
}

make_ansible() { "${1%/ansible}/bin/python" tests/lib/zuul_ansible.py "$1"; }

make_zuul_registry() { make_environment "$1" "zuul-registry==$2"; }
