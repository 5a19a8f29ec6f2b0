// Command peers runs the same victims under homeostat, monit, supervisord and
// runit, one after the other on the same machine, and prints how long each fault
// kept a victim down, as a ratio to homeostat.
//
// A peer that is not installed is left out and listed. The exit code is 1 when
// something could not be measured, 2 for a wrong command line; a bad figure is a
// result.
package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/homeostat/homeostat/examples/harness/command"
	"github.com/homeostat/homeostat/examples/peers/supervisor"
	"github.com/homeostat/homeostat/examples/peers/trial"
)

func main() {
	bin := flag.String("bin", "bin", "`folder` with homeostat, plugins/ and shop-store")
	json := flag.String("json", "", "write the figures to this `file` as well")
	long := flag.Bool("long", false, "with the faults that take minutes: crash loop and slow start")
	peers := flag.String("peers", "monit,supervisord,runit", "the `peers` to compare with, separated by commas")
	flag.Parse()
	p := command.Program{Name: "peers", Run: func(ctx context.Context) error {
		if flag.NArg() > 0 {
			return command.Usage("there are no arguments, got %q", flag.Args())
		}
		chosen, err := choose(*peers)
		if err != nil {
			return err
		}
		if *long {
			chosen.faults = slices.Concat(trial.Faults, trial.Long)
		}
		figures, err := compare(ctx, *bin, chosen)
		if err != nil {
			return err
		}
		figures.print(os.Stdout)
		return command.WriteJSON(*json, figures)
	}}
	os.Exit(p.Main())
}

// choice is what is measured, and beside whom.
type choice struct {
	faults []trial.Fault
	peers  []string
}

func choose(peers string) (choice, error) {
	others := slices.DeleteFunc(supervisor.All(), func(s supervisor.Supervisor) bool { return s.Needs == "" })
	chosen, err := command.Choose(peers, others, func(s supervisor.Supervisor) string { return s.Name })
	c := choice{faults: trial.Faults}
	for _, s := range chosen {
		c.peers = append(c.peers, s.Name)
	}
	return c, err
}

func compare(ctx context.Context, bin string, c choice) (figures, error) {
	f := figures{Begun: time.Now(), Faults: c.faults}
	home, err := filepath.Abs(bin)
	if err != nil {
		return f, err
	}
	if f.Slip, err = trial.MeasureSlip(ctx, home); err != nil {
		return f, err
	}
	f.say("homeostat    beside a probe that blocks: " + f.Slip.String())
	for _, s := range supervisor.All() {
		if s.Needs != "" && !slices.Contains(c.peers, s.Name) {
			continue
		}
		if !s.Installed() {
			f.LeftOut = append(f.LeftOut, s.Name+": needs "+s.Needs)
			continue
		}
		r, err := trial.Run(ctx, trial.Options{Supervisor: s, Bin: home, Faults: f.Faults, Say: f.say})
		if err != nil {
			return f, err
		}
		f.Results = append(f.Results, r)
	}
	return f, nil
}
