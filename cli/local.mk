# SPDX-License-Identifier: Apache-2.0
# The command: one file per verb. It links the shared library and includes public headers only.
