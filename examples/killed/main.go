// Command killed kills a real homeostat in the middle of real recoveries, at many
// moments, and shows that the next one does nothing twice and forgets nothing.
//
// It owns the exit code: 0 when every round is well, some kills fell between an
// action and its receipt, and the control was found out; 1 otherwise, 2 for a wrong
// command line. The rounds and what is judged are in package trial.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/homeostat/homeostat/examples/harness/command"
	"github.com/homeostat/homeostat/examples/killed/trial"
)

func main() {
	bin := flag.String("bin", "bin", "`folder` with homeostat, plugins/ and shop-store")
	rounds := flag.Int("rounds", 12, "how often each fault is tried; 12 cover all moments")
	json := flag.String("json", "", "write the results to this `file` as well")
	flag.Parse()
	p := command.Program{Name: "killed", Longest: time.Hour, Run: func(ctx context.Context) error {
		if flag.NArg() > 0 || *rounds < 1 {
			return command.Usage("want no arguments and at least 1 round, got %q and %d", flag.Args(), *rounds)
		}
		return command.Scratch(*bin, func(bin, dir string) error {
			return run(ctx, trial.Options{Bin: bin, Dir: dir, Rounds: *rounds}, *json)
		})
	}}
	os.Exit(p.Main())
}

func run(ctx context.Context, o trial.Options, file string) error {
	o.Say = func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	r, err := trial.Run(ctx, o)
	err = errors.Join(err, command.WriteJSON(file, r))
	if err != nil {
		return err
	}
	wrong := 0
	for _, round := range r.Rounds {
		if len(round.Wrong) > 0 {
			wrong++
		}
	}
	fmt.Printf("%d kills, %d of them between an action and its receipt, %d rounds wrong; the control was noticed: %v\n", len(r.Rounds), r.Cut, wrong, len(r.Control) > 0)
	switch {
	case wrong > 0:
		return fmt.Errorf("%d of %d rounds went wrong", wrong, len(r.Rounds))
	case r.Cut == 0:
		return errors.New("no kill fell between an action and its receipt, so nothing was proved")
	case len(r.Control) == 0:
		return errors.New("the control went unnoticed: the judgement would not see an incident that is forgotten")
	}
	return nil
}
