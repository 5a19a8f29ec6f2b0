package config

import (
	"time"

	"github.com/homeostat/homeostat/host/config/form"
	"github.com/homeostat/homeostat/host/config/schema"
)

// Kind says who starts a component and how its processes are found.
type Kind string

// The kinds of components.
const (
	// KindCommand is started and owned by homeostat.
	KindCommand Kind = "command"
	// KindPidfile is started by somebody else, who writes its process id into a file.
	KindPidfile Kind = "pidfile"
	// KindMatch is started by somebody else and found by its command line.
	KindMatch Kind = "match"
	// KindUnit is a unit of systemd.
	KindUnit Kind = "unit"
)

// Component is one table [[component]].
type Component struct {
	Name      form.Name         `toml:"name" required:"true" example:"\"web\"" doc:"Lower-case letters, digits, _ and -, at most 63, beginning with a letter."`
	Kind      Kind              `toml:"kind" default:"command" oneof:"command|pidfile|match|unit" doc:"command: homeostat starts and owns it. pidfile, match: somebody else starts it. unit: systemd does."`
	Command   []string          `toml:"command" example:"[\"./shop-web\", \"--config\", \"shop.toml\"]" doc:"Program and arguments, for kind command. A program with a slash is relative to dir."`
	Pidfile   string            `toml:"pidfile" default:"" doc:"File with the process id, for kind pidfile."`
	Match     form.Pattern      `toml:"match" default:"" doc:"Regular expression over the whole command line, for kind match."`
	Unit      form.Unit         `toml:"unit" default:"" doc:"Name of the unit, for kind unit, with its suffix."`
	Dir       string            `toml:"dir" default:"." doc:"Working folder, relative to this file."`
	Env       map[string]string `toml:"env" example:"{ LANG = \"C\" }" doc:"Environment added for its commands."`
	User      string            `toml:"user" default:"" otherwise:"the daemon's user" doc:"User to run as; needs root."`
	DependsOn []string          `toml:"depends_on" doc:"Components that must be healthy for this one."`
	Logs      []string          `toml:"logs" doc:"Log files to follow."`
	Files     []string          `toml:"files" doc:"Files and folders, relative to dir, whose edits are told when it fails; its roots, unit files and parameter files are looked at anyway."`
	Scrape    form.URL          `toml:"scrape" default:"" example:"\"http://127.0.0.1:9101/metrics\"" doc:"Where it shows metrics in Prometheus' text form."`
	Mode      Mode              `toml:"mode" default:"" oneof:"manual|supervised|automated|learning" otherwise:"healing.mode" doc:"The mode of this component. The stricter of the two holds unless mode_wins is set."`
	ModeWins  bool              `toml:"mode_wins" default:"false" doc:"Let mode hold even where healing.mode is stricter."`
	Ladder    []string          `toml:"ladder" otherwise:"healing.ladder" doc:"The strategies that are asked about this component, in this order."`

	ScrapeInterval time.Duration `toml:"scrape_interval" default:"5s" min:"1s" max:"1h" doc:"How often the page of scrape is read."`
	StartCommand   []string      `toml:"start_command" doc:"Starts it, for the kinds that somebody else starts."`
	StopCommand    []string      `toml:"stop_command" doc:"Replaces the first step of the built-in stop."`
	RestartCommand []string      `toml:"restart_command" doc:"Replaces stop and start."`
	ReloadCommand  []string      `toml:"reload_command" doc:"Makes it read its files again."`
	StartTimeout   time.Duration `toml:"start_timeout" default:"60s" min:"1s" max:"1h" doc:"How long a start may take until starts have been learned."`
	WarmUp         time.Duration `toml:"warm_up" default:"0s" min:"0s" max:"5m" doc:"How long it may stay unhealthy after a remedy before the remedy counts as failed and is taken back, such as a cache that has to fill. An exit counts at once."`
	StopTimeout    time.Duration `toml:"stop_timeout" default:"10s" min:"100ms" max:"1h" doc:"How long it may take to end by itself before it is killed."`
	OnExit         string        `toml:"on_exit" default:"keep" oneof:"keep|stop" doc:"keep: it outlives the daemon and is adopted again. stop: it ends with the daemon."`

	Restarts   Restarts            `toml:"restarts" doc:"The limit of restarts; afterwards it is tried at growing intervals."`
	Model      Model               `toml:"model" doc:"A WASM fitness model for the genetic strategy."`
	Declared   map[string]Declared `toml:"declared" place:"drop-cache" doc:"Commands that a strategy may ask for by name."`
	Probes     []Probe             `toml:"probe" doc:"How its health is asked."`
	Parameters []Parameter         `toml:"parameter" doc:"What strategies may move, and within what."`
	Forbidden  []Forbidden         `toml:"forbid" doc:"Combinations of their values that are never applied."`
}

// Restarts is the table restarts of a component.
type Restarts struct {
	Max    int           `toml:"max" default:"5" min:"1" max:"1000" doc:"Restarts in any window of this length."`
	Window time.Duration `toml:"window" default:"10m" min:"1s" max:"168h" doc:"The length of the window."`
}

