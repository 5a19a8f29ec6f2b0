package config

import (
	"time"

	"github.com/homeostat/homeostat/host/config/form"
)

// Activation says what makes the owner of a root read its files.
type Activation string

// The activations.
const (
	ActivateNone    Activation = "none"
	ActivateReload  Activation = "reload"
	ActivateRestart Activation = "restart"
)

// Confirmation says what ends a watch well.
type Confirmation string

// The confirmations.
const (
	ConfirmHealth Confirmation = "health"
	ConfirmPerson Confirmation = "person"
	ConfirmBoth   Confirmation = "both"
	ConfirmNone   Confirmation = "none"
)

// Root is one table [[root]].
type Root struct {
	Name      form.Name     `toml:"name" required:"true" example:"\"shop\"" doc:"Unique among the roots."`
	Path      string        `toml:"path" required:"true" example:"\"/srv/shop\"" doc:"The folder, relative to this file."`
	Component string        `toml:"component" default:"" example:"\"web\"" doc:"The owner: its probes decide the watch."`
	Activate  Activation    `toml:"activate" default:"" oneof:"none|reload|restart" otherwise:"restart with a component, else none" doc:"What makes the owner read the new files."`
	Watch     time.Duration `toml:"watch" default:"2m" min:"1s" max:"24h" doc:"How long a change can be undone by what is seen."`
	Confirm   Confirmation  `toml:"confirm" default:"health" oneof:"health|person|both|none" doc:"What ends the watch well. Without a component only person and none are possible."`
	Deny      []string      `toml:"deny" example:"[\"secrets/**\"]" doc:"Patterns of paths that checks do not see."`
	Validate  [][]string    `toml:"validate" example:"[[\"nginx\", \"-t\", \"-c\", \"{view}/nginx.conf\"]]" doc:"Programs that judge the candidate, relative to this file where they have a slash; {view} stands for the root with the change applied; with {path} it runs once for each file that is written."`
	Checks    []Check       `toml:"checks" doc:"WASM programs that judge the candidate."`
}

// Check is one element of checks of a root.
type Check struct {
	Module string      `toml:"module" required:"true" example:"\"checks/shop.wasm\"" doc:"The WASM file, relative to this file."`
	SHA256 form.Digest `toml:"sha256" default:"" doc:"Its SHA-256; empty for whatever the file holds."`
	Args   []string    `toml:"args" doc:"Arguments before the changed paths."`
}
