// Command bench-change measures what a change of three files costs from the command line to the applied files: through
// homeostat's pipeline, the same with a warm WASM check, and, where it is installed, by ansible's copy with validate and
// backup, all in the same run and in turns.
//
// It owns the table and the exit code: 0 when the median of both pipelines is below the bar, 1 when not, 2 for a wrong
// command line. It starts a daemon in a scratch folder and ends it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/homeostat/homeostat/examples/harness/command"
	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// bar is what a change may take on top of what its watch takes, as the median.
const bar = 300 * time.Millisecond

// longest is how long everything may take before it gives up.
const longest = 10 * time.Minute

func main() {
	bin := flag.String("bin", "bin", "`folder` with homeostat and plugins/")
	runs := flag.Int("runs", 9, "changes made in each way")
	asJSON := flag.String("json", "", "write the results to this `file` as well")
	flag.Parse()
	p := command.Program{Name: "bench-change", Longest: longest, Run: func(ctx context.Context) error {
		if flag.NArg() > 0 || *runs < 1 || *runs > 200 {
			return command.Usage("there are no arguments, and --runs is 1 to 200")
		}
		return command.Scratch(*bin, func(bin, dir string) error {
			results, err := run(ctx, site{bin: bin, dir: dir}, *runs)
			if err != nil {
				return err
			}
			return report(results, *asJSON)
		})
	}}
	os.Exit(p.Main())
}

// way is one way to change three files.
type way struct {
	name   string
	judged bool
	change func(ctx context.Context, n int) error
}

// result is what was measured of one way.
type result struct {
	Way    string    `json:"way"`
	Judged bool      `json:"judged"`
	Median float64   `json:"median_seconds"`
	Min    float64   `json:"min_seconds"`
	Max    float64   `json:"max_seconds"`
	Each   []float64 `json:"each_seconds"`
}

func run(ctx context.Context, s site, runs int) (_ []result, err error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	s.daemon, err = daemon.Start(ctx, daemon.Options{Bin: s.bin, Dir: s.dir, Further: s.configuration()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.daemon.Stop()) }()
	ways := []way{{"homeostat", true, s.plain}, {"homeostat, warm check", true, s.checked}}
	if _, err := exec.LookPath("ansible-playbook"); err == nil {
		ways = append(ways, way{"ansible copy, validate and backup", false, s.ansible})
	} else {
		fmt.Println("ansible is left out: there is no ansible-playbook on the path (Debian: ansible-core)")
	}
	return measure(ctx, ways, runs)
}

// measure makes the changes in turns, so that a busy moment of the machine hits every way. The first round warms up.
func measure(ctx context.Context, ways []way, runs int) ([]result, error) {
	out := make([]result, len(ways))
	for n := range runs + 1 {
		for i, w := range ways {
			begun := time.Now()
			if err := w.change(ctx, n); err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			out[i].Way, out[i].Judged = w.name, w.judged
			if n > 0 {
				out[i].Each = append(out[i].Each, time.Since(begun).Seconds())
			}
		}
	}
	for i := range out {
		sorted := slices.Sorted(slices.Values(out[i].Each))
		out[i].Median, out[i].Min, out[i].Max = sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1]
	}
	return out, nil
}

func report(results []result, asJSON string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "A CHANGE OF THREE FILES BY\tMEDIAN\tFASTEST\tSLOWEST\tTO HOMEOSTAT")
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%.0f ms\t%.0f ms\t%.0f ms\t%.1f\n", r.Way, 1e3*r.Median, 1e3*r.Min, 1e3*r.Max, r.Median/results[0].Median)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := command.WriteJSON(asJSON, results); err != nil {
		return err
	}
	for _, r := range results {
		if r.Judged && r.Median > bar.Seconds() {
			return fmt.Errorf("%s took %.0f ms, the bar is %v", r.Way, 1e3*r.Median, bar)
		}
	}
	return nil
}
