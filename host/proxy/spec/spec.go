// Package spec says what one proxied link is: who connects to whom, through
// which address, and within which bounds.
//
// It owns the values and their check. It opens nothing. A Spec is plain data
// that travels as JSON from the daemon to the proxy and back.
package spec

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// Type says what the proxy understands of what passes through.
type Type string

// The types.
const (
	// TCP passes bytes on; a connection is the unit that is counted and refused.
	TCP Type = "tcp"
	// HTTP is HTTP/1.1 without TLS; a request is the unit.
	HTTP Type = "http"
)

// Spec is one link with a proxy. Every bound must be more than zero.
type Spec struct {
	// From and To name the components at both ends; empty where a person runs
	// the proxy by hand.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Listen and Target are host:port.
	Listen string `json:"listen"`
	Target string `json:"target"`
	Type   Type   `json:"type"`

	// MaxConnections is how many connections may be open at once; one more is
	// refused.
	MaxConnections int `json:"max_connections"`
	// DialTimeout bounds the connection to the target.
	DialTimeout time.Duration `json:"dial_timeout_ns"`
	// IdleTimeout ends a connection on which nothing moves in either direction.
	IdleTimeout time.Duration `json:"idle_timeout_ns"`
	// MaxLatency is the wait for an answer beyond which the target counts as
	// slow; a trial that takes longer has failed.
	MaxLatency time.Duration `json:"max_latency_ns"`
	// Retry is how long an open link waits before it lets trials through.
	Retry time.Duration `json:"retry_ns"`
	// Drain is how long what runs may go on after the link was opened, or after
	// the proxy was told to end.
	Drain time.Duration `json:"drain_ns"`
}

// Defaults are the bounds of a link that names none; the configuration has the
// same.
func Defaults() Spec {
	return Spec{
		Type: TCP, MaxConnections: 1024, DialTimeout: 2 * time.Second, IdleTimeout: 5 * time.Minute,
		MaxLatency: time.Second, Retry: 10 * time.Second, Drain: 5 * time.Second,
	}
}

// Name is "from->to", as actions name the link.
func (s Spec) Name() string { return Name(s.From, s.To) }

// Name names the link between two components.
func Name(from, to string) string { return from + "->" + to }

// Validate reports everything that is wrong.
func (s Spec) Validate() error {
	var wrong []error
	for key, address := range map[string]string{"listen": s.Listen, "target": s.Target} {
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			wrong = append(wrong, fmt.Errorf("%s %q: want host:port", key, address))
		}
	}
	if s.Listen == s.Target {
		wrong = append(wrong, fmt.Errorf("target %q is the listen address itself", s.Target))
	}
	if s.Type != TCP && s.Type != HTTP {
		wrong = append(wrong, fmt.Errorf("type %q: want tcp or http", s.Type))
	}
	if s.MaxConnections < 1 {
		wrong = append(wrong, fmt.Errorf("max_connections %d: want at least 1", s.MaxConnections))
	}
	for key, span := range map[string]time.Duration{
		"dial_timeout": s.DialTimeout, "idle_timeout": s.IdleTimeout, "max_latency": s.MaxLatency, "retry": s.Retry, "drain": s.Drain,
	} {
		if span <= 0 {
			wrong = append(wrong, fmt.Errorf("%s %v: want more than 0s", key, span))
		}
	}
	return errors.Join(wrong...)
}
