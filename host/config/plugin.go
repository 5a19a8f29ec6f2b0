package config

import (
	"maps"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/config/form"
	"github.com/homeostat/homeostat/host/config/schema"
)

// Plugins is the table [plugins].
type Plugins struct {
	Dir           string            `toml:"dir" default:"" otherwise:"--plugins, else bin/plugins beside the binary, else /usr/lib/homeostat/plugins" doc:"Where relative paths of plugins begin."`
	AllowUnpinned bool              `toml:"allow_unpinned" default:"false" doc:"Run plugins outside that folder without sha256."`
	Named         map[string]Plugin `toml:"*" place:"timeseries" doc:"One detector or strategy."`
}

// Names returns the names of the plugins in alphabetical order.
func (p Plugins) Names() []string { return slices.Sorted(maps.Keys(p.Named)) }

// PluginKind says which service a plugin offers.
type PluginKind string

// The kinds of plugins.
const (
	PluginDetector PluginKind = "detector"
	PluginStrategy PluginKind = "strategy"
)

// Plugin is one table [plugins.NAME].
type Plugin struct {
	Kind         PluginKind   `toml:"kind" required:"true" oneof:"detector|strategy" example:"\"detector\"" doc:"What it does."`
	Path         string       `toml:"path" required:"true" example:"\"detector-timeseries\"" doc:"The program, relative to plugins.dir."`
	SHA256       form.Digest  `toml:"sha256" default:"" doc:"Its SHA-256; required outside plugins.dir unless allow_unpinned."`
	OnStartError string       `toml:"on_start_error" default:"retry" oneof:"fail|retry|ignore" doc:"fail: the daemon does not start. retry: with growing pauses. ignore: go on without it."`
	Limits       PluginLimits `toml:"limits" doc:"What it may take."`
	Config       schema.Raw   `toml:"config" doc:"Handed to the plugin untouched; homeostat plugin check shows its keys."`
}

// PluginLimits is the table [plugins.NAME.limits].
type PluginLimits struct {
	Start  time.Duration `toml:"start" default:"10s" min:"100ms" max:"10m" doc:"Until it is ready."`
	Call   time.Duration `toml:"call" default:"2s" min:"10ms" max:"10m" doc:"For one answer."`
	Memory form.Size     `toml:"memory" default:"256MiB" min:"16MiB" max:"64GiB" doc:"Memory of its process."`
}

// Sandbox is the table [sandbox].
type Sandbox struct {
	Memory       form.Size              `toml:"memory" default:"256MiB" min:"1MiB" max:"4GiB" doc:"Linear memory of the program."`
	Timeout      time.Duration          `toml:"timeout" default:"10s" min:"10ms" max:"1h" doc:"Wall-clock time; then it is killed."`
	Output       form.Size              `toml:"output" default:"1MiB" min:"1KiB" max:"1GiB" doc:"Bytes on standard output and error together."`
	Files        int                    `toml:"files" default:"2000" min:"1" max:"10000000" doc:"Files that it may make."`
	Require      []string               `toml:"require" oneof:"seccomp|landlock|namespaces|other-user|no-new-privs|rlimits" doc:"Guards without which nothing is run; the others are used where the host has them."`
	Interpreters map[string]Interpreter `toml:"interpreters" place:"python" doc:"Interpreters as WASM, for checks in other languages."`
}

// Interpreter is one table [sandbox.interpreters.NAME].
type Interpreter struct {
	WASM   string      `toml:"wasm" required:"true" example:"\"python.wasm\"" doc:"The WASM file, relative to this file."`
	SHA256 form.Digest `toml:"sha256" required:"true" example:"\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"" doc:"Its SHA-256."`
}
