// Command bench-evolve measures the search for parameters: evaluations on functions
// that optimisers are compared by, and evaluations a second in the sandbox. What live
// evidence makes of what is found is the second part of homeostat simulate.
//
// The exit code is 1 when something could not be measured, 2 for a wrong command
// line; a missed bar is a result.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/homeostat/homeostat/examples/bench-evolve/functions"
	"github.com/homeostat/homeostat/examples/bench-evolve/speed"
	"github.com/homeostat/homeostat/examples/bench-evolve/table"
	"github.com/homeostat/homeostat/examples/harness/command"
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
	only := flag.String("only", "", "measure these sets alone, `names` with commas between: functions, pool")
	file := flag.String("json", "", "write the figures to this `file` as well")
	flag.Parse()
	p := command.Program{Name: "bench-evolve", Run: func(ctx context.Context) error {
		if flag.NArg() > 0 {
			return command.Usage("there are no arguments, got %q", flag.Args())
		}
		chosen, err := command.Choose(*only, sets, func(s set) string { return s.name })
		if err != nil {
			return err
		}
		rows, err := measure(ctx, chosen)
		return errors.Join(table.Print(os.Stdout, rows), command.WriteJSON(*file, rows), err)
	}}
	os.Exit(p.Main())
}

// measure returns the rows that there are, with what went wrong with the others.
func measure(ctx context.Context, chosen []set) (rows []table.Row, wrong error) {
	for _, s := range chosen {
		more, err := s.measure(ctx)
		if err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("%s: %w", s.name, err))
		}
		rows = append(rows, more...)
	}
	return rows, wrong
}
