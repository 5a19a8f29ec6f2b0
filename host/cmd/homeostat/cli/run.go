package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/app"
	"github.com/homeostat/homeostat/host/cmd/homeostat/process"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/guard/link"
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
		above, err := link.Take()
		if err != nil {
			return usageError(err)
		}
		defer above.Close()
		if !above.Guarded() {
			err = app.Rescue(cmd.Context(), stateOf(g.config), func(line string) { fmt.Fprintln(cmd.OutOrStdout(), line) })
			if err != nil {
				return err
			}
		}
		settings, err := g.settings()
		if err != nil {
			return usageError(err)
		}
		return runDaemon(cmd.Context(), g, daemonRun{
			settings: settings, plugins: *plugins, guard: above, out: cmd.OutOrStdout(), logs: cmd.ErrOrStderr(),
		})
	}
	return cmd
}

type daemonRun struct {
	settings  *config.Settings
	plugins   string
	guard     *link.Link
	out, logs io.Writer
}

func runDaemon(ctx context.Context, g *globals, r daemonRun) error {
	log := process.Logger(r.settings.Log, r.logs)
	process.LimitMemory(log)
	a, err := app.New(ctx, app.Options{
		Version: g.version, Settings: r.settings, PluginDir: r.plugins, Guard: r.guard, Log: log,
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
