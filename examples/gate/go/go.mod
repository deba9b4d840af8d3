// SPDX-License-Identifier: Apache-2.0

module libzreg.org/zreg/examples/gate

go 1.19

require libzreg.org/zreg v0.0.0

replace libzreg.org/zreg => ../../../bindings/go
