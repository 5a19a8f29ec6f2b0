package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/homeostat/homeostat/sdk/wire"
)

// OnStartError says what a plugin's failure at the start of the daemon means.
type OnStartError string

// What a failed start means. Fail: the daemon does not start. Retry: the plugin
// is started again and again, with pauses. Ignore: the same, without the
// detector being reported as blind.
const (
	Fail   OnStartError = "fail"
	Retry  OnStartError = "retry"
	Ignore OnStartError = "ignore"
)

// Spec is one plugin as it is configured.
type Spec struct {
	// Name identifies the plugin: lower-case letters, digits, "-" and "_".
	Name string
	Kind wire.PluginKind
	// Path is the absolute path of the program.
	Path string
	// SHA256 pins the program, in hexadecimal. Empty is allowed only with
	// Unpinned.
	SHA256   string
	Unpinned bool
	// OnStartError is Retry when empty.
	OnStartError OnStartError
	// StartTimeout, CallTimeout and Memory are the defaults below when zero.
	StartTimeout time.Duration
	CallTimeout  time.Duration
	Memory       int64
	// ConfigTOML is the plugin's own table.
	ConfigTOML []byte
}

// The limits of a plugin whose spec has none.
const (
	DefaultStartTimeout = 10 * time.Second
	DefaultCallTimeout  = 2 * time.Second
	DefaultMemory       = 256 << 20
)

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func (s Spec) withDefaults() Spec {
	if s.OnStartError == "" {
		s.OnStartError = Retry
	}
	if s.StartTimeout == 0 {
		s.StartTimeout = DefaultStartTimeout
	}
	if s.CallTimeout == 0 {
		s.CallTimeout = DefaultCallTimeout
	}
	if s.Memory == 0 {
		s.Memory = DefaultMemory
	}
	return s
}

func (s Spec) equal(other Spec) bool {
	sameTable := bytes.Equal(s.ConfigTOML, other.ConfigTOML)
	return sameTable && s.Name == other.Name && s.Kind == other.Kind && s.Path == other.Path &&
		s.SHA256 == other.SHA256 && s.Unpinned == other.Unpinned && s.OnStartError == other.OnStartError &&
		s.StartTimeout == other.StartTimeout && s.CallTimeout == other.CallTimeout && s.Memory == other.Memory
}

func (s Spec) check() error {
	switch {
	case !namePattern.MatchString(s.Name):
		return fmt.Errorf("plugin name %q: want lower-case letters, digits, - and _, at most 63", s.Name)
	case s.Kind != wire.KindDetector && s.Kind != wire.KindStrategy:
		return fmt.Errorf("plugin %s: kind %q: want detector or strategy", s.Name, s.Kind)
	case s.OnStartError != "" && s.OnStartError != Fail && s.OnStartError != Retry && s.OnStartError != Ignore:
		return fmt.Errorf("plugin %s: on_start_error %q: want fail, retry or ignore", s.Name, s.OnStartError)
	case s.SHA256 == "" && !s.Unpinned:
		return fmt.Errorf("plugin %s: no sha256: pin %s with `homeostat plugin pin`, or allow it with allow_unpinned", s.Name, s.Path)
	case s.StartTimeout < 0 || s.CallTimeout < 0 || s.Memory < 0:
		return fmt.Errorf("plugin %s: a limit is negative", s.Name)
	}
	return nil
}

func checkSpecs(specs []Spec) error {
	var errs []error
	seen := map[string]bool{}
	for _, s := range specs {
		if err := s.check(); err != nil {
			errs = append(errs, err)
		}
		if seen[s.Name] {
			errs = append(errs, fmt.Errorf("plugin %s: configured twice", s.Name))
		}
		seen[s.Name] = true
	}
	return errors.Join(errs...)
}
