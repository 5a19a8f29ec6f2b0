package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/app"
	"github.com/homeostat/homeostat/host/config"
)

func runCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Start the daemon in the foreground",
		Long: `Starts the daemon: components are started or taken over, watched and healed
until Ctrl-C or SIGTERM. Components whose on_exit is "keep" run on afterwards and
are taken over by the next start. SIGHUP reads the configuration again, all or
nothing.

  homeostat run
  homeostat run --config /etc/homeostat/config.toml`,
		Args: cobra.NoArgs,
	}
	plugins := cmd.Flags().String("plugins", "", "folder of plugins (default: bin/plugins beside the program, then /usr/lib/homeostat/plugins)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, err := g.settings()
		if err != nil {
			return usageError(err)
		}
		return runDaemon(cmd.Context(), g, daemonRun{settings: settings, plugins: *plugins, out: cmd.OutOrStdout(), logs: cmd.ErrOrStderr()})
	}
	return cmd
}

type daemonRun struct {
	settings  *config.Settings
	plugins   string
	out, logs io.Writer
}

func runDaemon(ctx context.Context, g *globals, r daemonRun) error {
	log := newLogger(r.settings.Log, r.logs)
	limitMemory(log)
	a, err := app.New(ctx, app.Options{
		Version: g.version, Settings: r.settings, PluginDir: r.plugins, Log: log,
		Read: g.settings,
		Say:  func(line string) { fmt.Fprintln(r.out, line) },
	})
	if err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	reloads := make(chan struct{})
	over, cancel := context.WithCancel(ctx)
	go func() {
		defer close(reloads)
		reloadOn(over, hup, a)
	}()
	err = a.Run(ctx)
	signal.Stop(hup)
	cancel()
	<-reloads
	return err
}

// reloadOn reloads at each signal until the context ends.
func reloadOn(ctx context.Context, hup <-chan os.Signal, a *app.App) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			_ = a.Reload(ctx) // a refusal is logged and shown in status
		}
	}
}

func newLogger(settings config.Log, w io.Writer) hclog.Logger {
	level := hclog.LevelFromString(settings.Level)
	if settings.Level == "warning" {
		level = hclog.Warn
	}
	return hclog.New(&hclog.LoggerOptions{Name: "homeostat", Level: level, Output: w, JSONFormat: settings.Format == "json"})
}

// limitMemory keeps the Go runtime below the cgroup's memory limit.
func limitMemory(log hclog.Logger) {
	limit, err := memlimit.FromCgroup()
	if errors.Is(err, memlimit.ErrNoLimit) || errors.Is(err, memlimit.ErrNoCgroup) || err != nil || limit == 0 {
		return
	}
	const share = 0.9 // the rest is for what the runtime does not count
	debug.SetMemoryLimit(int64(float64(limit) * share))
	log.Debug("memory of the daemon is limited", "bytes", limit)
}
