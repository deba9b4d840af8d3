// SPDX-License-Identifier: Apache-2.0

//go:build go1.20

package zreg

import "context"

// causeOf is context.Cause.
func causeOf(ctx context.Context) error { return context.Cause(ctx) }
