/* SPDX-License-Identifier: Apache-2.0 */
/** Compiler attributes, in one place; gcc and clang. */
#ifndef ZREG_BASE_COMPILER_H
#define ZREG_BASE_COMPILER_H

#define ZREG__PRINTF(text, first) __attribute__((format(printf, text, first)))
#define ZREG__CLEANUP(function) __attribute__((cleanup(function)))
#define ZREG__NODISCARD __attribute__((warn_unused_result))
#define ZREG__UNUSED __attribute__((unused))

#define ZREG__COUNT(array) (sizeof(array) / sizeof((array)[0]))

/**
 * Defines `zreg__auto_<name>`, so that a local declared
 * `ZREG__AUTO(buf) zreg__buf b = ...` is finished when it goes out of scope.
 *
 * ZREG__DEFINE_AUTO(zreg_ref, zreg_ref_free) is for pointers:
 *     ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
 * ZREG__DEFINE_AUTO_VALUE(zreg__buf, zreg__buf_finish) is for values.
 */
#define ZREG__AUTO(type) ZREG__CLEANUP(zreg__auto_##type)

#define ZREG__DEFINE_AUTO(type, free_function)                                                     \
    static inline ZREG__UNUSED void zreg__auto_##type(type **object)                               \
    {                                                                                              \
        free_function(*object);                                                                    \
    }

#define ZREG__DEFINE_AUTO_VALUE(type, finish_function)                                             \
    static inline ZREG__UNUSED void zreg__auto_##type(type *object)                                \
    {                                                                                              \
        finish_function(object);                                                                   \
    }

/** Takes the pointer out of a variable and leaves NULL: ownership moves on. */
#define zreg__steal(pointer)                                                                       \
    __extension__({                                                                                \
        __typeof__(*(pointer)) stolen_ = *(pointer);                                               \
        *(pointer) = NULL;                                                                         \
        stolen_;                                                                                   \
    })

/** `return status` when a call did not succeed: `ZREG__TRY(zreg__buf_append(...));`. */
#define ZREG__TRY(call)                                                                            \
    do {                                                                                           \
        zreg_status status_ = (call);                                                              \
        if (status_ != ZREG_OK) {                                                                  \
            return status_;                                                                        \
        }                                                                                          \
    } while (0)

#endif
