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
	"path/filepath"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/demo/report"
	"github.com/homeostat/homeostat/examples/demo/scenario"
	"github.com/homeostat/homeostat/examples/demo/story"
	"github.com/homeostat/homeostat/examples/harness/command"
)

// longest is how long the whole demo may take before it gives up.
const longest = 10 * time.Minute

func main() {
	var s settings
	flag.StringVar(&s.bin, "bin", "bin", "`folder` with homeostat, plugins/, shop-web and shop-store")
	flag.StringVar(&s.json, "json", "", "write the results to this `file` as well")
	flag.StringVar(&s.fault, "fault", "", "show these `faults` and stories alone, separated by commas; empty for all")
	flag.Parse()
	p := command.Program{Name: "demo", Longest: longest, Run: func(ctx context.Context) error { return run(ctx, s) }}
	os.Exit(p.Main())
}

type settings struct {
	bin, json, fault string
}

// errBroken is a fault that was not repaired within its limits.
var errBroken = errors.New("not everything was repaired within its limits")

func run(ctx context.Context, s settings) error {
	if flag.NArg() > 0 {
		return command.Usage("there are no arguments, got %q", flag.Args())
	}
	stories, faults := story.Choose(s.fault)
	var chosen []scenario.Fault
	if s.fault == "" || faults != "" {
		var err error
		if chosen, err = scenario.Choose(faults); err != nil {
			return command.Usage("%w; or a story: %s", err, strings.Join(story.Names(), ", "))
		}
	}
	results, err := demonstrate(ctx, s, show{chosen, stories})
	if err == nil && !results.Repaired {
		err = errBroken
	}
	return err
}

// show is what is shown.
type show struct {
	faults  []scenario.Fault
	stories []story.Story
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
	err = errors.Join(err, command.WriteJSON(s.json, results))
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
