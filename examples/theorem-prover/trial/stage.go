// Package trial breaks the proof engine under a live homeostat, one fault after
// the other, and counts proofs before, during and after. It owns the scratch
// folder, the faults and what is held against them; it heals nothing.
//
// A trial is run by one goroutine; a tally counts in a second one, which Close
// ends.
package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/harness/loopback"
	"github.com/homeostat/homeostat/examples/theorem-prover/engine"
	"github.com/homeostat/homeostat/examples/theorem-prover/theorem"
)

// Options say with which programs, in which scratch folder, with what.
type Options struct {
	// Bin is the folder with homeostat, plugins/, prover-engine, prover-store and
	// prover-model.wasm.
	Bin string
	// Dir is a scratch folder. Its path must be short: a socket lives in it.
	Dir string
	// Files has config.toml and problems/.
	Files fs.FS
	// Say reports progress.
	Say func(string)
}

// stage is a live homeostat with an engine and its store.
type stage struct {
	opt    Options
	dir    string
	daemon *daemon.Daemon
	tally  *tally
	// engine, engineAdmin and storeAdmin are addresses.
	engine, engineAdmin, storeAdmin string
	// evaluations is how many settings a search has tried.
	evaluations int
}

const (
	// startTime bounds the start of everything.
	startTime = 2 * time.Minute
	// pause is the time between two looks while something is waited for.
	pause = 200 * time.Millisecond
)

// addresses are those of the shipped configuration: engine, its admin pages, the
// link, the store, its admin pages, the dashboard.
var addresses = []string{"127.0.0.1:9300", "127.0.0.1:9301", "127.0.0.1:9310", "127.0.0.1:9311", "127.0.0.1:9312", "127.0.0.1:9380"}

// open starts the shipped configuration in a folder of its own, on free ports,
// with a model of the engine and the strategy that searches, if there is a model.
func open(ctx context.Context, o Options, name, model string) (*stage, error) {
	s := &stage{opt: o, dir: filepath.Join(o.Dir, name)}
	ports, err := loopback.Reserve(len(addresses))
	if err != nil {
		return nil, err
	}
	s.engine, s.engineAdmin, s.storeAdmin = ports[0], ports[1], ports[4]
	if err := s.lay(ports); err != nil {
		return nil, err
	}
	config, err := s.configuration(ports)
	if err != nil {
		return nil, err
	}
	if model != "" {
		const component = "name = \"engine\"\n"
		config = strings.Replace(config, component, component+model, 1) + geneticForm
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	s.daemon, err = daemon.Start(ctx, daemon.Options{Bin: o.Bin, Dir: s.dir, Config: config})
	if err != nil {
		return nil, err
	}
	if err := s.daemon.AwaitUp(ctx, "engine"); err != nil {
		return nil, errors.Join(err, s.daemon.Stop())
	}
	s.tally = begin(s.engineAdmin)
	return s, nil
}

// close ends everything.
func (s *stage) close() error {
	s.tally.close()
	return s.daemon.Stop()
}

// lay makes the folder with problems and settings.
func (s *stage) lay(ports []string) error {
	problems, err := fs.Sub(s.opt.Files, "problems")
	if err == nil {
		err = os.CopyFS(filepath.Join(s.dir, "problems"), problems)
	}
	if err != nil {
		return fmt.Errorf("lay out the trial: %w", err)
	}
	e, ok := engine.NewProgram().Defaults().(*engine.Settings)
	if !ok {
		return errors.New("lay out the trial: the engine has other settings")
	}
	e.Server.Listen, e.Server.Admin = ports[0], ports[1]
	e.Store.URL, e.Problems.Dir = "http://"+ports[2], "../problems"
	t, ok := theorem.NewProgram().Defaults().(*theorem.Settings)
	if !ok {
		return errors.New("lay out the trial: the store has other settings")
	}
	t.Server.Listen, t.Server.Admin = ports[3], ports[4]
	return errors.Join(write(s.engineFile(), e), write(filepath.Join(s.dir, "store", "store.toml"), t))
}

func write(path string, settings any) error {
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(settings); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// engineFile is where the engine's settings are.
func (s *stage) engineFile() string { return filepath.Join(s.dir, "engine", "engine.toml") }

// configuration is the shipped one with the trial's own places, a shorter hold time,
// so that a trial does not take all day, and hardly any time in which an incident
// opens again: one that began before a change is not put down to it.
func (s *stage) configuration(ports []string) (string, error) {
	b, err := fs.ReadFile(s.opt.Files, "config.toml")
	if err != nil {
		return "", fmt.Errorf("read the shipped configuration: %w", err)
	}
	swap := []string{
		`"../../var/prover/`, `"` + s.dir + "/",
		`"../../bin/`, `"` + s.opt.Bin + "/",
		`"../.."`, `"` + s.dir + `"`,
		`"bin/`, `"` + s.opt.Bin + "/",
		`var/prover/`, "",
		`hold = "15s"`, "hold = \"10s\"\nreopen = \"1s\"",
	}
	for i, address := range addresses {
		swap = append(swap, address, ports[i])
	}
	return strings.NewReplacer(swap...).Replace(string(b)), nil
}

// until looks again and again until something holds.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	for {
		ok, err := holds()
		if ok && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait until %s: %w", what, ctx.Err()), err)
		case <-time.After(pause):
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
