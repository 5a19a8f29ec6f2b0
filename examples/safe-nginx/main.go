// Command safe-nginx changes the configuration of a real nginx under a live homeostat: four changes that break it, each in
// another way, and one that does not.
//
// It owns the order of events, the table and the exit code: 0 when each bad change was undone in time and the good one
// kept, 1 when not, 2 for a wrong command line. The changes and their bars are in package trial.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/homeostat/homeostat/examples/harness/command"
	"github.com/homeostat/homeostat/examples/safe-nginx/trial"
)

// longest is how long everything may take before it gives up.
const longest = 15 * time.Minute

func main() {
	bin := flag.String("bin", "bin", "`folder` with homeostat and plugins/")
	late := flag.Duration("late", 2*time.Minute, "when the late fault sets in")
	asJSON := flag.String("json", "", "write the results to this `file` as well")
	flag.Parse()
	p := command.Program{Name: "safe-nginx", Longest: longest, Run: func(ctx context.Context) error {
		if flag.NArg() > 0 || *late <= 0 {
			return command.Usage("there are no arguments, and the late fault sets in after a positive time")
		}
		return command.Scratch(*bin, func(bin, dir string) error {
			rows, err := trial.Run(ctx, trial.Options{Bin: bin, Dir: dir, Late: *late, Say: func(line string) { fmt.Println(line) }})
			if err != nil {
				return err
			}
			return report(rows, *asJSON)
		})
	}}
	os.Exit(p.Main())
}

func report(rows []trial.Row, asJSON string) error {
	if err := table(rows); err != nil {
		return err
	}
	if err := command.WriteJSON(asJSON, rows); err != nil {
		return err
	}
	for _, r := range rows {
		if !r.OK {
			return fmt.Errorf("%s: it did not hold", r.Name)
		}
	}
	return nil
}

func table(rows []trial.Row) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nCHANGE\tENDED AS\tIN STAGE\tOLD OR GOOD AGAIN AFTER\tBAR\tOK")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.1f s\t%s\t%v\n", r.Name, r.State, r.Stage, r.Seconds, r.Bar, r.OK)
	}
	return w.Flush()
}
