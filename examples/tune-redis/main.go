// Command tune-redis lets the wants of a cache's users drift under a live
// homeostat, and compares ways to bring the latency back: a runbook, random
// settings, rules, and settings evolved on a model.
//
// It owns the flags, the table and the exit code: 0 when the bars hold, 1 when
// not, 2 for a wrong command line. Drifts and bars are in package trial.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/homeostat/homeostat/examples/harness/command"
	"github.com/homeostat/homeostat/examples/tune-redis/guess"
	"github.com/homeostat/homeostat/examples/tune-redis/survey"
	"github.com/homeostat/homeostat/examples/tune-redis/trial"
)

// longest is how long a stream may take before everything is given up, for each way.
const longest = 5 * time.Minute

const help = `Usage: tune-redis [flags]

Puts a real redis-server through drifts under a live homeostat, once for each way to
tune it, with the same users and the same random numbers; streams differ in their order
and in chance:

  runbook      restart, then the default settings
  documented   random settings among all that redis documents
  random       random settings within the declared safe set
  reconfigure  homeostat's rules
  genetic      settings that homeostat evolved on a model in its sandbox, then rules

  known        what is known to help all drifts, as soon as there is trouble

  make tune-redis                                   all but documented, some ten minutes
  tune-redis --ways runbook,reconfigure --drifts wide
  tune-redis --seed 2 --json tune.json

Exit code 1: a bar is missed. Flags:
`

func main() {
	o := options{Options: trial.Options{Say: func(line string) { fmt.Println(line) }}}
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, help)
		flag.PrintDefaults()
	}
	flag.StringVar(&o.Bin, "bin", "bin", "`folder` with homeostat, plugins/ and the parts of this example")
	flag.Uint64Var(&o.Seed, "seed", 1, "of users, drifts and guesses")
	flag.IntVar(&o.streams, "streams", 2, "how many streams each way goes through, with seeds from --seed on")
	flag.DurationVar(&o.Drift, "drift", 14*time.Second, "how long each drift lasts")
	flag.DurationVar(&o.Calm, "calm", 2*time.Second, "the quiet before and after each drift")
	flag.IntVar(&o.Evaluations, "evaluations", 200, "budget of the search on the model")
	ways := flag.String("ways", strings.Join(usual(), ","), "the ways to compare, of "+strings.Join(trial.Names(), ", "))
	drifts := flag.String("drifts", "", "the drifts of the stream: crowd, wide, edit; empty for all")
	flag.StringVar(&o.asJSON, "json", "", "write the results, and each second, to this `file` as well")
	flag.BoolVar(&o.survey, "survey", false, "measure instead what each setting is worth, without homeostat; some four minutes")
	flag.BoolVar(&o.keep, "keep", false, "leave the folder with logs and settings")
	flag.Parse()
	o.ways, o.Drifts = list(*ways), list(*drifts)
	p := command.Program{Name: "tune-redis", Longest: longest * time.Duration(max(len(o.ways)*o.streams, 1)), Run: func(ctx context.Context) error {
		if wrong := check(o); wrong != "" {
			return command.Usage("%s", wrong)
		}
		return run(ctx, o)
	}}
	os.Exit(p.Main())
}

// usual are the ways that are compared unless others are wanted. Settings beyond the
// declared set are left out: they break the users' service, and cost as much time.
func usual() []string {
	return slices.DeleteFunc(trial.Names(), func(way string) bool { return way == guess.Documented })
}

// list splits a list of names; nil for an empty one.
func list(names string) []string {
	return strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' })
}

// check returns what is wrong with the command line; empty when nothing is.
func check(o options) string {
	unknown := func(names, known []string) string {
		for _, name := range names {
			if !slices.Contains(known, name) {
				return fmt.Sprintf("%q is none of %s", name, strings.Join(known, ", "))
			}
		}
		return ""
	}
	switch {
	case flag.NArg() > 0:
		return fmt.Sprintf("there are no arguments, but %q was given", flag.Args())
	case len(o.ways) == 0:
		return "no way was given; ways are " + strings.Join(trial.Names(), ", ")
	case unknown(o.ways, trial.Names()) != "":
		return "--ways: " + unknown(o.ways, trial.Names())
	case unknown(o.Drifts, trial.Drifts()) != "":
		return "--drifts: " + unknown(o.Drifts, trial.Drifts())
	case o.streams < 1 || o.streams > 100:
		return fmt.Sprintf("--streams is %d, want 1 to 100", o.streams)
	case o.Drift < trial.ShortestDrift || o.Drift > time.Minute:
		return fmt.Sprintf("--drift is %s, want %s to 1m", o.Drift, trial.ShortestDrift)
	case o.Calm < time.Second || o.Calm > time.Minute:
		return fmt.Sprintf("--calm is %s, want 1s to 1m", o.Calm)
	case o.Evaluations < 10 || o.Evaluations > 10_000:
		return fmt.Sprintf("--evaluations is %d, want 10 to 10000", o.Evaluations)
	}
	return ""
}

