// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"testing"

	"libzreg.org/zreg"
)

func TestCatalog(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	repositories, err := client.Catalog(background, host)
	must(t, err)
	wantEqual(t, "repositories", len(repositories), 0)
	appendImage(t, client, "scratch", host+"/b/c:one", "one")
	appendImage(t, client, "scratch", host+"/a/b:one", "one")
	repositories, err = client.Catalog(background, host)
	must(t, err)
	wantEqual(t, "repositories", len(repositories), 2)
	wantEqual(t, "first", repositories[0], "a/b")
	_, err = client.Catalog(background, "no host")
	wantError(t, err, zreg.ErrInvalid)
}
