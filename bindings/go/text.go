// SPDX-License-Identifier: Apache-2.0

package zreg

import "fmt"

func named(kind string, names []string, value int) string {
	if value >= 0 && value < len(names) {
		return names[value]
	}
	return fmt.Sprintf("%s(%d)", kind, value)
}

// String gives "DEBUG", "INFO", "WARNING" or "ERROR".
func (l LogLevel) String() string {
	return named("LogLevel", []string{"DEBUG", "INFO", "WARNING", "ERROR"}, int(l))
}

// String gives "default", "none", "pull" or "push".
func (a Anonymous) String() string {
	return named("Anonymous", []string{"default", "none", "pull", "push"}, int(a))
}

// String gives "default", "full", "manifest" or "none".
func (d Durability) String() string {
	return named("Durability", []string{"default", "full", "manifest", "none"}, int(d))
}

// String gives "auto", "oci", "hub" or "quay".
func (t TagAPI) String() string {
	return named("TagAPI", []string{"auto", "oci", "hub", "quay"}, int(t))
}