// options are those of the command line beside the trial's.
type options struct {
	trial.Options
	ways    []string
	streams int
	asJSON  string
	keep    bool
	survey  bool
}

func run(ctx context.Context, o options) (err error) {
	if o.Bin, err = filepath.Abs(o.Bin); err != nil {
		return err
	}
	if o.Dir, err = os.MkdirTemp("", "tune-redis-"); err != nil {
		return err
	}
	if o.keep {
		fmt.Println("logs and settings stay in", o.Dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	prefer()
	if o.survey {
		return surveyed(ctx, o)
	}
	rows, err := compared(ctx, o)
	if err != nil {
		return err
	}
	if err := errors.Join(table(rows), command.WriteJSON(o.asJSON, rows)); err != nil {
		return err
	}
	return trial.Judge(rows)
}

// compared has all ways go through one stream after the other, so that a machine that
// gets busier meanwhile is so for all of them.
func compared(ctx context.Context, o options) ([]trial.Row, error) {
	var rows []trial.Row
	for n := range o.streams {
		one := o.Options
		one.Seed, one.Dir = o.Seed+uint64(n), filepath.Join(o.Dir, strconv.Itoa(n+1))
		for _, way := range o.ways {
			row, err := trial.Run(ctx, way, one)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", way, err)
			}
			rows = append(rows, row)
		}
	}
	return trial.Sum(rows), nil
}

// prefer has this program and all that it starts go before other work of the
// machine, where that is allowed: what is compared is settings. Each thread has a
// priority of its own, and hands it on to what it starts.
func prefer() {
	const nice = -10
	threads, err := os.ReadDir("/proc/self/task")
	for _, t := range threads {
		id, notNumber := strconv.Atoi(t.Name())
		err = errors.Join(err, notNumber, syscall.Setpriority(syscall.PRIO_PROCESS, id, nice))
	}
	if err != nil {
		fmt.Println("other work of this machine counts as much as this:", err)
	}
}

// surveyed prints what each setting is worth.
func surveyed(ctx context.Context, o options) error {
	var rows []survey.Row
	err := survey.Run(ctx, o.Dir, trial.Wants(), func(r survey.Row) {
		rows = append(rows, r)
		fmt.Printf("%-6s %-26s %-15s p99 %4.0f ms, hits %3.0f %%, given up %3.0f %%\n", r.Want, r.Key, r.Value, r.P99, 100*r.Hits, 100*r.Late)
	})
	return errors.Join(err, command.WriteJSON(o.asJSON, rows))
}

func table(rows []trial.Row) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nWAY\tDOWNTIME\tEACH DRIFT\tUNTRIED\tWRONG\tRIGHT\tLIVE TRIALS\tHEALED\tON THE MODEL\tOUTSIDE THE SET\tBROKE ERROR LIMIT\tP99 BEFORE\tDURING\tAFTER")
	for _, r := range rows {
		total := r.Total()
		mean, deviation := r.Each()
		fmt.Fprintf(w, "%s\t%d of %d s\t%.1f ± %.1f s\t%d s\t%d s\t%d s\t%d\t%d\t%d\t%d\t%d\t%.0f ms\t%.0f ms\t%.0f ms\n",
			r.Way, r.Downtime, r.Seconds, mean, deviation, total.Untried, total.Wrong, total.Right, r.Trials, r.Healed, r.Evaluations, r.Outside, r.Broke, r.Before, r.During, r.After)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var all []trial.Judged
	for _, r := range rows {
		all = append(all, r.Judged...)
	}
	if len(all) > 1 {
		fmt.Printf("\nThe model beside the users: rank correlation %.2f over %d settings.\n", trial.Correlation(all), len(all))
	}
	return nil
}
