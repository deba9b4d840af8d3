// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"errors"
	"net"
	"strconv"
	"time"

	"libzreg.org/zreg/internal/raw"
)

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
	metrics    string
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
	options, err := o.raw(buildset)
	if err != nil {
		return nil, err
	}
	defer raw.Server_options_free(options)
	var server raw.Server
	callbacks := new(handles)
	raw.Server_options_set_callbacks(options, callbacks.log(o.Log), callbacks.access(o.Access), callbacks.access(o.Audit))
	err = compute(func(failure raw.Error) { server = raw.Server_start(options, failure) })
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
	s.metrics = raw.Server_metrics_address(server)
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

// Reload exchanges certificates, users, rights and keys of tokens while the server runs: TLSCert, TLSKey,
// ClientCA, ClientNeeded, Htpasswd, ReadOnly, Rules, Groups, ImmutableTags, NoWrites, NoDeletes, TokenKeys and
// TokenService of the options take the place of those that it has, and so does Anonymous unless it is the
// default. No connection ends; tokens of users who are gone do, and none of the server's own grants more than
// its user may do now.
func (s *Server) Reload(options ServerOptions) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.release()
	exchanged, err := options.raw(false)
	if err != nil {
		return err
	}
	defer raw.Server_options_free(exchanged)
	return compute(func(failure raw.Error) { raw.Server_reload(s.raw, exchanged, failure) })
}

// Check returns when each event thread has come round, which is what a watchdog wants to know.
// ErrTimeout: one is stuck.
func (s *Server) Check(timeout time.Duration) error {
	if timeout < 0 {
		return invalid("the timeout is negative: %v", timeout)
	}
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.release()
	return compute(func(failure raw.Error) { raw.Server_check(s.raw, milliseconds(timeout), failure) })
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

// MetricsAddress is HOST:PORT of MetricsListen, or "".
func (s *Server) MetricsAddress() string {
	if s == nil {
		return ""
	}
	return s.metrics
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
