// Package declared owns what an operator declares a component to be, and what is wrong with it: one by one, and how they
// depend on each other. It looks up users and asks whether there is a systemd, and does nothing else.
//
// Concurrency: plain data and functions without state.
package declared

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/component/account"
	"github.com/homeostat/homeostat/host/component/grace"
	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/unit"
)

// Kind says who starts the processes of a component and how the host finds them.
type Kind string

// The kinds.
const (
	// Command is started and owned by the host.
	Command Kind = "command"
	// Pidfile is started by somebody else, who writes the main process's number to a file.
	Pidfile Kind = "pidfile"
	// Match is started by somebody else and found by its command line.
	Match Kind = "match"
	// Unit is a systemd unit.
	Unit Kind = "unit"
)

// OnExit says what becomes of a component's process when the daemon ends on purpose.
type OnExit string

// The choices; the empty one means Keep.
const (
	Keep OnExit = "keep"
	End  OnExit = "stop"
)

// DefaultStopTimeout is the time from TERM to KILL unless a spec or an order says otherwise.
const DefaultStopTimeout = 10 * time.Second

// Spec is one component in checked form: paths are absolute or, for programs, relative to Dir.
type Spec struct {
	Name string
	Kind Kind
	// Command is the program and its arguments; for kind command alone.
	Command []string
	// Dir is the working directory of Command and Commands; empty means the host's.
	Dir string
	// Env is added to the few variables that a service inherits from the host: PATH, HOME, USER, LOGNAME, SHELL, TZ, TMPDIR, LANG, LC_*.
	Env map[string]string
	// User is the account that Command, Commands and exec probes run as; empty means the host's own. Another than that needs root.
	User string
	// DependsOn names components that are started first.
	DependsOn []string
	// Logs are further log files, beside the output that the host keeps; the component package does not read them.
	Logs []string
	// StartTimeout is the start grace while no start has been learned, and how long an own start command may take; zero
	// means grace.Unlearned.
	StartTimeout time.Duration
	// StopTimeout is the time from TERM to KILL; zero means DefaultStopTimeout.
	StopTimeout time.Duration
	OnExit      OnExit
	// Commands replace the built-in ways. For kind command there is no own Start.
	Commands Commands
	Probes   []probe.Spec
	// Pidfile is the file of kind pidfile; Match a regular expression over the command line, arguments joined by
	// blanks, of kind match; Unit the unit's name of kind unit.
	Pidfile, Match, Unit string
	// Ports are TCP ports, on any local address, that must be free after a stop, beside those which the processes were seen to listen on.
	Ports []int
}

// Commands are an operator's own ways to start, stop, restart and reload; each is a program and its arguments, or empty.
type Commands struct {
	Start, Stop, Restart, Reload []string
}

// StartWithin returns the start timeout, or its default.
func (s Spec) StartWithin() time.Duration {
	if s.StartTimeout > 0 {
		return s.StartTimeout
	}
	return grace.Unlearned
}

// StopWithin returns the stop timeout, or its default.
func (s Spec) StopWithin() time.Duration {
	if s.StopTimeout > 0 {
		return s.StopTimeout
	}
	return DefaultStopTimeout
}

// Fingerprint names what a process is started from, so that a later daemon can tell whether the spec has changed.
func (s Spec) Fingerprint() string {
	parts := append([]string{s.Dir, s.User}, s.Command...)
	for key, v := range s.Env {
		parts = append(parts, key+"="+v)
	}
	slices.Sort(parts[2+len(s.Command):]) // the order of a map is random
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// Check returns all problems of the specs, joined: of each alone and of their dependencies. It starts nothing.
func Check(specs []Spec) error {
	var problems []error
	seen := make(map[string]bool)
	for _, s := range specs {
		if seen[s.Name] {
			problems = append(problems, fmt.Errorf("component %q: the name is used twice", s.Name))
		}
		seen[s.Name] = true
		for _, err := range s.problems() {
			problems = append(problems, fmt.Errorf("component %q: %w", s.Name, err))
		}
	}
	if _, err := InOrder(specs); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (s Spec) problems() []error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if s.Name == "" || strings.ContainsAny(s.Name, "/\x00") || strings.HasPrefix(s.Name, ".") {
		add("name: it must not be empty, begin with a dot or hold a slash, because files are named after it")
	}
	if s.OnExit != "" && s.OnExit != Keep && s.OnExit != End {
		add("on_exit: got %q, want keep or stop", s.OnExit)
	}
	if _, err := account.Lookup(s.User); err != nil {
		add("user: %w", err)
	}
	if err := s.kindProblem(); err != nil {
		problems = append(problems, err)
	}
	return problems
}

func (s Spec) kindProblem() error {
	switch s.Kind {
	case Command:
		if len(s.Command) == 0 {
			return errors.New("command: kind command needs one")
		}
		if len(s.Commands.Start) > 0 {
			return errors.New("start_command: kind command starts its command itself; for a service that another program starts use kind pidfile or match")
		}
	case Pidfile:
		if s.Pidfile == "" {
			return errors.New("pidfile: kind pidfile needs one")
		}
	case Match:
		if s.Match == "" {
			return errors.New("match: kind match needs a regular expression")
		}
		if _, err := regexp.Compile(s.Match); err != nil {
			return fmt.Errorf("match: %w", err)
		}
	case Unit:
		return s.unitProblem()
	default:
		return fmt.Errorf("kind: got %q, want command, pidfile, match or unit", s.Kind)
	}
	return nil
}

// InOrder sorts the specs so that every one comes after those it depends on. It is an error when that cannot be.
func InOrder(specs []Spec) ([]Spec, error) {
	byName := make(map[string]Spec, len(specs))
	for _, s := range specs {
		byName[s.Name] = s
	}
	const visiting, done = 1, 2
	var sorted []Spec
	state := make(map[string]int)
	var visit func(s Spec) error
	visit = func(s Spec) error {
		switch state[s.Name] {
		case done:
			return nil
		case visiting:
			return fmt.Errorf("component %q: depends_on: it depends on itself in the end", s.Name)
		}
		state[s.Name] = visiting
		for _, name := range s.DependsOn {
			dep, ok := byName[name]
			if !ok {
				return fmt.Errorf("component %q: depends_on: there is no component %q", s.Name, name)
			}
			if err := visit(dep); err != nil {
				return err
			}
		}
		state[s.Name] = done
		sorted = append(sorted, s)
		return nil
	}
	for _, s := range specs {
		if err := visit(s); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}

func (s Spec) unitProblem() error {
	if s.Unit == "" {
		return errors.New("unit: kind unit needs the name of one")
	}
	if err := unit.Available(); err != nil {
		return fmt.Errorf("kind: %w; use kind command, pidfile or match", err)
	}
	return nil
}
