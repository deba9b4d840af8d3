// SPDX-License-Identifier: Apache-2.0

module libzreg.org/zreg

go 1.19
