package simulation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/app"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/plugin"
	"github.com/homeostat/homeostat/host/simulate/tuning"
	"github.com/homeostat/homeostat/sdk"
)

// program is the plugin that evolves settings.
const program = "strategy-genetic"

// What the plugin may take, and its end.
const (
	evolvingCall = 30 * time.Second
	evolvingEnd  = 15 * time.Second
)

// errNoPlugin matches a plugin that is not there.
var errNoPlugin = errors.New("the plugin " + program + " is not there")

// evolving starts the plugin with nothing but what the daemon gives it and with empty
// state, which end throws away.
func (f *flags) evolving(ctx context.Context) (s tuning.Strategy, end func(), err error) {
	path, err := f.program()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "homeostat-simulate-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder for the plugin: %w", err)
	}
	host, err := plugin.New(plugin.Options{
		StateDir: dir, WriteFile: os.WriteFile, Sink: func(sdk.Event) {},
		Log: hclog.New(&hclog.LoggerOptions{Name: "homeostat", Level: hclog.Error, Output: os.Stderr}),
		Specs: []plugin.Spec{{
			Name: "genetic", Kind: plugin.KindStrategy, Path: path, Unpinned: true, OnStartError: plugin.Fail, CallTimeout: evolvingCall,
		}},
	})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	end = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), evolvingEnd)
		defer cancel()
		_ = host.Close(ctx) // nothing of it is wanted any more
		os.RemoveAll(dir)
	}
	if err := host.Start(ctx); err != nil {
		end()
		return nil, nil, err
	}
	return host.Strategies()[0], end, nil
}

// program finds the plugin as the daemon does.
func (f *flags) program() (string, error) {
	folder, err := app.PluginDir(f.plugins, &config.Settings{})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, program)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: %w; --plugins names its folder", errNoPlugin, err)
	}
	return path, nil
}
