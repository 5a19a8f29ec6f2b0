// Command bench-evolve measures the search for parameters: evaluations on functions
// that optimisers are compared by, and evaluations a second in the sandbox. What live
// evidence makes of what is found is the second part of homeostat simulate.
//
// The exit code is 1 when something could not be measured, 2 for a wrong command
// line; a missed bar is a result.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/homeostat/homeostat/examples/bench-evolve/functions"
	"github.com/homeostat/homeostat/examples/bench-evolve/speed"
	"github.com/homeostat/homeostat/examples/bench-evolve/table"
	"github.com/homeostat/homeostat/sandbox"
)

// set is some figures that belong together.
type set struct {
	name    string
	measure func(context.Context) ([]table.Row, error)
}

// sets are measured in this order.
var sets = []set{
	{"functions", functions.Measure},
	{"pool", speed.Measure},
}

func main() {
	sandbox.MaybeWorker() // the sandbox starts this program again as its worker
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx)
	stop()
	os.Exit(code)
}

func run(ctx context.Context) int {
	only := flag.String("only", "", "measure these sets alone, `names` with commas between: functions, pool")
	file := flag.String("json", "", "write the figures to this `file` as well")
	flag.Parse()
	chosen := strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })
	for _, name := range append(chosen, flag.Args()...) {
		known := slices.ContainsFunc(sets, func(s set) bool { return s.name == name })
		if !known || flag.NArg() > 0 {
			fmt.Fprintf(os.Stderr, "bench-evolve: %q is no set; there are functions and pool, given by --only\n", name)
			return 2
		}
	}
	rows, code := measure(ctx, chosen)
	err := table.Print(os.Stdout, rows)
	if err == nil && *file != "" {
		err = write(*file, rows)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-evolve:", err)
		return 1
	}
	return code
}

func measure(ctx context.Context, chosen []string) (rows []table.Row, code int) {
	for _, s := range sets {
		if len(chosen) > 0 && !slices.Contains(chosen, s.name) {
			continue
		}
		more, err := s.measure(ctx)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench-evolve: %s: %v\n", s.name, err)
			code = 1
		}
		rows = append(rows, more...)
	}
	return rows, code
}

func write(name string, rows []table.Row) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := table.Write(f, rows); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
