// Package wire is the only place that knows both the contracts of package sdk
// and the messages that travel between the daemon and its plugins.
//
// It owns the handshake, the translation in both directions, the size limits,
// the feature names and the errors. It starts no process and serves nothing:
// plugins are served by sdk/serve and run by the host. Its functions are pure
// and its Client may be used from several goroutines.
package wire

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/homeostat/homeostat/sdk"
)

// Version is the major version of the protocol. Sides with different major
// versions do not talk; within one, feature strings say what a plugin can do.
const Version = 1

// MaxMessage bounds one message in either direction, in bytes.
const MaxMessage = 16 << 20

// Lifeline names the environment variable with the number of the descriptor
// whose end of file tells a plugin that its host is gone.
const Lifeline = "HOMEOSTAT_LIFELINE"

// Handshake is what both sides have to agree upon before they speak.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  Version,
	MagicCookieKey:   "HOMEOSTAT_PLUGIN",
	MagicCookieValue: "b1f5d0c2-homeostat",
}

// Name is the only entry of the plugin set of go-plugin.
const Name = "homeostat"

// PluginKind says what a plugin is for.
type PluginKind string

// The two kinds of plugins.
const (
	KindDetector PluginKind = "detector"
	KindStrategy PluginKind = "strategy"
)

// The optional abilities that a plugin can announce. Names that a side does not
// know are ignored.
const (
	FeatureState    = "state"    // sdk.Stateful
	FeatureTrain    = "train"    // sdk.Trainer
	FeatureFeedback = "feedback" // sdk.Corrector
	FeatureLearn    = "learn"    // sdk.Learner
	FeatureEvolve   = "evolve"   // sdk.Evolver
	FeatureExplain  = "explain"  // sdk.Explainer
)

// Setting describes one key of a plugin's configuration. Key is dotted, with
// "[]" behind an array of tables and ".*" for a table with free names. Default,
// Min and Max are written as in TOML, empty where there is none.
type Setting struct {
	Key      string   `json:"key"`
	Type     string   `json:"type"`
	Doc      string   `json:"doc"`
	Default  string   `json:"default,omitempty"`
	Min      string   `json:"min,omitempty"`
	Max      string   `json:"max,omitempty"`
	Choices  []string `json:"choices,omitempty"`
	Required bool     `json:"required,omitempty"`
}

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// Description is what a plugin says of itself.
type Description struct {
	Name     string     `json:"name"`
	Version  string     `json:"version"`
	Kind     PluginKind `json:"kind"`
	Features []string   `json:"features"`
	Settings []Setting  `json:"settings"`
}

// Has reports whether the plugin announced the feature.
func (d Description) Has(feature string) bool {
	for _, f := range d.Features {
		if f == feature {
			return true
		}
	}
	return false
}

// VersionMismatch explains that a plugin speaks another major version and which
// side has to be upgraded. Offered is the first version number of the plugin's
// handshake.
func VersionMismatch(offered int) error {
	side := "upgrade homeostat, or build the plugin with an older sdk"
	if offered < Version {
		side = "build the plugin again with the sdk of this homeostat"
	}
	return fmt.Errorf("the plugin speaks protocol version %d, this homeostat speaks %d: %s", offered, Version, side)
}

// OfferedVersion reads the major version out of a plugin's handshake line.
func OfferedVersion(line string) (int, bool) {
	parts := strings.Split(strings.TrimSpace(line), "|")
	if len(parts) < 4 || parts[0] != strconv.Itoa(plugin.CoreProtocolVersion) {
		return 0, false
	}
	version, err := strconv.Atoi(parts[1])
	return version, err == nil
}

func toNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// text makes a string fit to travel: protobuf refuses invalid UTF-8.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func texts(in []string) []string {
	if in == nil {
		return nil
	}
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = text(s)
	}
	return out
}

// each translates a list; nil stays nil.
func each[A, B any](in []A, f func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}

func severity(n uint32) sdk.Severity {
	const beyond = 255
	if n > beyond {
		return sdk.Severity(beyond)
	}
	return sdk.Severity(n)
}

func verdict(n uint32) sdk.Verdict {
	if n > uint32(sdk.Fail) {
		return sdk.Inconclusive
	}
	return sdk.Verdict(n)
}
