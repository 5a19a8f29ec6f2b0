// Package messages is `homeostat notify` on the command line: how messages to the
// receiver fare, a test of it, and a new secret.
//
// It owns flags and what is printed. Its commands run one at a time in one
// process.
package messages

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/client"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/plain"
	"github.com/homeostat/homeostat/host/notify/webhook"
)

type answer struct {
	Configured bool              `json:"configured"`
	Status     *api.NotifyStatus `json:"status,omitempty"`
}

// Connect returns a client of the daemon that the flags name.
type Connect func() (*client.Client, error)

// New returns the command.
func New(connect Connect) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "How messages to the receiver of [notify] fare",
		Long: `Incidents, approvals, changes that were undone and blind detectors are told to
the webhook of [notify]. What the receiver does not take waits, for three days.

  homeostat notify                              what waits, and the last error
  homeostat notify test                         send one now, print what came back
  homeostat notify secret /etc/homeostat/hook   make the file for secret_file

docs/notifications.md shows the messages and how to check their signature.`,
		Args: cobra.NoArgs,
	}
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := connect()
		if err != nil {
			return err
		}
		var a answer
		if err := c.Get(cmd.Context(), api.Base+"/notifications", &a); err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), a)
		}
		show(cmd.OutOrStdout(), a.Status, time.Now())
		return nil
	}
	cmd.AddCommand(test(connect), secret())
	return cmd
}

func printJSON(w io.Writer, item any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(item); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

func show(w io.Writer, s *api.NotifyStatus, now time.Time) {
	if s == nil {
		fmt.Fprintln(w, "nobody is told: set [notify] webhook, see docs/notifications.md")
		return
	}
	fmt.Fprintf(w, "%s, format %s: %d sent since the start, %d wait, %d dropped\n", s.Receiver, s.Format, s.Sent, s.Queued, s.Dropped)
	if s.LastSent != nil {
		fmt.Fprintf(w, "last sent %s\n", plain.Ago(*s.LastSent, now))
	}
	if s.LastError != "" {
		fmt.Fprintln(w, Trouble(s, now))
	}
}

// Trouble says what is wrong with messages, in one line.
func Trouble(s *api.NotifyStatus, now time.Time) string {
	line := fmt.Sprintf("last error: %s", plain.Text(s.LastError))
	switch {
	case s.Stopped:
		line += "; nothing is sent until a reload, or until `homeostat notify test` gets through"
	case s.NextTry != nil:
		line += "; next try " + plain.Ago(*s.NextTry, now)
	}
	return line
}

func test(connect Connect) *cobra.Command {
	cmd := &cobra.Command{
		Use: "test", Short: "Send a message now and print what came back", Args: cobra.NoArgs,
		Long: `Sends one message of type test past the queue. Exit code 1 when the receiver did
not take it.

  homeostat notify test`,
	}
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := connect()
		if err != nil {
			return err
		}
		var t api.NotifyTest
		if err := c.Do(cmd.Context(), http.MethodPost, api.Base+"/notifications/test", nil, &t); err != nil {
			return err
		}
		if *asJSON {
			err = printJSON(cmd.OutOrStdout(), t)
		} else {
			showTest(cmd.OutOrStdout(), t)
		}
		if err == nil && !t.Delivered {
			err = errors.New("the test was not delivered: " + plain.Text(t.Problem))
		}
		return err
	}
	return cmd
}

func showTest(w io.Writer, t api.NotifyTest) {
	if t.Status == 0 {
		return // the problem is printed as an error
	}
	fmt.Fprintf(w, "%s answers %d %s\n", t.Receiver, t.Status, http.StatusText(t.Status))
	if t.Answer != "" {
		fmt.Fprintln(w, plain.Text(t.Answer))
	}
}

func secret() *cobra.Command {
	return &cobra.Command{
		Use: "secret FILE", Short: "Make a secret for [notify] secret_file", Args: cobra.ExactArgs(1),
		Long: `Writes a random secret into a new file that only you can read. Give its text to
the receiver; it checks the signature of each message with it.

  homeostat notify secret /etc/homeostat/webhook.secret`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already and may be in use: remove it first, or name another file", args[0])
			}
			if err != nil {
				return fmt.Errorf("make the secret: %w", err)
			}
			_, err = fmt.Fprintln(f, webhook.NewSecret())
			if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
				return fmt.Errorf("write the secret: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s holds a new secret; set [notify] secret_file and give it to the receiver\n", args[0])
			return nil
		},
	}
}
