// SPDX-License-Identifier: Apache-2.0

//go:build !go1.20

package zreg

import "context"

// causeOf is nil: Go has context.Cause from 1.20 on.
func causeOf(context.Context) error { return nil }
