// Package cli is the command line of homeostat: one file for each subcommand.
//
// It owns flags, what is printed and exit codes; a running daemon is asked
// over its unix socket. Commands run one at a time in one process.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api/client"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/guarding"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/links"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/listing"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/messages"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/strategies"
	"github.com/homeostat/homeostat/host/cmd/homeostat/simulation"
	"github.com/homeostat/homeostat/host/config"
	drill "github.com/homeostat/homeostat/host/drill/command"
	proxy "github.com/homeostat/homeostat/host/proxy/command"
	sandboxcli "github.com/homeostat/homeostat/sandbox/cli"
)

// Exit codes of every command but `sandbox run`.
const (
	exitOK       = 0
	exitError    = 1
	exitUsage    = 2
	exitRefused  = 3
	exitRollback = 4
	exitApproval = 5
)

// codedError carries the exit code that an error asks for.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }

func (e *codedError) Unwrap() error { return e.err }

// ExitCode returns the exit code.
func (e *codedError) ExitCode() int { return e.code }

func usageError(err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: exitUsage, err: err}
}

// globals are the flags that every command has.
type globals struct {
	config  string
	socket  string
	version string
}

// Main runs the command line and returns the exit code.
func Main(version string, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(version)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "homeostat: "+text)
	}
	return exitCode(err)
}

func exitCode(err error) int {
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	var problem *client.Error
	if errors.As(err, &problem) {
		switch problem.Status {
		case http.StatusBadRequest, http.StatusUnprocessableEntity:
			return exitUsage
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests:
			return exitRefused
		}
	}
	return exitError
}

func newRoot(version string) *cobra.Command {
	g := &globals{version: version}
	root := &cobra.Command{
		Use:   "homeostat",
		Short: "A host that repairs itself and can be changed without fear",
		Long: `Homeostat watches the components of a Linux host, repairs what breaks and
undoes what it did when that did not help.

  homeostat run                    start the daemon with ./config.toml
  homeostat guard -- run           the same, under a guard that undoes bad updates
  homeostat status                 what is going on, at a glance
  homeostat incident list          what broke and what was done about it
  homeostat approval list          what waits for your answer

Every command that reads has --json. Exit codes: 0 ok, 1 error, 2 usage or
configuration, 3 refused, 4 rolled back, 5 needs approval.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&g.config, "config", "", "configuration file (default ./config.toml, then /etc/homeostat/config.toml)")
	root.PersistentFlags().StringVar(&g.socket, "socket", "", "socket of the daemon (default: the one of the configuration)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath()))
	})
	root.AddCommand(
		runCommand(g),
		guarding.Command(guarding.Options{Config: &g.config, State: stateOf}),
		statusCommand(g),
		modeCommand(g),
		componentCommand(g),
		anomalyCommand(g),
		incidentCommand(g),
		approvalCommand(g),
		links.New(g.client),
		proxy.New(g.version),
		maintenanceCommand(g),
		strategies.Command(g.client),
		pluginCommand(g),
		configCommand(g),
		auditCommand(g),
		backtestCommand(g),
		simulation.Command(usageError),
		tokenCommand(g),
		sandboxcli.Command(sandboxOptions(g)),
		changeCommand(g),
		backupCommand(g),
		breakerCommand(g),
		safetyCommand(g),
		messages.New(g.client),
		drill.New(),
		versionCommand(g),
	)
	usageForArgs(root)
	return root
}

// group makes a command that only holds others; called alone or with an
// unknown word it teaches.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	cmd.AddCommand(subs...)
	return cmd
}

// client connects to the daemon whose socket the flags or the configuration
// name.
func (g *globals) client() (*client.Client, error) {
	if g.socket != "" {
		return client.New(g.socket), nil
	}
	settings, err := g.settings()
	if err == nil {
		return client.New(settings.Socket.Path), nil
	}
	// A daemon with an older, good configuration may run all the same, and it is
	// now that its status is wanted.
	var wrong *config.Errors
	if errors.As(err, &wrong) {
		if path, ok := config.SocketOf(wrong.File, config.ThisHost()); ok {
			fmt.Fprintf(os.Stderr, "homeostat: %s has errors (see `homeostat config check`); asking the daemon on %s\n", wrong.File, path)
			return client.New(path), nil
		}
	}
	return nil, usageError(err)
}

// daemon is how lists reach the daemon.
func (g *globals) daemon() listing.Daemon {
	return listing.Daemon{Connect: g.client, Usage: usageError}
}

// configPaths are where the configuration is looked for without --config.
var configPaths = []string{"config.toml", "/etc/homeostat/config.toml"}

// settings reads the configuration; where there is none, the defaults hold.
func (g *globals) settings() (*config.Settings, error) {
	host := config.ThisHost()
	if g.config != "" {
		return config.Load(g.config, host)
	}
	for _, path := range configPaths {
		if _, err := os.Stat(path); err == nil {
			return config.Load(path, host)
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the working folder: %w", err)
	}
	return config.Default(dir, host)
}

// stateOf is the state folder that a configuration names, or would name if it were good.
func stateOf(file string) string {
	g := globals{config: file}
	if settings, err := g.settings(); err == nil {
		return settings.State.Dir
	}
	for _, path := range configPaths {
		if _, err := os.Stat(path); file == "" && err == nil {
			file = path
		}
	}
	if path, err := filepath.Abs(file); err == nil {
		file = path
	}
	dir, _ := config.StateOf(file, config.ThisHost())
	return dir
}

// reader runs a read command: it fetches into a fresh T and prints it as JSON
// or by show.
type reader[T any] struct {
	g    *globals
	path func(args []string) string
	show func(w io.Writer, item T)
}

// attach makes cmd print what the reader fetches and gives it --json.
func (r reader[T]) attach(cmd *cobra.Command) *cobra.Command {
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := r.g.client()
		if err != nil {
			return err
		}
		var item T
		if err := c.Get(cmd.Context(), r.path(args), &item); err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), item)
		}
		r.show(cmd.OutOrStdout(), item)
		return nil
	}
	return cmd
}

// removal is a command that ends something by its id.
type removal struct {
	use, short, path, done string
}

func (r removal) command(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: r.use, Short: r.short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			if err := c.Do(cmd.Context(), http.MethodDelete, r.path+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", args[0], r.done)
			return nil
		},
	}
}

func printJSON(w io.Writer, item any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(item); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
