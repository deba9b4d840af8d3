# SPDX-License-Identifier: Apache-2.0

# ZREG_MISSING(WHAT, DEBIAN-PACKAGE): remember it; configure goes on, so that all are named at once.
AC_DEFUN([ZREG_MISSING], [
    zreg_missing="$zreg_missing
    $1 (Debian: $2)"
    zreg_missing_packages="$zreg_missing_packages $2"
])

# ZREG_PKG(VARIABLE, PKG-CONFIG-MODULE, DEBIAN-PACKAGE): the module's flags are added to
# DEPS_CFLAGS and DEPS_LIBS.
AC_DEFUN([ZREG_PKG], [
    PKG_CHECK_MODULES([$1], [$2], [
        DEPS_CFLAGS="$DEPS_CFLAGS $$1_CFLAGS"
        DEPS_LIBS="$$1_LIBS $DEPS_LIBS"
    ], [ZREG_MISSING([$2], [$3])])
])

# ZREG_CFLAG(FLAG): add it to ZREG_CFLAGS where the compiler takes it.
AC_DEFUN([ZREG_CFLAG], [
    AS_VAR_PUSHDEF([cache], [zreg_cv_cflag_$1])
    AC_CACHE_CHECK([whether $CC takes $1], [cache], [
        zreg_saved_cflags=$CFLAGS
        CFLAGS="$CFLAGS -Werror $1"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([])], [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
        CFLAGS=$zreg_saved_cflags
    ])
    AS_VAR_IF([cache], [yes], [ZREG_CFLAGS="$ZREG_CFLAGS $1"])
    AS_VAR_POPDEF([cache])
])

# ZREG_VERSION_AT_LEAST(HAVE, WANTED, IF-TRUE, IF-FALSE)
AC_DEFUN([ZREG_VERSION_AT_LEAST], [AS_VERSION_COMPARE([$1], [$2], [$4], [$3], [$3])])

# ZREG_CURL_OPENSSL: CA and client certificates are handed over as PEM in memory, which of libcurl's
# TLS backends the OpenSSL one does fully.
AC_DEFUN([ZREG_CURL_OPENSSL], [
    AC_CACHE_CHECK([whether libcurl uses OpenSSL], [zreg_cv_curl_openssl], [
        zreg_saved_cflags=$CFLAGS; zreg_saved_libs=$LIBS
        CFLAGS="$CFLAGS $CURL_CFLAGS"; LIBS="$CURL_LIBS $LIBS"
        AC_RUN_IFELSE([AC_LANG_PROGRAM([[#include <string.h>
#include <curl/curl.h>]], [[
            const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
            return !tls || strncmp(tls, "OpenSSL/", 8) != 0;]])],
            [zreg_cv_curl_openssl=yes], [zreg_cv_curl_openssl=no], [zreg_cv_curl_openssl=assumed])
        CFLAGS=$zreg_saved_cflags; LIBS=$zreg_saved_libs
    ])
    AS_IF([test "$zreg_cv_curl_openssl" = no],
        [ZREG_MISSING([a libcurl built with OpenSSL; this one uses another TLS library], [libcurl4-openssl-dev])])
])

# ZREG_PYTHON_DIRS: pythondir and pyexecdir are folders that $PYTHON looks in, wherever it has one for
# this prefix. Who names a --with-python... prefix has automake's way.
AC_DEFUN([ZREG_PYTHON_DIRS], [
    AS_IF([test "$PYTHON" != : && test -z "$with_python_prefix$with_python_exec_prefix$with_python_sys_prefix"], [
        AS_CASE([$prefix], [NONE], [zreg_prefix=$ac_default_prefix], [zreg_prefix=$prefix])
        AS_CASE([$exec_prefix], [NONE], [zreg_exec_prefix=$zreg_prefix], [zreg_exec_prefix=$exec_prefix])
        AC_MSG_CHECKING([where $PYTHON looks for packages])
        pythondir=`$PYTHON "$srcdir/build-aux/python-dirs.py" purelib "$zreg_prefix"`
        pyexecdir=`$PYTHON "$srcdir/build-aux/python-dirs.py" platlib "$zreg_exec_prefix"`
        AC_MSG_RESULT([$pyexecdir])
        pkgpythondir="\${pythondir}/$PACKAGE" pkgpyexecdir="\${pyexecdir}/$PACKAGE"
    ])
])

# ZREG_PYTHON_HINT: sets zreg_python_dir, the folder of the package, and zreg_python_hint, what is to
# be done when $PYTHON does not look there. To be called last, when the prefix is known.
AC_DEFUN([ZREG_PYTHON_HINT], [
    eval "zreg_python_dir=\"$pyexecdir\""
    eval "zreg_python_dir=\"$zreg_python_dir\""
    zreg_python_hint=
    AS_IF([test "$enable_python" = yes && ! $PYTHON "$srcdir/build-aux/python-dirs.py" looks "$zreg_python_dir"], [
        zreg_python_hint="
                  It does not look there. Run it with PYTHONPATH=$zreg_python_dir"
    ])
])

# ZREG_STATIC_DEPS: with --with-static-deps, pkg-config and the linker look into that folder first, which
# holds archives only. To be called before any library is looked for.
AC_DEFUN([ZREG_STATIC_DEPS], [
    AS_IF([test "$with_static_deps" = yes],
        [AC_MSG_ERROR([--with-static-deps needs a folder: packaging/static/deps.sh DIR, then --with-static-deps=DIR])])
    AS_IF([test "$enable_static_cli:$with_static_deps" = yes:no],
        [AC_MSG_ERROR([--enable-static-cli needs --with-static-deps=DIR; packaging/static/deps.sh DIR makes it])])
    AS_IF([test "$with_static_deps" != no], [
        enable_self_contained=yes
        zreg_static_deps=`cd "$with_static_deps" 2>/dev/null && pwd`
        AS_IF([test ! -f "$zreg_static_deps/versions"],
            [AC_MSG_ERROR([--with-static-deps: $with_static_deps was not made by packaging/static/deps.sh])])
        PKG_CONFIG="$PKG_CONFIG --static"
        PKG_CONFIG_PATH="$zreg_static_deps/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
        export PKG_CONFIG_PATH
        LDFLAGS="-L$zreg_static_deps/lib $LDFLAGS"
        # The linker's map tells packaging/static/licenses.py what became part of a file.
        ZREG_LDFLAGS="-Wl,--gc-sections -Wl,-Map=\$(@).map"
    ])
    AC_SUBST([zreg_static_deps])
])
