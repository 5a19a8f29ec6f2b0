package links

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/client"
)

// New returns the command. Connect finds the daemon.
func New(connect func() (*client.Client, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: "link", Short: "List, open and close links between components", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		Long: `A link with an address of its own (listen) passes through a proxy. While it is
open, callers are refused at once instead of waiting for what does not answer. A
link that you open stays open until you close it.

  homeostat link list
  homeostat link open web store --reason "moving the store"
  homeostat link close web store --trials`,
	}
	cmd.AddCommand(
		read(connect, &cobra.Command{Use: "list", Short: "All links and what they let through", Args: cobra.NoArgs}, List),
		read(connect, &cobra.Command{Use: "show FROM TO", Short: "One link with the figures of its proxy", Args: cobra.ExactArgs(2)}, Show),
		order(connect, "open", "let trials through after the link's retry time, and close when they go well"),
		order(connect, "close", "let one request at a time through, and close when they go well"),
	)
	return cmd
}

// path is where a link, or all of them without arguments, is asked for.
func path(args []string, order string) string {
	p := api.Base + "/links"
	for _, arg := range args {
		p += "/" + url.PathEscape(arg)
	}
	if order != "" {
		p += "/" + order
	}
	return p
}

// read makes cmd fetch a T and print it, as JSON where that is asked for.
func read[T any](connect func() (*client.Client, error), cmd *cobra.Command, show func(io.Writer, T)) *cobra.Command {
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := connect()
		if err != nil {
			return err
		}
		var item T
		if err := c.Get(cmd.Context(), path(args, ""), &item); err != nil {
			return err
		}
		if !*asJSON {
			show(cmd.OutOrStdout(), item)
			return nil
		}
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(item)
	}
	return cmd
}

func order(connect func() (*client.Client, error), word, trials string) *cobra.Command {
	short := map[string]string{"open": "Refuse callers at once", "close": "Let everything through again"}[word]
	cmd := &cobra.Command{Use: word + " FROM TO", Short: short, Args: cobra.ExactArgs(2)}
	var o api.LinkOrder
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, for callers and for the audit log")
	cmd.Flags().BoolVar(&o.Trials, "trials", false, trials)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := connect()
		if err != nil {
			return err
		}
		text, err := tell(cmd.Context(), c, path(args, word), o)
		if err == nil {
			fmt.Fprintln(cmd.OutOrStdout(), plain(text))
		}
		return err
	}
	return cmd
}

// tell gives an order and returns what was done.
func tell(ctx context.Context, c *client.Client, path string, o api.LinkOrder) (string, error) {
	var answer struct {
		Text string `json:"text"`
	}
	err := c.Do(ctx, http.MethodPost, path, o, &answer)
	return answer.Text, err
}