// Model is the table model of a component.
type Model struct {
	Module string      `toml:"module" default:"" doc:"WASM file with the function fitness, relative to this file."`
	SHA256 form.Digest `toml:"sha256" default:"" otherwise:"unpinned" doc:"What its SHA-256 must be. Without it any file of that name is run, in the sandbox, and a warning says so; a file that has changed is searched anew."`
	Replay string      `toml:"replay" default:"" otherwise:"none" doc:"Signal of the component, such as its requests, whose recorded hours the model's function replay is given."`
}

// Declared is one table declared.NAME of a component.
type Declared struct {
	Command []string      `toml:"command" required:"true" example:"[\"./drop-cache\"]" doc:"Program and arguments."`
	Undo    []string      `toml:"undo" doc:"What takes it back; without it a person must approve. After a kill of the daemon it may be run though the command was not, or twice."`
	Timeout time.Duration `toml:"timeout" default:"30s" min:"100ms" max:"1h" doc:"How long it may run."`
}

// ProbeType says how a probe asks.
type ProbeType string

// The types of probes.
const (
	ProbeHTTP ProbeType = "http"
	ProbeTCP  ProbeType = "tcp"
	ProbeExec ProbeType = "exec"
	ProbeUnix ProbeType = "unix"
)

// DefaultProbeTimeout holds for a probe without a timeout.
const DefaultProbeTimeout = 2 * time.Second

// Probe is one table [[component.probe]]. A Timeout of 0 means that nobody has given one.
type Probe struct {
	Name       string           `toml:"name" default:"" otherwise:"the type" doc:"What it is called in status and messages."`
	Type       ProbeType        `toml:"type" required:"true" oneof:"http|tcp|exec|unix" example:"\"http\"" doc:"How it asks."`
	URL        form.URL         `toml:"url" default:"" example:"\"http://127.0.0.1:9100/health\"" doc:"What is requested, for type http."`
	Status     form.StatusRange `toml:"status" default:"200-399" doc:"The healthy status codes, for type http."`
	Body       string           `toml:"body" default:"" doc:"A text that the body must contain, for type http."`
	Address    form.Address     `toml:"address" default:"" doc:"What is connected to, for type tcp."`
	Path       string           `toml:"path" default:"" doc:"The socket that is connected to, for type unix."`
	Command    []string         `toml:"command" doc:"What is run, for type exec; exit 0 is healthy."`
	Interval   time.Duration    `toml:"interval" default:"5s" min:"100ms" max:"1h" doc:"How often it asks while all is well."`
	Timeout    time.Duration    `toml:"timeout" default:"0s" min:"0s" max:"10m" doc:"How long an answer may take. What you give holds to the letter: answers that are merely late are no failure before it. 0s is for 2s and for telling a hang earlier by what is usual: silence of 20 times the longest usual answer, and 500ms at least, counts as a failure then, and three in a row make the verdict."`
	MaxLatency time.Duration    `toml:"max_latency" default:"0s" min:"0s" max:"10m" doc:"A slower answer is a failure; 0s for no such limit."`
}

// ParameterType says what values a parameter takes.
type ParameterType string

// The types of parameters.
const (
	ParameterInt    ParameterType = "int"
	ParameterLogInt ParameterType = "log_int"
	ParameterFloat  ParameterType = "float"
	ParameterBool   ParameterType = "bool"
	ParameterChoice ParameterType = "choice"
)

// Parameter is one table [[component.parameter]]. After the checks Default fits the type, and Min, Max and MaxStep are
// numbers where the type is int, log_int or float.
type Parameter struct {
	Name    form.Name     `toml:"name" required:"true" example:"\"workers\"" doc:"Unique within the component."`
	Type    ParameterType `toml:"type" required:"true" oneof:"int|log_int|float|bool|choice" example:"\"int\"" doc:"log_int is an integer that is moved by factors."`
	Min     schema.Number `toml:"min" example:"1" doc:"Smallest value; required for int, log_int and float."`
	Max     schema.Number `toml:"max" example:"64" doc:"Largest value; required for int, log_int and float."`
	Default schema.Scalar `toml:"default" required:"true" example:"8" doc:"The value to start from and to return to."`
	MaxStep schema.Number `toml:"max_step" example:"8" otherwise:"no limit but min and max" doc:"The largest move at once; a factor for log_int."`
	Choices []string      `toml:"choices" doc:"The values, for type choice."`
	File    string        `toml:"file" required:"true" example:"\"shop.toml\"" doc:"The file that holds it, relative to dir; it is changed only where a root holds the file."`
	Key     string        `toml:"key" required:"true" example:"\"server.workers\"" doc:"Where in the file it stands: the names on the way to it, joined by dots; sections and blocks count, elements of lists count from 0."`
	Format  string        `toml:"format" default:"" oneof:"toml|json|yaml|ini|env|words|lines" otherwise:"told by the file's name" doc:"How the file is written. words: \"name value\" in blocks or not, as for nginx and redis. lines: ini or words, whichever has the key."`
}

// Forbidden is one table [[component.forbid]]. After the checks every text of All is a condition of form.ParseCondition on
// declared parameters.
type Forbidden struct {
	All    []string `toml:"all" required:"true" example:"[\"workers >= 32\"]" doc:"Conditions that must not hold together, such as workers > connections; to the right stands a value or another parameter."`
	Reason string   `toml:"reason" default:"" example:"\"the store cannot take so many without the cache\"" doc:"Why, for people who are refused."`
}
