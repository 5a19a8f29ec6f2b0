// Command bench-proxy measures what a link's proxy costs: TCP and HTTP through
// `homeostat proxy`, and through nginx where it is installed, beside a direct
// connection, in the same run.
//
// It owns the ways and the table. What is measured is in package load. Target,
// callers and proxies share the machine, so the figures are ratios.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/homeostat/homeostat/examples/bench-proxy/load"
	"github.com/homeostat/homeostat/examples/harness/command"
)

func main() {
	bin := flag.String("bin", "bin", "`folder` with homeostat")
	span := flag.Duration("span", 2*time.Second, "how long each figure is measured")
	file := flag.String("json", "", "write the figures to this `file` as well")
	flag.Parse()
	p := command.Program{Name: "bench-proxy", Run: func(ctx context.Context) error {
		if flag.NArg() > 0 || *span <= 0 {
			return command.Usage("there are no arguments, and --span is a positive time")
		}
		return command.Scratch(*bin, func(bin, dir string) error {
			figures, err := run(ctx, site{filepath.Join(bin, "homeostat"), dir}, *span)
			if err != nil {
				return err
			}
			return command.WriteJSON(*file, map[string]any{"cpus": runtime.NumCPU(), "span_ns": *span, "figures": figures})
		})
	}}
	os.Exit(p.Main())
}

// site is where the program and a scratch folder are.
type site struct{ program, dir string }

// row is one figure, one value for each way.
type row struct {
	Figure string             `json:"figure"`
	Unit   string             `json:"unit"`
	Ways   map[string]float64 `json:"ways"`
}

const direct = "direct"

func run(ctx context.Context, s site, span time.Duration) (rows []row, err error) {
	target, err := load.NewTarget()
	if err != nil {
		return nil, err
	}
	defer target.Close()
	ways, end, err := open(ctx, s.program, s.dir, target)
	defer func() { err = errors.Join(err, end()) }()
	if err != nil {
		return nil, err
	}
	for _, f := range load.Figures {
		r := row{Figure: f.Name, Unit: f.Unit, Ways: map[string]float64{}}
		for _, w := range ways {
			address := map[bool]string{true: w.http, false: w.tcp}[f.HTTP]
			if address == "" {
				continue
			}
			if r.Ways[w.name], err = f.Measure(ctx, address, span); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", f.Name, w.name, err)
			}
		}
		rows = append(rows, r)
	}
	show(rows, ways)
	return rows, nil
}

func show(rows []row, ways []way) {
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprint(t, "FIGURE\tUNIT")
	for _, w := range ways {
		fmt.Fprintf(t, "\t%s", w.name)
		if w.name != direct {
			fmt.Fprint(t, "\tRATIO")
		}
	}
	fmt.Fprintln(t)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s", r.Figure, r.Unit)
		for _, w := range ways {
			v, ok := r.Ways[w.name]
			switch {
			case !ok:
				fmt.Fprint(t, "\t-\t-")
			case w.name == direct:
				fmt.Fprintf(t, "\t%.4g", v)
			default:
				fmt.Fprintf(t, "\t%.4g\t%.2f", v, v/r.Ways[direct])
			}
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush() // the terminal went away
}
