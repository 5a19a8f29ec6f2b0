// Command bench-detect measures the first-party detectors over public data and
// prints every figure beside the reference's and the bar.
//
// A set that is missing is named with its public source. The exit code is 1 when
// a set could not be measured, 2 for a wrong command line; a missed bar is a
// result.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx))
}

func run(ctx context.Context) int {
	data := flag.String("data", "", "`folder` that holds the public sets; generated data needs none")
	only := flag.String("only", "", "measure these sets alone, `names` with commas between")
	ranges := flag.Bool("range", false, "let detectors know the least and the most of each series")
	file := flag.String("json", "", "write the figures to this `file` as well")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench-detect: there are no arguments, got %q\n", flag.Args())
		return 2
	}
	chosen, err := choose(*only)
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench-detect: %v\n", err)
		return 2
	}
	rows, failed := measure(ctx, chosen, table.Input{Folder: *data, Range: *ranges, Out: os.Stdout})
	err = table.Print(os.Stdout, rows)
	if err == nil && *file != "" {
		err = write(*file, rows)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench-detect: %v\n", err)
		return 1
	}
	return failed
}

func choose(only string) ([]table.Set, error) {
	if only == "" {
		return sets, nil
	}
	var out []table.Set
	for _, name := range strings.Split(only, ",") {
		i := slices.IndexFunc(sets, func(s table.Set) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("--only %s: there is no such set", name)
		}
		out = append(out, sets[i])
	}
	return out, nil
}

// measure runs the sets; one that fails is named and does not stop the others.
func measure(ctx context.Context, chosen []table.Set, in table.Input) (rows []table.Row, failed int) {
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
			failed = 1
		}
		rows = append(rows, more...)
	}
	return rows, failed
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
