// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"encoding/json"

	"libzreg.org/zreg/internal/raw"
)

// NodeApplyOptions are the settings of NodeApply and NodeRevert; nil means all defaults.
type NodeApplyOptions struct {
	Root        string   // folder that holds the machine's files; "" means "/"
	Home        string   // home, beneath the root, of the user who gets credentials; "" means $HOME
	Engines     []string // such as "docker" and "podman"; none means what is installed
	Namespaces  []string // registries to shadow beside docker.io, quay.io, ghcr.io, gcr.io and registry.k8s.io
	Unqualified []string // where podman, buildah and CRI-O look for names without a registry; none means as before
	Check       bool     // write nothing, only tell what would change
}

// NodeChange is one file of a machine.
type NodeChange struct {
	Path   string // as seen from the root
	Engine string // "docker", "podman", ...; "hosts", "trust", "credentials"
	Action string // "created", "modified", "removed", "unchanged"
	Wants  string // what the engine needs to see it: "", "reload", "restart"
	Secret bool   // holds credentials; Before and After are ""
	Before string // the content before; for a diff
	After  string
}

// NodeChanges are the files of a machine, unchanged ones included.
type NodeChanges []NodeChange

// Changed gives the paths of the files that changed.
func (c NodeChanges) Changed() (paths []string) {
	for _, change := range c {
		if change.Action != "unchanged" {
			paths = append(paths, change.Path)
		}
	}
	return paths
}

// Wanting gives the engines that need a "reload" or a "restart" to see what changed.
func (c NodeChanges) Wanting(what string) (engines []string) {
	seen := map[string]bool{}
	for _, change := range c {
		if change.Action != "unchanged" && change.Wants == what && !seen[change.Engine] {
			seen[change.Engine] = true
			engines = append(engines, change.Engine)
		}
	}
	return engines
}

// NodeApply makes the engines of the machine ask a buildset registry first. A second call changes
// nothing; services are not restarted.
func NodeApply(ctx context.Context, connection Connection, options *NodeApplyOptions) (changes NodeChanges, err error) {
	var o NodeApplyOptions
	if options != nil {
		o = *options
	}
	record, err := json.Marshal(connection)
	if err != nil {
		return nil, err
	}
	err = call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		out := raw.Node_apply(record, o.Root, o.Home, o.Engines, o.Namespaces, o.Unqualified, flag(o.Check), cancel, failure)
		defer raw.Node_changes_free(out)
		if failure.GetCode() == 0 {
			changes = nodeChanges(out)
		}
	})
	return changes, err
}

// NodeRevert brings every file back to what it was before the first NodeApply; what others wrote
// since stays. Of the options Root and Check count.
func NodeRevert(ctx context.Context, options *NodeApplyOptions) (changes NodeChanges, err error) {
	var o NodeApplyOptions
	if options != nil {
		o = *options
	}
	err = call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		out := raw.Node_revert(o.Root, flag(o.Check), cancel, failure)
		defer raw.Node_changes_free(out)
		if failure.GetCode() == 0 {
			changes = nodeChanges(out)
		}
	})
	return changes, err
}

func nodeChanges(from raw.Node_changes) NodeChanges {
	changes := make(NodeChanges, raw.Node_changes_count(from))
	for i := range changes {
		change := raw.Node_changes_at(from, int64(i))
		changes[i] = NodeChange{
			Path:   change.GetPath(),
			Engine: change.GetEngine(),
			Action: change.GetAction(),
			Wants:  change.GetWants(),
			Secret: change.GetSecret() != 0,
			Before: change.GetBefore(),
			After:  change.GetAfter(),
		}
	}
	return changes
}
