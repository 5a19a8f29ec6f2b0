package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/backtest"
	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
	"github.com/homeostat/homeostat/host/cmd/homeostat/recorded"
	"github.com/homeostat/homeostat/sdk"
)

// backtestFlags are what the command line says.
type backtestFlags struct {
	plugin, plugins, train, labels, component string
	sets, ranges, links                       []string
	noHeader, noTime, lines, rank             bool
	interval                                  time.Duration
	since                                     howlong.Duration
}

func backtestCommand(g *globals) *cobra.Command {
	f := &backtestFlags{since: howlong.Duration(24 * time.Hour), interval: time.Minute}
	cmd := &cobra.Command{
		Use:   "backtest --plugin NAME [FILE]",
		Short: "Try a detector on a table, a log or what was recorded",
		Args:  cobra.MaximumNArgs(1),
		Long: `Shows data to a detector plugin, window by window as the daemon would, and
writes how unusual each row is. Reads FILE or the standard input; progress,
problems of the input and figures go to the standard error. No daemon is needed.

The first column of a table is the time. Each row comes back with anomaly_score
(0 to 1) and anomaly (1 while one is open). Rows that cannot be read are named
with their line and left out.

  homeostat backtest --plugin behavior --train usual.csv < today.csv
  homeostat backtest --plugin timeseries --range 0:100 --labels labels.csv cpu.csv
  homeostat backtest --plugin behavior --labels column=fault --set sensitivity=2 all.csv
  homeostat backtest --plugin logs --lines < web.log      template_id,anomaly_score
  homeostat backtest --rank --train usual.csv fault.csv   components by suspicion
  homeostat backtest --plugin behavior --component web --since 7d`,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.plugin, "plugin", "", "detector: a name of the configuration or of the plugin folder, or a path")
	flags.StringVar(&f.plugins, "plugins", "", "folder of plugins (default: as for run)")
	flags.StringArrayVar(&f.sets, "set", nil, "a setting of the plugin, key=value (may be repeated)")
	flags.StringVar(&f.train, "train", "", "table of usual behavior to learn first")
	flags.StringVar(&f.labels, "labels", "", "file with 0 or 1 for each row, or column=NAME: print precision, recall, delay, false alarms, average precision")
	flags.StringArrayVar(&f.ranges, "range", nil, "bounds of the values, min:max or column=min:max (may be repeated)")
	flags.BoolVar(&f.noHeader, "no-header", false, "the table has no line of names")
	flags.BoolVar(&f.noTime, "no-time", false, "the table has no column of times")
	flags.Var(howlong.Flag(&f.interval), "interval", "time between two rows with --no-time")
	flags.BoolVar(&f.lines, "lines", false, "the input is a log: write template_id,anomaly_score for each line")
	flags.BoolVar(&f.rank, "rank", false, "rank the components of a table, named before the first _ or / of its columns")
	flags.StringArrayVar(&f.links, "link", nil, "for --rank, who calls whom: from:to (may be repeated)")
	flags.StringVar(&f.component, "component", "", "replay what was recorded of a component instead of a table")
	flags.Var(&f.since, "since", "with --component, how far back: 7d, 36h")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.check(args); err != nil {
			return usageError(err)
		}
		return f.run(cmd, g, args)
	}
	return cmd
}

// check refuses flags that do not go together.
func (f *backtestFlags) check(args []string) error {
	if f.rank && f.plugin == "" {
		f.plugin = "behavior"
	}
	switch {
	case f.plugin == "":
		return fmt.Errorf("which detector: name it with --plugin, for example --plugin behavior")
	case f.rank && f.train == "":
		return fmt.Errorf("--rank compares two tables: name the one of usual behavior with --train")
	case f.lines && (f.rank || f.labels != "" || f.train != "" || f.component != ""):
		return fmt.Errorf("--lines goes with --plugin and --set alone")
	case f.component != "" && (f.rank || f.labels != "" || f.train != "" || len(args) > 0):
		return fmt.Errorf("--component replays what was recorded; it takes no table, labels or training")
	case f.interval <= 0 || f.since <= 0:
		return fmt.Errorf("--interval and --since: want a time of more than zero")
	}
	return nil
}

