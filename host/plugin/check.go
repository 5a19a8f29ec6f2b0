package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/plugin/logsink"
	"github.com/homeostat/homeostat/host/plugin/store"
	"github.com/homeostat/homeostat/host/plugin/supervisor"
	"github.com/homeostat/homeostat/sdk/wire"
)

// Description is what a plugin says of itself.
type Description = wire.Description

// ConfigError lists what a plugin finds wrong with its configuration.
type ConfigError = wire.ConfigError

// Hash returns the SHA-256 of a plugin's program, for its pin.
func Hash(path string) (string, error) { return store.Hash(path) }

// Check starts the program at path once, asks what it is, and ends it. It runs
// with the same limits as under the daemon, without any configuration. The
// features of a plugin with required keys are known only to CheckSpec.
func Check(ctx context.Context, path string) (Description, error) {
	d, err := describe(ctx, Spec{Name: "check", Path: path})
	var config *ConfigError
	if errors.As(err, &config) {
		return d, nil
	}
	return d, err
}

// CheckSpec starts the plugin once with its configuration. A *ConfigError says
// what the plugin finds wrong with it; the description is valid then too. A
// wrong pin or kind is an error as well.
func CheckSpec(ctx context.Context, spec Spec) (Description, error) {
	if err := spec.check(); err != nil {
		return Description{}, err
	}
	if spec.SHA256 != "" {
		if got, err := Hash(spec.Path); err != nil {
			return Description{}, err
		} else if got != spec.SHA256 {
			return Description{}, &store.MismatchError{Path: spec.Path, Want: spec.SHA256, Got: got}
		}
	}
	d, err := describe(ctx, spec)
	if err == nil && d.Kind != spec.Kind {
		return d, fmt.Errorf("plugin %s: it is a %s, the configuration says %s", spec.Name, d.Kind, spec.Kind)
	}
	return d, err
}

func describe(ctx context.Context, spec Spec) (Description, error) {
	identity, err := identityOf("")
	if err != nil {
		return Description{}, err
	}
	sockets, err := openSockets("", identity)
	if err != nil {
		return Description{}, err
	}
	defer os.RemoveAll(sockets)
	program, err := store.OpenProgram(spec.Path)
	if err != nil {
		return Description{}, err
	}
	defer program.Close()
	spec = spec.withDefaults()
	d, err := supervisor.Describe(ctx, supervisor.Options{
		Launch: supervisor.Launch{
			Name: spec.Name, Program: program, Identity: identity, Memory: spec.Memory,
			Sockets: sockets, LogLevel: hclog.Error, Output: logsink.New(hclog.NewNullLogger()),
		},
		TOML: spec.ConfigTOML, Seed: seedOf(spec.Name), StartTimeout: spec.StartTimeout, Timing: supervisor.DefaultTiming(),
	})
	if err != nil {
		return d, fmt.Errorf("plugin %s: %w", spec.Path, err)
	}
	return d, nil
}
