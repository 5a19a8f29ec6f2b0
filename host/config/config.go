// Package config turns config.toml into checked settings.
//
// It owns every key with its default, its range and its sentence for the reference, the checks between keys, and the
// resolving of relative paths. It starts nothing and opens nothing but the file itself: whether a program, a folder or a
// port is there is asked by the package that uses it. Settings are read only after Load; sharing them needs no lock.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/host/config/schema"
)

// Settings is one configuration, checked as a whole, with every default filled in and every path absolute, except the
// paths of plugins, which the plugin store resolves.
type Settings struct {
	Healing    Healing     `toml:"healing" doc:"How anomalies become recoveries."`
	Safety     Safety      `toml:"safety" doc:"What stands between a change and the host."`
	Self       Self        `toml:"self" doc:"Changes of homeostat itself: its configuration, its plugins, its program."`
	Backup     Backup      `toml:"backup" doc:"How long stored states are kept."`
	Dashboard  Dashboard   `toml:"dashboard" doc:"The web page and the HTTP API."`
	Notify     Notify      `toml:"notify" doc:"Where incidents and approvals are announced."`
	Alerts     Alerts      `toml:"alerts" doc:"How Prometheus' alerts, which Alertmanager posts, become anomalies."`
	Log        Log         `toml:"log" doc:"The daemon's own log, on standard error."`
	History    History     `toml:"history" doc:"What is kept for queries."`
	State      State       `toml:"state" doc:"Where the daemon keeps what must survive it."`
	Socket     Socket      `toml:"socket" doc:"The unix socket that the command line talks to."`
	Generator  Generator   `toml:"generator" doc:"The program that writes the content of a change from a specification."`
	Components []Component `toml:"component" doc:"What is watched and healed. Paths are relative to dir, and dir to this file."`
	Links      []Link      `toml:"link" doc:"A connection from one component to another."`
	Roots      []Root      `toml:"root" doc:"A folder in which changes may be made."`
	Plugins    Plugins     `toml:"plugins" doc:"Detectors and strategies."`
	Evolve     Evolve      `toml:"evolve" doc:"The search for better parameters of components that have a model."`
	Sandbox    Sandbox     `toml:"sandbox" doc:"The limits of one WASM program."`

	// Warnings are what is allowed and may not be what was meant, in the order of
	// the lines.
	Warnings []schema.Problem
	// File is the absolute path of the file that was read.
	File string
}

// maxLoad bounds what Load reads; it is one byte more than the text that is accepted, so that a longer one is seen.
const maxLoad = schema.MaxBytes + 1

// Load reads and checks the file at path for the given host. All that is wrong is returned at once as *Errors.
func Load(path string, host Host) (*Settings, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read config %s: there is no such file; give another with --config, or start from `homeostat config reference`", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxLoad))
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read config %s: find its folder: %w", path, err)
	}
	return Parse(text, absolute, host)
}

// Parse checks text as if it had been read from file, an absolute path. It reads nothing.
func Parse(text []byte, file string, host Host) (*Settings, error) {
	settings := &Settings{}
	positions, problems := schema.Decode(text, settings)
	settings.File = file
	settings.resolve(host)
	c := checker{settings: settings, host: host, positions: positions, problems: problems}
	c.all()
	if len(c.problems) > 0 {
		return nil, &Errors{File: file, Problems: c.sorted()}
	}
	settings.Warnings = c.warnings
	return settings, nil
}

// Default returns the settings of an empty file in the given folder.
func Default(folder string, host Host) (*Settings, error) {
	return Parse(nil, filepath.Join(folder, "config.toml"), host)
}

// Errors is everything that is wrong with one file. There is at least one problem, in the order of the lines.
type Errors struct {
	File     string
	Problems []schema.Problem
}

// Error gives one line for each problem, in the form file:line: path of the key: what is wrong; and a hint where there is
// one.
func (e *Errors) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("%s:%d: %s", e.File, p.Line, p)
	}
	return strings.Join(lines, "\n")
}
