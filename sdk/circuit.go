package sdk

import "time"

// CircuitState says what a link lets through.
type CircuitState string

// The states of a link: everything, nothing, or one request at a time as a
// trial.
const (
	CircuitClosed   CircuitState = "closed"
	CircuitOpen     CircuitState = "open"
	CircuitHalfOpen CircuitState = "half_open"
)

// Circuit is what the host knows of a link that can be opened.
type Circuit struct {
	State CircuitState `json:"state"`
	// Since is when State was entered; zero where it has not changed.
	Since time.Time `json:"since"`
	// Hold reports that a person keeps the link open: it is for them to close.
	Hold bool `json:"hold,omitempty"`
	// Measured reports that the figures below are known: the link has a proxy,
	// which answers.
	Measured bool `json:"measured,omitempty"`
	// Requests were answered, have failed or are overdue in the newest seconds
	// that hold five, ten seconds at the most; Bad of them have failed or came
	// later than the link allows.
	Requests int `json:"requests,omitempty"`
	Bad      int `json:"bad,omitempty"`
	// P99 is the percentile of the time to an answer of those.
	P99 time.Duration `json:"p99_ns,omitempty"`
	// Callers is how many are connected now.
	Callers int `json:"callers,omitempty"`
}

// BadShare is the part of the recent requests that went badly, 0 to 1; 0 where
// none is known.
func (c Circuit) BadShare() float64 {
	if c.Requests <= 0 {
		return 0
	}
	return float64(c.Bad) / float64(c.Requests)
}

// Ails reports that the link is closed and that what is behind it fails or is
// slow: of at least least requests, share or more went badly. Who waits for it
// is not helped by a remedy of its own.
func (c Circuit) Ails(least int, share float64) bool {
	return c.Measured && c.State == CircuitClosed && c.Requests >= max(least, 1) && c.BadShare() >= share
}
