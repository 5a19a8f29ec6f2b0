// Command bench-detect measures the first-party detectors over public data and
// prints every figure beside the reference's and the bar.
//
// A set that is missing is named with its public source. The exit code is 1 when
// a set could not be measured, 2 for a wrong command line; a missed bar is a
// result.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/homeostat/homeostat/examples/bench-detect/fills"
	"github.com/homeostat/homeostat/examples/bench-detect/isolation"
	"github.com/homeostat/homeostat/examples/bench-detect/kpi"
	"github.com/homeostat/homeostat/examples/bench-detect/loghub"
	"github.com/homeostat/homeostat/examples/bench-detect/logseq"
	"github.com/homeostat/homeostat/examples/bench-detect/nab"
	"github.com/homeostat/homeostat/examples/bench-detect/seasons"
	"github.com/homeostat/homeostat/examples/bench-detect/smdasd"
	"github.com/homeostat/homeostat/examples/bench-detect/sockshop"
	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/examples/harness/command"
)

// sets are the benchmarks, in the order of the table.
var sets = []table.Set{
	nab.Set,
	kpi.Set,
	isolation.Set,
	fills.Set,
	seasons.Set,
	loghub.Set,
	logseq.Set,
	smdasd.Set,
	sockshop.Set,
}

// errIncomplete is a set that could not be measured; what was is shown.
var errIncomplete = errors.New("not every set was measured")

func main() {
	data := flag.String("data", "", "`folder` that holds the public sets; generated data needs none")
	only := flag.String("only", "", "measure these sets alone, `names` with commas between")
	ranges := flag.Bool("range", false, "let detectors know the least and the most of each series")
	file := flag.String("json", "", "write the figures to this `file` as well")
	flag.Parse()
	p := command.Program{Name: "bench-detect", Run: func(ctx context.Context) error {
		if flag.NArg() > 0 {
			return command.Usage("there are no arguments, got %q", flag.Args())
		}
		chosen, err := command.Choose(*only, sets, func(s table.Set) string { return s.Name })
		if err != nil {
			return err
		}
		rows, err := measure(ctx, chosen, table.Input{Folder: *data, Range: *ranges, Out: os.Stdout})
		return errors.Join(table.Print(os.Stdout, rows), command.WriteJSON(*file, rows), err)
	}}
	os.Exit(p.Main())
}

// measure runs the sets; one that fails is named and does not stop the others.
func measure(ctx context.Context, chosen []table.Set, in table.Input) (rows []table.Row, failed error) {
	data := in.Folder
	for _, s := range chosen {
		in.Folder = filepath.Join(data, s.Folder)
		if _, err := os.Stat(in.Folder); s.Folder != "" && (data == "" || err != nil) {
			fmt.Printf("left out %s: no folder %s in --data; it is public: %s\n", s.Name, s.Folder, s.Source)
			continue
		}
		more, err := s.Run(ctx, in)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench-detect: %s: %v\n", s.Name, err)
			failed = errIncomplete
		}
		rows = append(rows, more...)
	}
	return rows, failed
}
