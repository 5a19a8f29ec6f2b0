// Package control is how the daemon and a proxy speak: JSON over HTTP on a unix
// socket that only the daemon's user can reach.
//
// It owns the messages and both ends of the conversation. Unknown fields are
// ignored on both sides, because a proxy outlives upgrades of the daemon. A
// Client may be used from several goroutines.
package control

import (
	"time"

	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/host/proxy/stats"
)

// Status is all that a proxy tells of itself.
type Status struct {
	PID     int            `json:"pid"`
	Version string         `json:"version"`
	Started time.Time      `json:"started"`
	Spec    spec.Spec      `json:"spec"`
	Circuit circuit.Status `json:"circuit"`
	Stats   stats.Stats    `json:"stats"`
	// Draining reports that the proxy takes no more callers and is about to end.
	Draining bool `json:"draining,omitempty"`
	// Guards are the rights that the proxy has given up.
	Guards []string `json:"guards"`
}

// The paths of the conversation.
const (
	pathStatus  = "/v1/status"
	pathCircuit = "/v1/circuit"
	pathDrain   = "/v1/drain"
)

// maxMessage bounds both directions, in bytes.
const maxMessage = 64 << 10
