// Strategy-restart-once is the smallest strategy plugin: it restarts a
// component one time and then leaves the incident to a person.
package main

import (
	"context"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve"
)

// Config is empty: there is nothing to set.
type Config struct{}

// New makes the strategy.
func New(c Config, _ sdk.Env) (sdk.Strategy, error) { return c, nil }

// Propose looks at what was tried before.
func (Config) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	if len(in.Attempts) > 0 {
		give := sdk.HandOver{Component: in.Component, Message: "one restart did not help"}
		return sdk.Proposal{Reason: "tried once", Actions: []sdk.Action{give}}, nil
	}
	return sdk.Proposal{Reason: "first try", Actions: []sdk.Action{sdk.Restart{Component: in.Component}}}, nil
}

func main() { serve.Strategy("restart-once", "0.1.0", New) }
