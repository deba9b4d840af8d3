// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"encoding/json"
	"time"

	"libzreg.org/zreg/internal/raw"
)

// Anonymous says what may be done without credentials.
type Anonymous int

// The values of Anonymous.
const (
	AnonymousDefault Anonymous = 0 // buildset: pull; else none with users, a token service or a CA of clients, push without
	AnonymousNone    Anonymous = 1
	AnonymousPull    Anonymous = 2
	AnonymousPush    Anonymous = 3 // pull and push
)

// Durability says what a success answer promises to survive besides the death of the process.
type Durability int

// The values of Durability.
const (
	DurabilityDefault  Durability = 0 // buildset: none; else: full
	DurabilityFull     Durability = 1 // power loss
	DurabilityManifest Durability = 2 // power loss, once the manifest was accepted
	DurabilityNone     Durability = 3 // nothing is synced
)

// ServerLimits are what the peers of a server may take; 0: as usual. The manual of zreg_server_limits says
// how a request is answered that goes beyond.
type ServerLimits struct {
	RequestLine           uint          // bytes; 0: 8,192
	Head                  uint          // bytes, with the request line; 0: 40,960
	HeadFields            uint          // 0: 100, which is the most
	Body                  uint64        // bytes of one request; 0: 32 TiB
	HeadTime              time.Duration // a TLS handshake, and a head; 0: 20 s
	BodyTime              time.Duration // in each such time Least bytes of a body come; 0: 30 s
	AnswerTime            time.Duration // and as many of an answer go; 0: 30 s
	Least                 uint          // bytes; 0: 30,720
	IdleTime              time.Duration // between two requests; 0: 2 min
	TotalTime             time.Duration // a whole request; 0: as long as it moves
	Connections           uint          // 0: 4,096, or what the descriptors allow
	ConnectionsPerAddress uint          // of an IPv4 address, or a /64 of IPv6; 0: half of all
	Held                  uint64        // bytes of memory for bodies and answers; 0: 128 MiB
}

// ServerOptions are the settings of a server.
type ServerOptions struct {
	Root           string   // folder of the store; buildset: "" is a temporary one, removed at the end
	Listen         string   // "ADDRESS:PORT", "[V6]:PORT"; port 0 picks one; "" means "127.0.0.1:0"
	TLSCert        string   // certificate chain, PEM text; "": no TLS (buildset: made)
	TLSKey         string   // its private key, PEM text
	Htpasswd       string   // users: text of an htpasswd file
	ReadOnly       []string // those of them that may pull only
	Anonymous      Anonymous
	Durability     Durability
	PlainHTTP      bool          // buildset: leave out TLS
	Names          []string      // buildset: further names and addresses in the certificate
	Threads        uint          // event threads; 0: one per processor, at most 8
	TokenLifetime  time.Duration // of bearer tokens; 0 means an hour
	PublicURL      string        // how clients reach it where a proxy stands before it
	Shadow         bool          // engines ask it for others' images: x, library/x, docker.io/x are one
	SparseIndexes  bool          // an index may name manifests that are not here, an image layers
	Limits         *ServerLimits // nil: as usual
	TrustedProxies []string      // addresses and networks of proxies that are believed whom they speak for
	ProxyProtocol  bool          // those begin each connection with the PROXY protocol, version 2
	TokenKeys      []string      // secrets: the first signs bearer tokens, which outlive the server; all are accepted
	TokenService   TokenService  // decides who may do what, where it has a Realm, whatever Rules say
	ClientCA       string        // signs certificates of clients, PEM text: their common name is the user
	ClientNeeded   bool          // turn away clients that show no certificate
	Metrics        bool          // answer GET /metrics with the rest, to everybody
	MetricsListen  string        // "ADDRESS:PORT" of a plain port for /metrics, /healthz and /readyz
	// ListenDescriptor is that of a socket that listens already, in place of Listen; it stays the
	// caller's. 0: none.
	ListenDescriptor int
	Log              LogFunc

	// Rules say who may do what, and nothing else is granted: Anonymous and ReadOnly are left out then. nil:
	// anyone as Anonymous says, users all, those of ReadOnly pull.
	Rules          []Rule
	Groups         map[string][]string // the members of groups that rules name
	ImmutableTags  []string            // "REPOSITORIES[:TAGS]": patterns of tags that are neither moved nor deleted
	NoWrites       bool                // every request that changes anything is refused
	NoDeletes      bool                // no manifest, tag or blob is deleted
	UploadsPerUser uint                // that a user, or an address without one, may have open; 0: any number

	// Access receives each line of the access log, a JSON object. It may be called by several
	// threads at once. A panic in it comes out of Stop, as one in Log does.
	Access func(line json.RawMessage)

	// Audit receives a line of the audit log, a JSON object, for each change and each that was denied. It is
	// called as Access is, and where the server is reloaded or written to by a copy in this process.
	Audit func(line json.RawMessage)
}

