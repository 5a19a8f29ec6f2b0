// Package command is `homeostat proxy` on the command line: its flags and its
// exit codes. It owns nothing else, and runs once in a process.
package command

import (
	"fmt"
	"net"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/proxy/serve"
	"github.com/homeostat/homeostat/host/proxy/spec"
)

// usage is an error of the command line.
type usage struct{ error }

// ExitCode is that of wrong arguments.
func (usage) ExitCode() int { return 2 }

// New returns the command.
func New(version string) *cobra.Command {
	s := spec.Defaults()
	var inherited, kind, control string
	cmd := &cobra.Command{
		Use: "proxy", Short: "Pass TCP or HTTP on to a target; the daemon runs one for each link", Args: cobra.NoArgs,
		Long: `The daemon starts one for each link that has a listen address. By hand it is good
for trying the bounds, and for measuring. It ends on SIGTERM, when what is under
way has come to its end, after the drain time at the latest.

  homeostat proxy --listen 127.0.0.1:9200 --target 127.0.0.1:9201 --type http`,
	}
	f := cmd.Flags()
	f.StringVar(&s.Listen, "listen", "", "where callers connect to, host:port")
	f.StringVar(&s.Target, "target", "", "where they are passed on to, host:port")
	f.StringVar(&kind, "type", string(s.Type), "tcp or http")
	f.IntVar(&s.MaxConnections, "max-connections", s.MaxConnections, "callers at once")
	f.DurationVar(&s.DialTimeout, "dial-timeout", s.DialTimeout, "how long a connection to the target may take")
	f.DurationVar(&s.IdleTimeout, "idle-timeout", s.IdleTimeout, "when a connection on which nothing moves is ended")
	f.DurationVar(&s.MaxLatency, "max-latency", s.MaxLatency, "a later answer counts as slow")
	f.DurationVar(&s.Drain, "drain", s.Drain, "how long what is under way may go on at the end")
	f.StringVar(&control, "control", "", "unix socket for status and orders; empty for none")
	f.StringVar(&inherited, "inherited", "", "what the daemon says to the proxy that it starts")
	if err := f.MarkHidden("inherited"); err != nil {
		panic(err) // the flag is declared above
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if inherited != "" {
			return serve.Inherited(cmd.Context(), inherited, version)
		}
		s.Type = spec.Type(kind)
		if err := s.Validate(); err != nil {
			return usage{fmt.Errorf("proxy: %w", err)}
		}
		opt := serve.Options{Spec: s, Version: version, Log: hclog.New(&hclog.LoggerOptions{Name: "proxy", Output: os.Stderr, Level: hclog.Info})}
		if err := open(&opt, control); err != nil {
			return fmt.Errorf("proxy: %w", err)
		}
		return serve.Run(cmd.Context(), opt)
	}
	return cmd
}

// open opens the listener, and the control socket unless its path is empty.
func open(opt *serve.Options, control string) (err error) {
	if opt.Listener, err = net.Listen("tcp", opt.Spec.Listen); err != nil || control == "" {
		return err
	}
	if opt.Control, err = net.Listen("unix", control); err != nil {
		opt.Listener.Close()
	}
	return err
}
