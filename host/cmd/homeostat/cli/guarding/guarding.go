// Package guarding is the command `homeostat guard`.
//
// It owns the flags of that command, and what of its surroundings the guard is told: signals, the service manager, the
// state folder. Everything else is package guard's.
package guarding

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/change/txn/worker"
	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
	"github.com/homeostat/homeostat/host/guard"
	"github.com/homeostat/homeostat/host/guard/rescue"
)

// Options are what the command needs to know of the others.
type Options struct {
	// Config is the flag --config of the command line.
	Config *string
	// State finds the state folder of a daemon with a configuration, also where that is not good.
	State func(config string) string
}

// exit is an error with the exit code that it asks for.
type exit struct {
	code int
	text string
}

// Error returns what is to be said; empty where somebody else has said it.
func (e *exit) Error() string { return e.text }

// ExitCode returns the exit code.
func (e *exit) ExitCode() int { return e.code }

// exitUsage is the exit code of a wrong command line.
const exitUsage = 2

type guardFlags struct {
	program, state string
	limits         guard.Limits
	rehearse       bool
}

// Command returns the command.
func Command(opt Options) *cobra.Command {
	f := guardFlags{limits: guard.DefaultLimits()}
	cmd := &cobra.Command{
		Use:   "guard -- run [FLAGS]",
		Short: "Start the daemon under a guard that undoes changes of homeostat itself",
		Long: `Starts the daemon as its child and stays: it passes signals on, starts the daemon
again when it dies or hangs (components run on), and puts the old files back when
the daemon does not come up ready and healthy after a change of its configuration,
its plugins or its program.

  homeostat guard -- run
  homeostat guard -- run --config /etc/homeostat/config.toml
  homeostat guard --program /usr/bin/homeostat -- run     a guard that is a copy

A start of the guard confirms nothing: a change that was not confirmed before it is
undone first. The exit code is that of the daemon.`,
		Args: guardArgs(&f),
	}
	fl := cmd.Flags()
	fl.StringVar(&f.program, "program", "", "program of the daemon (default: this one)")
	fl.StringVar(&f.state, "state", "", "state folder of the daemon (default: that of its configuration)")
	fl.Var(howlong.Flag(&f.limits.Ready), "ready", "how long a daemon may take to be ready")
	fl.Var(howlong.Flag(&f.limits.Hang), "hang", "how long a ready daemon may give no sign of life")
	fl.Var(howlong.Flag(&f.limits.Stop), "stop", "how long a daemon may take to end")
	fl.BoolVar(&f.rehearse, "rehearse", false, "only prove that this program can undo a change, in a folder of its own")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.rehearse {
			return rehearseGuard(cmd)
		}
		return runGuard(cmd.Context(), opt, f, args)
	}
	return cmd
}

// guardArgs wants the daemon's own command line.
func guardArgs(f *guardFlags) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch l := f.limits; {
		case min(l.Ready, l.Hang, l.Stop) < time.Second:
			return errors.New("--ready, --hang and --stop must be at least 1s")
		case f.rehearse && len(args) > 0:
			return errors.New("--rehearse starts no daemon")
		case !f.rehearse && !slices.Contains(args, "run"):
			return errors.New("say what is to be guarded: `homeostat guard -- run`")
		}
		return nil
	}
}

func rehearseGuard(cmd *cobra.Command) error {
	err := rescue.Rehearse(cmd.Context(), os.TempDir(), func(journals string) rescue.Applier { return worker.Client{Journals: journals} })
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), "a change of a program was applied and undone")
	return nil
}

func runGuard(ctx context.Context, o Options, f guardFlags, args []string) error {
	program, err := guard.Find(f.program)
	if err != nil {
		return &exit{exitUsage, err.Error()}
	}
	if f.state == "" {
		f.state = o.State(configOf(*o.Config, args))
	}
	if *o.Config != "" {
		args = append([]string{"--config", *o.Config}, args...)
	}
	opt := guard.Options{
		Program: program, Args: args, State: f.state, Limits: f.limits,
		Rescue: rescue.Rescue{State: f.state, Files: worker.Client{Journals: rescue.Journals(f.state)}},
		Log:    hclog.New(&hclog.LoggerOptions{Name: "homeostat.guard", Level: hclog.Info, Output: os.Stderr}),
		Stdout: os.Stdout, Stderr: os.Stderr,
		Notify: func(state string) { _, _ = daemon.SdNotify(false, state) }, // systemd asks again, or is not there
	}
	if span, err := daemon.SdWatchdogEnabled(false); err == nil {
		opt.WatchdogEvery = span / 3 // at least half the span, says sd_watchdog_enabled(3)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	debug.FreeOSMemory() // what starting has needed is more than what waiting does
	code, err := guard.Run(context.WithoutCancel(ctx), opt, signals)
	if err != nil {
		return err
	}
	if code != 0 {
		return &exit{code: code} // the daemon has said why
	}
	return nil
}

// configOf finds the configuration in the arguments of a daemon; given is what holds without.
func configOf(given string, args []string) string {
	config := given
	reader := &cobra.Command{FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true}}
	reader.Flags().StringVar(&config, "config", given, "")
	if err := reader.ParseFlags(args); err != nil {
		return given // the daemon will say what is wrong with its flags
	}
	return config
}
