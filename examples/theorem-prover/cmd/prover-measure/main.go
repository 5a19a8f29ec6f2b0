// Command prover-measure runs every problem under every heuristic, one at a time,
// and prints the table that the model of the engine is built from. With the limits
// of the shipped table it takes some minutes of CPU time:
//
//	bin/prover-measure > examples/theorem-prover/model/times.txt
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
	"github.com/homeostat/homeostat/examples/theorem-prover/problem"
	"github.com/homeostat/homeostat/examples/theorem-prover/table"
)

func main() {
	dir := flag.String("problems", "examples/theorem-prover/problems", "`folder` of the problems")
	limits := eprover.Limits{}
	flag.IntVar(&limits.Seconds, "seconds", 2, "CPU time for each run")
	flag.IntVar(&limits.Memory, "memory", 512, "MiB for each run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measure(ctx, os.Stdout, *dir, limits); err != nil {
		fmt.Fprintf(os.Stderr, "prover-measure: %v\n", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, out io.Writer, dir string, limits eprover.Limits) error {
	prover, err := eprover.Find()
	if err != nil {
		return err
	}
	problems, err := problem.Load(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "# Written by prover-measure: problem, heuristic, proved or not, seconds of CPU time,\n# MiB at most; limits %d s and %d MiB.\n", limits.Seconds, limits.Memory)
	for _, p := range problems {
		for _, h := range eprover.Heuristics() {
			o, err := prover.Run(ctx, p.Path, h, limits)
			if err != nil {
				return err
			}
			err = table.Write(out, table.Run{
				Problem: p.Name, Heuristic: string(h), Proved: o.Verdict == eprover.Proved, Seconds: o.CPU.Seconds(), Peak: o.Peak,
			})
			if err != nil {
				return fmt.Errorf("write the times: %w", err)
			}
		}
	}
	return nil
}
