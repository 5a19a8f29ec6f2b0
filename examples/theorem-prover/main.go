// Command theorem-prover breaks a proof engine in many ways under a live homeostat
// and prints proofs a minute before, during and after each fault.
//
// It owns the scratch folder and the exit code: 0 when every fault was healed and
// proofs came back, 1 when not, 2 for a wrong command line. The faults are in
// package trial, what is printed in package report.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/harness/command"
	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
	"github.com/homeostat/homeostat/examples/theorem-prover/report"
	"github.com/homeostat/homeostat/examples/theorem-prover/trial"
)

//go:embed config.toml problems/*.p
var files embed.FS

// longest is how long everything may take before it gives up.
const longest = 20 * time.Minute

func main() {
	bin := flag.String("bin", "bin", "`folder` with homeostat, plugins/, prover-engine, prover-store and prover-model.wasm")
	names := flag.String("fault", "", "play these `faults` alone, separated by commas; empty for all: "+strings.Join(trial.Names(), ", "))
	path := flag.String("json", "", "write the figures to this `file` as well")
	flag.Parse()
	p := command.Program{Name: "theorem-prover", Longest: longest, Run: func(ctx context.Context) error {
		faults, err := trial.Choose(*names)
		if err == nil && flag.NArg() > 0 {
			err = command.Usage("there are no arguments, got %q", flag.Args())
		}
		if err != nil {
			return err
		}
		return play(ctx, *bin, *path, faults)
	}}
	os.Exit(p.Main())
}

// results are what is written as JSON.
type results struct {
	Begun   time.Time   `json:"begun"`
	Seconds float64     `json:"seconds"`
	CPUs    int         `json:"cpus"`
	Rows    []trial.Row `json:"rows"`
}

// play plays the faults in a scratch folder, which is kept when something went
// wrong.
func play(ctx context.Context, bin, path string, faults []trial.Fault) error {
	if _, err := eprover.Find(); err != nil {
		return err
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "prover-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	begun := time.Now()
	say := func(text string) { fmt.Printf("%6.1f s  %s\n", time.Since(begun).Seconds(), text) }
	rows, err := trial.Run(ctx, trial.Options{Bin: bin, Dir: dir, Files: files, Say: say}, faults)
	report.Bars(os.Stdout, rows)
	healed := 0
	for _, r := range rows {
		if len(r.Wrong) == 0 {
			healed++
		}
	}
	fmt.Printf("\n%d of %d healed, in %.0f s\n", healed, len(faults), time.Since(begun).Seconds())
	err = errors.Join(err, command.WriteJSON(path, results{begun, time.Since(begun).Seconds(), runtime.NumCPU(), rows}))
	if err != nil || healed < len(faults) {
		return errors.Join(err, fmt.Errorf("not all went well; configuration, state and logs are in %s", dir))
	}
	return os.RemoveAll(dir)
}
