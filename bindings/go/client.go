// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"encoding/json"
	"time"

	"libzreg.org/zreg/internal/raw"
)

// ClientOptions are the settings of a client. The zero value is a good one.
type ClientOptions struct {
	// AuthFile is a docker config.json. "" means the usual places: REGISTRY_AUTH_FILE,
	// XDG_RUNTIME_DIR/containers/auth.json, XDG_CONFIG_HOME or ~/.config/containers/auth.json,
	// DOCKER_CONFIG or ~/.docker/config.json.
	AuthFile   string
	NoAuthFile bool // read none of these files

	CAFile         string        // PEM file of extra authorities for every host
	UserAgent      string        // "" means "zreg/VERSION"
	ConnectTimeout time.Duration // 0 means 30 s
	IdleTimeout    time.Duration // longest silence of a peer; 0 means 60 s
	Attempts       uint          // tries of a request that may be repeated; 0 means 5, 1 no retry
	Log            LogFunc

	RegistriesConf string // podman's registries.conf: mirrors, and which registries are blocked or insecure
	HostsDir       string // containerd's folder of HOST/hosts.toml: mirrors, and whom to trust
	CertsDir       string // docker's folder of HOST/ with *.crt, *.cert and *.key
	PodmanConfig   bool   // where RegistriesConf or CertsDir is "", the files that podman reads
	NoMirrors      bool   // the registries themselves are asked, whatever the files say
}

// HostOptions say how one host is reached.
type HostOptions struct {
	CA         string // authorities trusted for this host, PEM text
	ClientCert string // client certificate, PEM text
	ClientKey  string // its private key, PEM text
	Insecure   bool   // accept any certificate
	PlainHTTP  bool   // no TLS; a loopback host is tried over HTTPS first and HTTP second anyway
	HTTP2      bool   // spoken where the host offers it over TLS, except to upload large blobs
}

// Counters say what a client has sent so far.
type Counters struct {
	Requests     uint64 // all HTTP requests, authentication included
	AuthRequests uint64 // of these: to token services, or answered 401
	BlobRequests uint64 // of these: for blobs
	BytesIn      uint64 // body bytes received
	BytesOut     uint64 // body bytes sent
	Connections  uint64 // connections opened
}

// Client is a session with registries. It owns connections, tokens and what it has learned about
// each host. Many goroutines may use it at once.
type Client struct {
	*resource
	raw       raw.Client
	callbacks *handles
}

// NewClient makes a client. It reads no file yet and opens no connection.
func NewClient(options ClientOptions) (*Client, error) {
	var client raw.Client
	callbacks := new(handles)
	if options.ConnectTimeout < 0 || options.IdleTimeout < 0 {
		return nil, invalid("ConnectTimeout or IdleTimeout is negative")
	}
	err := compute(func(failure raw.Error) {
		client = raw.Client_new(flag(options.AuthFile != "" || options.NoAuthFile), options.AuthFile,
			options.CAFile, options.UserAgent, milliseconds(options.ConnectTimeout),
			milliseconds(options.IdleTimeout), options.Attempts, callbacks.log(options.Log),
			options.RegistriesConf, options.HostsDir, options.CertsDir, flag(options.PodmanConfig),
			flag(options.NoMirrors), failure)
	})
	if err != nil {
		callbacks.delete()
		return nil, err
	}
	return &Client{raw: client, callbacks: callbacks, resource: newResource("client", func() {
		raw.Client_free(client)
		callbacks.delete()
	})}, nil
}

// Close ends all connections, as soon as the calls that are running have returned.
func (c *Client) Close() error {
	if err := c.made(); err != nil {
		return err
	}
	c.resource.close()
	return nil
}

func (c *Client) made() error {
	if c == nil || c.resource == nil {
		return errNeverMade
	}
	return nil
}

func (c *Client) acquire() error {
	if err := c.made(); err != nil {
		return err
	}
	return c.resource.acquire()
}

// call is call for the methods of a client: it stays open until they return.
func (c *Client) call(ctx context.Context, fn func(cancel raw.Cancel, failure raw.Error)) error {
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.release()
	err := call(ctx, fn)
	c.callbacks.raise()
	return err
}

