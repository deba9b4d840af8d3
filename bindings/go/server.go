// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"encoding/json"
	"errors"
	"net"
	"strconv"
	"time"

	"libzreg.org/zreg/internal/raw"
)

// Anonymous says what may be done without credentials.
type Anonymous int

// The values of Anonymous.
const (
	AnonymousDefault Anonymous = 0 // buildset: pull; else: none with users, push without
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

// ServerOptions are the settings of a server.
type ServerOptions struct {
	Root          string   // folder of the store; buildset: "" is a temporary one, removed at the end
	Listen        string   // "ADDRESS:PORT", "[V6]:PORT"; port 0 picks one; "" means "127.0.0.1:0"
	TLSCert       string   // certificate chain, PEM text; "": no TLS (buildset: made)
	TLSKey        string   // its private key, PEM text
	Htpasswd      string   // users: text of an htpasswd file
	ReadOnly      []string // those of them that may pull only
	Anonymous     Anonymous
	Durability    Durability
	PlainHTTP     bool          // buildset: leave out TLS
	Names         []string      // buildset: further names and addresses in the certificate
	Threads       uint          // event threads; 0: one per processor, at most 8
	TokenLifetime time.Duration // of bearer tokens; 0 means an hour
	Log           LogFunc

	// Access receives each line of the access log, a JSON object. It may be called by several
	// threads at once. A panic in it comes out of Stop, as one in Log does.
	Access func(line json.RawMessage)
}

// Connection is what a job needs to use a buildset registry. It holds the password: it is for
// secret data only.
type Connection struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	Username    string `json:"username,omitempty"`
	Password    string `json:"password,omitempty"`
	Cert        string `json:"cert,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Address gives HOST:PORT as it stands in a reference.
func (c Connection) Address() string {
	return net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
}

// Server is a registry in this process. What it says of itself stays true after Close.
type Server struct {
	*resource
	raw        raw.Server
	callbacks  *handles
	address    string
	connection Connection
}

// StartServer starts a registry; when it returns, the registry answers.
func StartServer(options ServerOptions) (*Server, error) {
	return startServer(options, false)
}

// StartBuildset starts a buildset registry: certificate, user, password and store are made for it,
// and anybody may pull.
func StartBuildset(options ServerOptions) (*Server, error) {
	return startServer(options, true)
}

func startServer(o ServerOptions, buildset bool) (*Server, error) {
	var server raw.Server
	callbacks := new(handles)
	if o.TokenLifetime < 0 {
		return nil, invalid("TokenLifetime is negative: %v", o.TokenLifetime)
	}
	lifetime := (o.TokenLifetime + time.Second - 1) / time.Second
	err := compute(func(failure raw.Error) {
		server = raw.Server_start(o.Root, o.Listen, o.TLSCert, o.TLSKey, o.Htpasswd, o.ReadOnly,
			int(o.Anonymous), int(o.Durability), flag(buildset), flag(o.PlainHTTP), o.Names,
			o.Threads, uint(lifetime), callbacks.log(o.Log), callbacks.access(o.Access), failure)
	})
	if err != nil {
		callbacks.delete()
		return nil, err
	}
	s := &Server{raw: server, callbacks: callbacks, resource: newResource("server", func() {
		go func() { // whoever lets go last may be one of its callbacks, for which its end waits
			raw.Server_free(server)
			callbacks.delete()
		}()
	})}
	s.address = raw.Server_address(server)
	s.connection = Connection{
		Host:        raw.Server_host(server),
		Port:        int(raw.Server_port(server)),
		Username:    raw.Server_username(server),
		Password:    raw.Server_password(server),
		Cert:        raw.Server_certificate(server),
		Fingerprint: raw.Server_fingerprint(server),
	}
	return s, nil
}

// Stop takes no new connection, gives running requests the grace time to end, and closes. Stopping
// twice is fine; the shortest time counts. Within Log and Access of the server it is an error.
func (s *Server) Stop(grace time.Duration) error {
	if grace < 0 {
		return invalid("the grace is negative: %v", grace)
	}
	if err := s.made(); err != nil {
		return err
	}
	if s.acquire() != nil {
		return nil // it was closed before
	}
	defer s.release()
	err := compute(func(failure raw.Error) { raw.Server_stop(s.raw, milliseconds(grace), failure) })
	if !errors.Is(err, ErrInvalid) {
		s.resource.close()
		s.callbacks.raise()
	}
	return err
}

func (s *Server) made() error {
	if s == nil || s.resource == nil {
		return errNeverMade
	}
	return nil
}

func (s *Server) acquire() error {
	if err := s.made(); err != nil {
		return err
	}
	return s.resource.acquire()
}

// about is what the server says of itself; nothing of one that was never made.
func (s *Server) about() Connection {
	if s == nil {
		return Connection{}
	}
	return s.connection
}

// Close stops the server at once.
func (s *Server) Close() error {
	return s.Stop(0)
}

// Host is the address to connect to, without brackets.
func (s *Server) Host() string { return s.about().Host }

// Port is the port to connect to.
func (s *Server) Port() int { return s.about().Port }

// Address is HOST:PORT as it stands in a reference.
func (s *Server) Address() string {
	if s == nil {
		return ""
	}
	return s.address
}

// Username is the user made for a buildset registry, or "".
func (s *Server) Username() string { return s.about().Username }

// Password is the password made for a buildset registry, or "". A secret.
func (s *Server) Password() string { return s.about().Password }

// Certificate is the certificate as PEM text, or "" without TLS.
func (s *Server) Certificate() string { return s.about().Cert }

// Fingerprint is the SHA-256 of the certificate as "AB:CD:...", or "" without TLS.
func (s *Server) Fingerprint() string { return s.about().Fingerprint }

// Connection is all that a job needs to use the server, as Zuul's jobs share it.
func (s *Server) Connection() Connection { return s.about() }

// rawServer gives C's NULL for no server.
func rawServer(s *Server) raw.Server {
	if s == nil {
		return nil
	}
	return s.raw
}
