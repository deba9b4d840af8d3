// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libzreg.org/zreg"
)

func TestHostApplyAndRevert(t *testing.T) {
	client := newClient(t)
	connection := newBuildset(t, client).Connection()
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, "etc/docker"), 0o755))
	file := filepath.Join(root, "etc/docker/daemon.json")
	before := `{"registry-mirrors": ["https://site.example"]}`
	must(t, os.WriteFile(file, []byte(before), 0o644))
	must(t, os.MkdirAll(filepath.Join(root, "etc/containers"), 0o755))
	options := &zreg.NodeApplyOptions{Root: root, Namespaces: []string{"mirror.example:5000"},
		Unqualified: []string{"docker.io"}}

	checked, err := zreg.NodeApply(background, connection, &zreg.NodeApplyOptions{
		Root: root, Namespaces: options.Namespaces, Unqualified: options.Unqualified, Check: true})
	must(t, err)
	wantEqual(t, "written by the check", readFile(t, file), before)
	changes, err := zreg.NodeApply(background, connection, options)
	must(t, err)
	wantEqual(t, "check", strings.Join(checked.Changed(), " "), strings.Join(changes.Changed(), " "))
	wantEqual(t, "reload", strings.Join(changes.Wanting("reload"), " "), "docker")
	wantEqual(t, "restart", len(changes.Wanting("restart")), 0)
	for _, change := range changes {
		switch change.Path {
		case "/etc/docker/daemon.json":
			wantEqual(t, "action", change.Action, "modified")
			wantEqual(t, "before", change.Before, before)
			wantEqual(t, "after", change.After, readFile(t, file))
		case "/root/.docker/config.json":
			wantEqual(t, "secret", change.Secret, true)
			wantEqual(t, "after", change.After, "")
		}
	}
	dropIn := readFile(t, filepath.Join(root, "etc/containers/registries.conf.d/zz-zreg-buildset-registry.conf"))
	wantEqual(t, "unqualified", strings.Contains(dropIn, `unqualified-search-registries = ["docker.io"]`), true)
	again, err := zreg.NodeApply(background, connection, options)
	must(t, err)
	wantEqual(t, "again", len(again.Changed()), 0)
	_, err = zreg.NodeRevert(background, options)
	must(t, err)
	wantEqual(t, "reverted", readFile(t, file), before)
}

func TestHostErrors(t *testing.T) {
	_, err := zreg.NodeApply(background, zreg.Connection{Host: "registry.example"}, nil)
	wantEqual(t, "no port", errors.Is(err, zreg.ErrInvalid), true)
	_, err = zreg.NodeRevert(background, &zreg.NodeApplyOptions{Root: t.TempDir() + "/none"})
	wantEqual(t, "no root", errors.Is(err, zreg.ErrNotFound), true)
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	must(t, err)
	return string(content)
}
