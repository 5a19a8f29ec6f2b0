// Command demo breaks a real service in many ways under a live homeostat and
// shows each fault seen and repaired. Then it tells stories of healing that is
// more than restarts.
//
// It owns the order of events and the exit code: 0 when every fault was repaired
// within its limits, 1 when one was not, 2 for a wrong command line. The faults
// and their limits are in package scenario, the stories in package story, what is
// printed in package report.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/demo/report"
	"github.com/homeostat/homeostat/examples/demo/scenario"
	"github.com/homeostat/homeostat/examples/demo/story"
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
	stories, faults := story.Choose(s.fault)
	var chosen []scenario.Fault
	if s.fault == "" || faults != "" {
		if chosen, err = scenario.Choose(faults); err != nil {
			fmt.Fprintf(os.Stderr, "demo: %v; or a story: %s\n", err, strings.Join(story.Names(), ", "))
			return 2
		}
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	results, err := demonstrate(ctx, s, show{chosen, stories})
	if err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		return 1
	}
	if !results.Repaired {
		return 1
	}
	return 0
}

// show is what is shown.
type show struct {
	faults  []scenario.Fault
	stories []story.Story
}

func flags(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	f.StringVar(&s.bin, "bin", "bin", "`folder` with homeostat, plugins/, shop-web and shop-store")
	f.StringVar(&s.json, "json", "", "write the results to this `file` as well")
	f.StringVar(&s.fault, "fault", "", "show these `faults` and stories alone, separated by commas; empty for all")
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

// demonstrate runs the chosen faults, then the stories, in a scratch folder,
// which is kept when something went wrong.
func demonstrate(ctx context.Context, s settings, chosen show) (report.Results, error) {
	bin, err := filepath.Abs(s.bin)
	if err != nil {
		return report.Results{}, err
	}
	dir, err := os.MkdirTemp("", "homeostat-demo-")
	if err != nil {
		return report.Results{}, fmt.Errorf("make a scratch folder: %w", err)
	}
	out := report.New(os.Stdout)
	var lines []scenario.Line
	if len(chosen.faults) > 0 {
		lines, err = playFaults(ctx, scenario.Options{Bin: bin, Dir: dir, Faults: chosen.faults, Say: out.Say})
	}
	if len(chosen.stories) > 0 && err == nil {
		var told []scenario.Line
		told, err = story.Tell(ctx, story.Options{Bin: bin, Dir: dir, Say: out.Say}, chosen.stories)
		lines = append(lines, told...)
	}
	if err != nil && len(lines) == 0 {
		return report.Results{}, errors.Join(err, fmt.Errorf("what is left of it is in %s", dir))
	}
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

func playFaults(ctx context.Context, o scenario.Options) ([]scenario.Line, error) {
	stage, err := scenario.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return stage.Run(ctx), stage.Close()
}