// callRef is call with a parsed reference.
func (c *Client) callRef(ctx context.Context, ref string,
	fn func(ref raw.Ref, cancel raw.Cancel, failure raw.Error)) error {
	return c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		withRef(ref, failure, func(parsed raw.Ref) { fn(parsed, cancel, failure) })
	})
}

// SetCredentials sets the user and password for a host ("docker.io", "127.0.0.1:5000"), before all
// other sources. An empty user means anonymous, whatever the AuthFile says.
func (c *Client) SetCredentials(host, username, password string) error {
	return c.call(context.Background(), func(_ raw.Cancel, failure raw.Error) {
		raw.Client_set_credentials(c.raw, host, username, password, failure)
	})
}

// SetHost sets how a host is reached. Set it before the first use of the host.
func (c *Client) SetHost(host string, options HostOptions) error {
	return c.call(context.Background(), func(_ raw.Cancel, failure raw.Error) {
		raw.Client_set_host(c.raw, host, options.CA, options.ClientCert, options.ClientKey,
			flag(options.Insecure), flag(options.PlainHTTP), flag(options.HTTP2), failure)
	})
}

// Connect takes the certificate, user and password of a connection record, such as that of a
// buildset registry.
func (c *Client) Connect(connection Connection) error {
	record, err := json.Marshal(connection)
	if err != nil {
		return err
	}
	return c.call(context.Background(), func(_ raw.Cancel, failure raw.Error) {
		raw.Client_set_connection(c.raw, record, flag(connection.Cert == ""), failure)
	})
}

// Counters says what was sent to one host, or to all when host is "". A closed client says 0.
func (c *Client) Counters(host string) (counters Counters) {
	_ = c.call(context.Background(), func(raw.Cancel, raw.Error) {
		out := raw.NewCounters()
		defer raw.DeleteCounters(out)
		raw.Client_counters(out, c.raw, host)
		counters = Counters{
			Requests:     out.GetRequests(),
			AuthRequests: out.GetAuth_requests(),
			BlobRequests: out.GetBlob_requests(),
			BytesIn:      out.GetBytes_in(),
			BytesOut:     out.GetBytes_out(),
			Connections:  out.GetConnections(),
		}
	})
	return counters
}

// Ping asks the host whether it speaks the protocol and accepts the credentials.
func (c *Client) Ping(ctx context.Context, host string) error {
	return c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		raw.Client_ping(c.raw, host, cancel, failure)
	})
}

// Manifest fetches a manifest or an index; by digest it is verified.
func (c *Client) Manifest(ctx context.Context, ref string) (manifest *Manifest, err error) {
	err = c.callRef(ctx, ref, func(ref raw.Ref, cancel raw.Cancel, failure raw.Error) {
		fetched := raw.Client_manifest_get(c.raw, ref, cancel, failure)
		defer raw.Manifest_free(fetched)
		if failure.GetCode() == 0 {
			manifest = newManifest(fetched)
		}
	})
	return manifest, err
}

// Head gives the digest of a manifest.
func (c *Client) Head(ctx context.Context, ref string) (digest Digest, err error) {
	err = c.callRef(ctx, ref, func(ref raw.Ref, cancel raw.Cancel, failure raw.Error) {
		out := raw.NewDigest()
		defer raw.DeleteDigest(out)
		raw.Client_manifest_head(out, c.raw, ref, cancel, failure)
		digest = Digest(out.GetText())
	})
	return digest, err
}

// PutManifest stores exactly the manifest's bytes under the tag or digest of ref.
func (c *Client) PutManifest(ctx context.Context, ref string, manifest *Manifest) error {
	if manifest == nil {
		return invalid("the manifest is nil")
	}
	return c.callRef(ctx, ref, func(ref raw.Ref, cancel raw.Cancel, failure raw.Error) {
		parsed := raw.Manifest_parse(manifest.Bytes, manifest.MediaType, failure)
		defer raw.Manifest_free(parsed)
		if failure.GetCode() == 0 {
			raw.Client_manifest_put(c.raw, ref, parsed, cancel, failure)
		}
	})
}