func (f *backtestFlags) run(cmd *cobra.Command, g *globals, args []string) error {
	form, err := f.form()
	if err != nil {
		return usageError(err)
	}
	links, err := f.callers()
	if err != nil {
		return usageError(err)
	}
	settings, err := g.settings()
	if err != nil {
		return usageError(err)
	}
	tested, err := f.start(cmd.Context(), settings)
	if err != nil {
		return err
	}
	defer tested.close()
	o := backtest.Options{
		Detector: tested, LookBack: tested.lookBack(), Form: form,
		Out: cmd.OutOrStdout(), Errs: cmd.ErrOrStderr(), Clock: time.Now,
	}
	if f.component != "" {
		windows, err := recorded.Windows(cmd.Context(), settings, recorded.Query{Component: f.component, Since: f.since})
		if err != nil {
			return err
		}
		return backtest.Replay(cmd.Context(), o, windows)
	}
	in, closeInput, err := input(cmd, args)
	if err != nil {
		return err
	}
	defer closeInput()
	switch {
	case f.lines:
		return backtest.Lines(cmd.Context(), o, in)
	case f.rank:
		return withFile(f.train, func(normal backtest.Input) error { return backtest.Rank(cmd.Context(), o, normal, in, links) })
	}
	return f.score(cmd.Context(), o, in)
}

// score trains where that is wanted, and scores the table.
func (f *backtestFlags) score(ctx context.Context, o backtest.Options, in backtest.Input) error {
	if f.train != "" {
		usual := o
		usual.Form.LabelColumn = ""
		err := withFile(f.train, func(train backtest.Input) (err error) {
			o.Form.After, err = backtest.Train(ctx, usual, train)
			return err
		})
		if err != nil {
			return err
		}
	}
	if f.labels == "" || o.Form.LabelColumn != "" {
		return backtest.Score(ctx, o, in, nil)
	}
	return withFile(f.labels, func(file backtest.Input) error {
		labels, err := backtest.OpenLabels(file)
		if err != nil {
			return err
		}
		return backtest.Score(ctx, o, in, labels)
	})
}

func withFile(path string, use func(backtest.Input) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the table: %w", err)
	}
	defer file.Close()
	return use(backtest.Input{Name: path, Reader: file})
}

func input(cmd *cobra.Command, args []string) (backtest.Input, func(), error) {
	if len(args) == 0 || args[0] == "-" {
		return backtest.Input{Name: "standard input", Reader: io.Reader(cmd.InOrStdin())}, func() {}, nil
	}
	file, err := os.Open(args[0])
	if err != nil {
		return backtest.Input{}, nil, fmt.Errorf("open the input: %w", err)
	}
	return backtest.Input{Name: args[0], Reader: file}, func() { file.Close() }, nil
}

// form puts together how the tables are to be read.
func (f *backtestFlags) form() (backtest.Form, error) {
	form := backtest.Form{Headless: f.noHeader, Timeless: f.noTime, Every: f.interval, Ranges: map[string]sdk.Range{}}
	if column, named := strings.CutPrefix(f.labels, "column="); named {
		form.LabelColumn = column
	}
	for _, text := range f.ranges {
		column, bounds, named := strings.Cut(text, "=")
		if !named {
			column, bounds = "", text
		}
		low, high, _ := strings.Cut(bounds, ":")
		from, err := strconv.ParseFloat(low, 64)
		to, wrong := strconv.ParseFloat(high, 64)
		if err != nil || wrong != nil || !(from < to) {
			return form, fmt.Errorf("--range %q: want min:max or column=min:max with min below max", text)
		}
		form.Ranges[column] = sdk.Range{Min: from, Max: to}
	}
	return form, nil
}

func (f *backtestFlags) callers() ([]sdk.Link, error) {
	var out []sdk.Link
	for _, text := range f.links {
		from, to, found := strings.Cut(text, ":")
		if !found || from == "" || to == "" {
			return nil, fmt.Errorf("--link %q: want from:to", text)
		}
		out = append(out, sdk.Link{From: from, To: to, Depends: true})
	}
	return out, nil
}
