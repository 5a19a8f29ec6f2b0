// Package listing is a command that prints a list of the daemon's.
//
// It owns the flags that narrow a list, the way over its pages, and the JSON of
// it; how a line looks is for the command that it is made for. It keeps nothing
// and runs in the process that called it.
package listing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/client"
	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
)

// filters narrow a list; they become a query.
type filters struct {
	component, state string
	since            howlong.Moment
	limit            int
	all              bool
}

// Daemon is how a list reaches the daemon and tells a user's mistake.
type Daemon struct {
	Connect func() (*client.Client, error)
	// Usage makes an error one of the command line.
	Usage func(error) error
}

// List is what is listed, and how.
type List[T any] struct {
	Daemon
	Path string
	// State is what is listed unless the flags say otherwise, States are the
	// words that they may say.
	State, States string
	// None is printed when nothing is found.
	None string
	Show func(w io.Writer, items []T, now time.Time)
}

// Attach gives cmd its flags and what it does.
func (l List[T]) Attach(cmd *cobra.Command) *cobra.Command {
	f := filters{}
	flags := cmd.Flags()
	flags.StringVar(&f.component, "component", "", "only this component")
	flags.StringVar(&f.state, "state", l.State, "only this state: "+l.States)
	flags.Var(&f.since, "since", "leave out what was over before: 36h, 7d, 2026-01-02, \"2026-01-02 15:04\"")
	flags.IntVar(&f.limit, "limit", 50, "at most this many, newest first")
	flags.BoolVar(&f.all, "all", false, "every one that is kept, in every state unless --state says which")
	asJSON := flags.Bool("json", false, "print as JSON")
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case f.limit < 1:
			return l.Usage(fmt.Errorf("--limit %d: want at least 1", f.limit))
		case f.all && flags.Changed("limit"):
			return l.Usage(errors.New("--all and --limit exclude each other"))
		case f.all && !flags.Changed("state"):
			f.state = "all"
		}
		found, err := l.fetch(cmd.Context(), f)
		if err != nil {
			return err
		}
		if *asJSON {
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(found)
		}
		l.print(cmd.OutOrStdout(), found)
		return nil
	}
	return cmd
}

func (l List[T]) print(w io.Writer, found api.List[T]) {
	if found.Count == 0 {
		fmt.Fprintln(w, l.None)
		return
	}
	l.Show(w, found.Items, time.Now())
	if found.Next != "" {
		fmt.Fprintf(w, "these are the newest %d; --limit, --since or --all shows more\n", found.Count)
	}
}

// maxPage is the most that the daemon puts on one page.
const maxPage = 1000

// fetch reads pages until there are enough.
func (l List[T]) fetch(ctx context.Context, f filters) (api.List[T], error) {
	c, err := l.Connect()
	if err != nil {
		return api.List[T]{}, err
	}
	query := f.query(time.Now())
	out := api.NewList[T](nil)
	for {
		size := maxPage
		if !f.all {
			size = min(size, f.limit-out.Count)
		}
		query.Set("limit", fmt.Sprint(size))
		var page api.List[T]
		if err := c.Get(ctx, l.Path+"?"+query.Encode(), &page); err != nil {
			return out, err
		}
		out.Items, out.Next = append(out.Items, page.Items...), page.Next
		out.Count = len(out.Items)
		if page.Next == "" || !f.all && out.Count >= f.limit {
			return out, nil
		}
		query.Set("cursor", page.Next)
	}
}

func (f filters) query(now time.Time) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"component": f.component, "state": f.state} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if since := f.since.Before(now); !since.IsZero() {
		v.Set("since", since.UTC().Format(time.RFC3339Nano))
	}
	return v
}
