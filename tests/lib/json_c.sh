# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Builds released versions of json-c from their source. To be sourced.

# All those with the soname of the oldest that is supported.
# shellcheck disable=SC2034 # for who sources this
json_c_versions="0.15-20200726 0.16-20220414 0.17-20230812 0.18-20240915 0.19-20260627"

# json_c_build VERSION DIR: makes DIR/lib/libjson-c.so.5, once. Where that cannot be, DIR/reason says why.
json_c_build() {
    local version=$1 dir=$2
    [ ! -e "$dir/lib/libjson-c.so.5" ] || return 0
    mkdir -p "$dir" && rm -rf "${dir:?}/reason" "${dir:?}/source" "${dir:?}/lib"
    if ! git -c advice.detachedHead=false clone --quiet --depth 1 --branch "json-c-$version" \
        "${JSON_C_GIT:-https://github.com/json-c/json-c}" "$dir/source" >"$dir/log" 2>&1; then
        echo "its source cannot be had; JSON_C_GIT may name a clone ($(tail -n 1 "$dir/log"))" >"$dir/reason"
        return 1
    fi
    cmake -S "$dir/source" -B "$dir/build" -DBUILD_STATIC_LIBS=OFF -DBUILD_TESTING=OFF -DBUILD_APPS=OFF \
        -DDISABLE_WERROR=ON -DCMAKE_POLICY_VERSION_MINIMUM=3.5 >"$dir/log" 2>&1 &&
        make -s -C "$dir/build" >>"$dir/log" 2>&1 &&
        mkdir "$dir/lib" && cp -P "$dir/build"/libjson-c.so* "$dir/lib" ||
        echo "it does not build, see $dir/log" >"$dir/reason"
    [ ! -e "$dir/reason" ]
}
