// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"sort"
	"strconv"
)

// Rights are what may be done with a repository; none implies another. They are joined with |.
type Rights uint32

// The rights that there are.
const (
	RightPull    Rights = 1
	RightPush    Rights = 2
	RightDelete  Rights = 4
	RightCatalog Rights = 8 // to see it in the catalog, with RightPull
)

// Rule grants rights to callers on repositories. What a caller may do is what all rules together grant.
type Rule struct {
	Who          []string // "anyone" (without credentials too), "users", "user:NAME", "group:NAME"
	Repositories []string // patterns for whole names: "*" is any text without a slash, "**" any text
	Rights       Rights
}

// rights are the rules, groups and immutable tags as the shim reads them: see shim.h.
func (o *ServerOptions) rights() ([]string, error) {
	var texts []string
	if o.Rules != nil {
		texts = append(texts, "table")
	}
	for i, rule := range o.Rules {
		if hasEmpty(rule.Who) || hasEmpty(rule.Repositories) {
			return nil, invalid("Rules[%d] has an empty text", i)
		}
		texts = append(texts, "rule", strconv.FormatUint(uint64(rule.Rights), 10))
		texts = append(append(texts, rule.Who...), "")
		texts = append(append(texts, rule.Repositories...), "")
	}
	for _, name := range sortedNames(o.Groups) {
		if name == "" || hasEmpty(o.Groups[name]) {
			return nil, invalid("Groups: %q has no name, or a member without one", name)
		}
		texts = append(texts, "group", name)
		texts = append(append(texts, o.Groups[name]...), "")
	}
	for _, pattern := range o.ImmutableTags {
		texts = append(texts, "keep", pattern)
	}
	return texts, nil
}

func hasEmpty(texts []string) bool {
	for _, text := range texts {
		if text == "" {
			return true
		}
	}
	return false
}

func sortedNames(groups map[string][]string) []string {
	names := make([]string, 0, len(groups))
	for name := range groups {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
