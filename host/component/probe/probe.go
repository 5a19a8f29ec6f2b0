// Package probe owns the question "does it answer?": the four kinds of asking (http, tcp, unix, exec), the look at the
// process itself, when to ask, and how many answers make a verdict. It asks slowly while all is well and quickly in
// doubt, and it knows three verdicts. It does not know what a component is, and it changes nothing.
//
// Concurrency: a Judge is a pure state machine for one goroutine. A Watch runs its own goroutine, so that a probe that
// blocks delays nobody; its methods may be called by any.
package probe

import (
	"fmt"
	"syscall"
	"time"
)

// Verdict is what is known: pass, fail, or inconclusive, which never counts as pass.
type Verdict uint8

// The verdicts. The zero value is Inconclusive, because that is what nobody has asked yet.
const (
	Inconclusive Verdict = iota
	Pass
	Fail
)

var verdictNames = [...]string{"inconclusive", "pass", "fail"}

// String returns the verdict's word.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// MarshalText writes the verdict's word, for JSON.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a verdict's word.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdictNames {
		if name == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("read verdict %q: want one of %q", text, verdictNames)
}

// And joins the verdicts of parts that must all hold: one fail fails, else one inconclusive leaves it open.
func (v Verdict) And(other Verdict) Verdict {
	switch {
	case v == Fail || other == Fail:
		return Fail
	case v == Inconclusive || other == Inconclusive:
		return Inconclusive
	default:
		return Pass
	}
}

// Kind is the way of asking.
type Kind string

// The kinds. Process needs no configuration: it looks at the state of the main process, so that one which a signal
// has stopped is seen although its sockets still accept.
const (
	HTTP    Kind = "http"
	TCP     Kind = "tcp"
	Unix    Kind = "unix"
	Exec    Kind = "exec"
	Process Kind = "process"
)

// Spec is one probe in checked form. Zero values take the defaults named.
type Spec struct {
	// Name tells the probes of a component apart; empty means the kind and its place, as in "http-1".
	Name string
	Kind Kind
	// URL is asked with GET by an http probe. Redirects are not followed.
	URL string
	// StatusMin and StatusMax bound the statuses that pass; zero means 200 and 399.
	StatusMin, StatusMax int
	// BodyContains must occur in the first MiB of the answer.
	BodyContains string
	// LatencyMax makes an http, tcp or unix answer that came later a failure; zero means Timeout.
	LatencyMax time.Duration
	// Address is "host:port" of a tcp probe, Path the socket of a unix probe.
	Address, Path string
	// Send is written after connecting, and Expect must occur in the first 64 KiB that come back. For tcp and unix.
	Send, Expect string
	// Command is run by an exec probe; exit code 0 passes. Dir, Env and Credential are those of its process.
	Command    []string
	Dir        string
	Env        []string
	Credential *syscall.Credential
	// Interval is the time between two attempts while all is well; zero means DefaultInterval.
	Interval time.Duration
	// Timeout ends one attempt, as a failure, and silence shorter than that is none. Zero means DefaultTimeout, and that
	// the latencies which are usual of the probe may tell a hang earlier.
	Timeout time.Duration

	early bool // no Timeout was given
}

// Defaults of contracts: how often, and how long at most.
const (
	DefaultInterval = 5 * time.Second
	DefaultTimeout  = 2 * time.Second
)

func (s Spec) withDefaults() Spec {
	if s.Interval <= 0 {
		s.Interval = DefaultInterval
	}
	if s.Timeout <= 0 {
		s.Timeout, s.early = DefaultTimeout, true
	}
	if s.StatusMin == 0 && s.StatusMax == 0 {
		s.StatusMin, s.StatusMax = 200, 399
	}
	if s.Name == "" {
		s.Name = string(s.Kind)
	}
	return s
}

// Outcome is what one attempt found.
type Outcome struct {
	Verdict Verdict
	// Latency is the time from the beginning of the attempt to its end.
	Latency time.Duration
	// Text says what was found, for people; it may hold text of the one who answered, shortened.
	Text string
}

// Report is one finished attempt, or a verdict that changed by the passing of time alone.
type Report struct {
	Probe      string
	Kind       Kind
	Generation int
	At         time.Time
	// Attempt is false when only time has passed: then Outcome repeats the reason of the verdict.
	Attempt bool
	Outcome Outcome
	// Verdict is the judge's verdict after this report, Changed whether it is another one than before.
	Verdict Verdict
	Changed bool
	// Doubt is true while a burst is asking whether the verdict still holds.
	Doubt bool
}

// Status is the present opinion of a probe.
type Status struct {
	Name    string
	Kind    Kind
	Verdict Verdict
	// Since is when the verdict last changed.
	Since time.Time
	// Latency is that of the newest finished attempt, Last when it finished.
	Latency time.Duration
	Last    time.Time
	// Text is the reason of the verdict.
	Text string
	// Doubt is true while a burst is asking.
	Doubt bool
	// P99 is the 99th percentile of the newest 100 passing latencies, 0 while there is none.
	P99 time.Duration
}
