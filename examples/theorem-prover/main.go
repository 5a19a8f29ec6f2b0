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
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
	"github.com/homeostat/homeostat/examples/theorem-prover/report"
	"github.com/homeostat/homeostat/examples/theorem-prover/trial"
)

//go:embed config.toml problems/*.p
var files embed.FS

// longest is how long everything may take before it gives up.
const longest = 20 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx))
}

func run(ctx context.Context) int {
	bin := flag.String("bin", "bin", "`folder` with homeostat, plugins/, prover-engine, prover-store and prover-model.wasm")
	names := flag.String("fault", "", "play these `faults` alone, separated by commas; empty for all: "+strings.Join(trial.Names(), ", "))
	path := flag.String("json", "", "write the figures to this `file` as well")
	flag.Parse()
	faults, err := trial.Choose(*names)
	if err == nil && flag.NArg() > 0 {
		err = fmt.Errorf("there are no arguments, got %q", flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "theorem-prover:", err)
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	good, err := play(ctx, *bin, *path, faults)
	if err != nil {
		fmt.Fprintln(os.Stderr, "theorem-prover:", err)
	}
	if err != nil || !good {
		return 1
	}
	return 0
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
func play(ctx context.Context, bin, path string, faults []trial.Fault) (good bool, err error) {
	if _, err := eprover.Find(); err != nil {
		return false, err
	}
	bin, err = filepath.Abs(bin)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "prover-")
	if err != nil {
		return false, fmt.Errorf("make a scratch folder: %w", err)
	}
	begun := time.Now()
	say := func(text string) { fmt.Printf("%6.1f s  %s\n", time.Since(begun).Seconds(), text) }
	rows, err := trial.Run(ctx, trial.Options{Bin: bin, Dir: dir, Files: files, Say: say}, faults)
	report.Bars(os.Stdout, rows)
	good = err == nil
	for _, r := range rows {
		good = good && len(r.Wrong) == 0
	}
	if path != "" {
		err = errors.Join(err, writeJSON(path, results{begun, time.Since(begun).Seconds(), runtime.NumCPU(), rows}))
	}
	if !good {
		fmt.Printf("\nconfiguration, state and logs are in %s\n", dir)
		return false, err
	}
	fmt.Printf("\n%d of %d healed, in %.0f s\n", len(rows), len(faults), time.Since(begun).Seconds())
	return true, errors.Join(err, os.RemoveAll(dir))
}

func writeJSON(path string, r results) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}