// DeleteManifest deletes a manifest by the digest of ref, and with it every tag on that digest.
func (c *Client) DeleteManifest(ctx context.Context, ref string) error {
	return c.callRef(ctx, ref, func(ref raw.Ref, cancel raw.Cancel, failure raw.Error) {
		raw.Client_manifest_delete(c.raw, ref, cancel, failure)
	})
}

// DeleteTag deletes the one tag of ref; other tags of the same image stay.
func (c *Client) DeleteTag(ctx context.Context, ref string) error {
	return c.callRef(ctx, ref, func(ref raw.Ref, cancel raw.Cancel, failure raw.Error) {
		raw.Client_tag_delete(c.raw, ref, cancel, failure)
	})
}

// Tags lists all tags of a repository.
func (c *Client) Tags(ctx context.Context, repository string) (tags []string, err error) {
	err = c.callRef(ctx, repository, func(ref raw.Ref, cancel raw.Cancel, failure raw.Error) {
		tags = takeStrings(raw.Client_tags(c.raw, ref, cancel, failure))
	})
	return tags, err
}

// Catalog lists the repositories of a host that the credentials may see; many registries show
// nobody, which is ErrUnsupported.
func (c *Client) Catalog(ctx context.Context, host string) (repositories []string, err error) {
	err = c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		repositories = takeStrings(raw.Client_catalog(c.raw, host, cancel, failure))
	})
	return repositories, err
}

// Referrers lists what names the manifest of ref as its subject: signatures, attestations, SBOMs; only
// those of artifactType, unless it is "". Nothing of it was fetched or verified.
func (c *Client) Referrers(ctx context.Context, ref, artifactType string) (referrers []Descriptor, err error) {
	err = c.callRef(ctx, ref, func(ref raw.Ref, cancel raw.Cancel, failure raw.Error) {
		list := raw.Client_referrers(c.raw, ref, artifactType, cancel, failure)
		defer raw.Referrers_free(list)
		if failure.GetCode() != 0 {
			return
		}
		for i := int64(0); i < raw.Referrers_count(list); i++ {
			referrers = append(referrers, *newDescriptor(raw.Referrers_at(list, i)))
		}
	})
	return referrers, err
}

// takeStrings copies a list, which may be NULL, and frees it.
func takeStrings(list raw.Strings) (texts []string) {
	if list.Swigcptr() == 0 {
		return nil
	}
	defer raw.Strings_free(list)
	for i := int64(0); i < raw.Strings_count(list); i++ {
		texts = append(texts, raw.Strings_at(list, i))
	}
	return texts
}

// LoginOptions say how Login does it.
type LoginOptions struct {
	NoCheck bool // the registry is not asked
}

// Login asks the host of HOST[/REPOSITORY] whether it accepts a user and a password, and keeps them where docker and
// podman look. It returns where that is: a file, or the name of a credential helper. A host that asks for no password
// is an ErrInvalid.
func (c *Client) Login(ctx context.Context, name, username, password string, options LoginOptions) (place string,
	err error) {
	err = c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		place = raw.Client_login(c.raw, name, username, password, flag(options.NoCheck), cancel, failure)
	})
	return place, err
}

// Logout removes what is kept for a host, and returns where it was; ErrNotFound when that is nothing.
func (c *Client) Logout(ctx context.Context, host string) (place string, err error) {
	err = c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		place = raw.Client_logout(c.raw, host, cancel, failure)
	})
	return place, err
}

// Inspect says what a place holds, as one JSON document: ref, digest, media_type, size, platforms
// (of an index) or config, layers, labels (of an image).
func (c *Client) Inspect(ctx context.Context, place string) (document json.RawMessage, err error) {
	err = c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		document = json.RawMessage(raw.Inspect(c.raw, place, cancel, failure))
	})
	if err != nil {
		return nil, err
	}
	return document, nil
}

func flag(value bool) int {
	if value {
		return 1
	}
	return 0
}

// milliseconds rounds up, so that a short time does not become "use the default".
func milliseconds(duration time.Duration) uint {
	if duration <= 0 {
		return 0
	}
	const most = 1<<32 - 1
	if ms := (duration + time.Millisecond - 1) / time.Millisecond; ms < most {
		return uint(ms)
	}
	return most
}
