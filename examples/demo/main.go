// Command demo breaks a real service in many ways under a live homeostat and
// shows each fault seen and repaired.
//
// It owns the order of events and the exit code: 0 when every fault was repaired
// within its limits, 1 when one was not, 2 for a wrong command line. The faults
// and their limits are in package scenario, what is printed in package report.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/demo/report"
	"github.com/homeostat/homeostat/examples/demo/scenario"
)

// longest is how long the whole demo may take before it gives up.
const longest = 10 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx))
}

type settings struct {
	bin, json, fault string
}

func run(ctx context.Context) int {
	s, err := flags(os.Args[1:])
	if err != nil {
		return 2
	}
	chosen, err := scenario.Choose(s.fault)
	if err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		return 2
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	results, err := demonstrate(ctx, s, chosen)
	if err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		return 1
	}
	if !results.Repaired {
		return 1
	}
	return 0
}

func flags(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	f.StringVar(&s.bin, "bin", "bin", "`folder` with homeostat, plugins/, shop-web and shop-store")
	f.StringVar(&s.json, "json", "", "write the results to this `file` as well")
	f.StringVar(&s.fault, "fault", "", "show these `faults` alone, separated by commas; empty for all")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		err := fmt.Errorf("there are no arguments, got %q", f.Args())
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		return s, err
	}
	return s, nil
}

// demonstrate runs the chosen faults in a scratch folder, which is kept when
// something went wrong.
func demonstrate(ctx context.Context, s settings, chosen []scenario.Fault) (report.Results, error) {
	bin, err := filepath.Abs(s.bin)
	if err != nil {
		return report.Results{}, err
	}
	dir, err := os.MkdirTemp("", "homeostat-demo-")
	if err != nil {
		return report.Results{}, fmt.Errorf("make a scratch folder: %w", err)
	}
	out := report.New(os.Stdout)
	stage, err := scenario.Open(ctx, scenario.Options{Bin: bin, Dir: dir, Faults: chosen, Say: out.Say})
	if err != nil {
		return report.Results{}, errors.Join(err, fmt.Errorf("what is left of it is in %s", dir))
	}
	lines := stage.Run(ctx)
	err = stage.Close()
	results := out.Finish(lines)
	if s.json != "" {
		err = errors.Join(err, results.WriteFile(s.json))
	}
	if err != nil || !results.Repaired {
		out.Say("the daemon's state, log and configuration are in " + dir)
		return results, err
	}
	return results, os.RemoveAll(dir)
}