// TokenService is one outside, as the distribution's token specification describes it.
type TokenService struct {
	Realm   string // its URL
	Service string // the name by which it knows this server
	Issuer  string // its own name
	Trust   string // its public keys or certificates, PEM text
}

// raw gives C's options without callbacks, to be freed.
func (o *ServerOptions) raw(buildset bool) (options raw.Server_options, err error) {
	if o.TokenLifetime < 0 {
		return nil, invalid("TokenLifetime is negative: %v", o.TokenLifetime)
	}
	rights, err := o.rights()
	if err != nil {
		return nil, err
	}
	err = compute(func(failure raw.Error) { options = raw.Server_options_new(flag(buildset), failure) })
	if err != nil {
		return nil, err
	}
	err = o.Limits.fill(options)
	if err == nil {
		err = compute(func(raw.Error) { o.fill(options, rights) })
	}
	if err != nil {
		raw.Server_options_free(options)
		return nil, err
	}
	return options, nil
}

// fill panics, as compute wants it, on what C would cut short.
func (o *ServerOptions) fill(options raw.Server_options, rights []string) {
	lifetime := (o.TokenLifetime + time.Second - 1) / time.Second
	service := o.TokenService
	raw.Server_options_set_store(options, o.Root, int(o.Durability), flag(o.Shadow), flag(o.SparseIndexes))
	raw.Server_options_set_listen(options, o.Listen, o.ListenDescriptor, o.Threads, o.PublicURL)
	raw.Server_options_set_buildset(options, o.Names, flag(o.PlainHTTP))
	raw.Server_options_set_tls(options, o.TLSCert, o.TLSKey, o.ClientCA, flag(o.ClientNeeded))
	raw.Server_options_set_users(options, o.Htpasswd, o.ReadOnly, int(o.Anonymous))
	raw.Server_options_set_rights(options, rights, flag(o.NoWrites), flag(o.NoDeletes), o.UploadsPerUser)
	raw.Server_options_set_tokens(options, o.TokenKeys, uint(lifetime))
	raw.Server_options_set_token_service(options, service.Realm, service.Service, service.Issuer, service.Trust)
	raw.Server_options_set_proxies(options, o.TrustedProxies, flag(o.ProxyProtocol))
	raw.Server_options_set_metrics(options, flag(o.Metrics), o.MetricsListen)
}

func (l *ServerLimits) fill(options raw.Server_options) error {
	if l == nil {
		return nil
	}
	for _, duration := range []time.Duration{l.HeadTime, l.BodyTime, l.AnswerTime, l.IdleTime, l.TotalTime} {
		if duration < 0 {
			return invalid("a time of the limits is negative: %v", duration)
		}
	}
	return compute(func(raw.Error) {
		raw.Server_options_limit_sizes(options, l.RequestLine, l.Head, l.HeadFields, l.Body)
		raw.Server_options_limit_times(options, milliseconds(l.HeadTime), milliseconds(l.IdleTime), milliseconds(l.TotalTime))
		raw.Server_options_limit_pace(options, l.Least, milliseconds(l.BodyTime), milliseconds(l.AnswerTime))
		raw.Server_options_limit_peers(options, l.Connections, l.ConnectionsPerAddress, l.Held)
	})
}
