package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
)

func approvalCommand(g *globals) *cobra.Command {
	flags := listFlags{state: "pending"}
	list := reader[api.List[api.Approval]]{g,
		func([]string) string { return api.Base + "/approvals" + flags.query() },
		func(w io.Writer, l api.List[api.Approval]) {
			if l.Count == 0 {
				fmt.Fprintln(w, "nothing waits for your answer")
				return
			}
			showApprovals(w, l.Items, time.Now())
		},
	}.attach(&cobra.Command{Use: "list", Short: "What waits for your answer", Args: cobra.NoArgs})
	flags.register(list, "pending or all")
	cmd := group("approval", "Answer proposals", list, approveCommand(g), rejectCommand(g))
	cmd.Long = `Where the mode says so, a proposal waits for a person. It is bound to what it
would do and to its evidence: what you approve is what is done, once.

  homeostat approval list
  homeostat approval approve app_1a2b
  homeostat approval reject app_1a2b --reason "deploy is under way"`
	return cmd
}

func showApprovals(w io.Writer, list []api.Approval, now time.Time) {
	rows := make([][]string, 0, len(list))
	for _, a := range list {
		what := actionsOf(api.Recovery{Proposal: a.Proposal})
		state := a.State
		if state == "pending" {
			state += ", expires " + ago(a.Expires, now)
		}
		rows = append(rows, []string{a.ID, a.Component, what, state, a.Reason})
	}
	table(w, []string{"approval", "component", "would do", "state", "why"}, rows)
}

func approveCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "approve ID", Short: "Let a proposal be carried out", Args: cobra.ExactArgs(1)}
	hash := cmd.Flags().String("hash", "", "refuse if the proposal is another one by now")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(cmd, g, answerCall{id: args[0], verb: "approve", body: map[string]string{"hash": *hash}})
	}
	return cmd
}

func rejectCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "reject ID --reason TEXT", Short: "Refuse a proposal", Args: cobra.ExactArgs(1)}
	reason := cmd.Flags().String("reason", "", "why (required)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *reason == "" {
			return usageError(errors.New("reject needs --reason: strategies and people learn from it"))
		}
		return answer(cmd, g, answerCall{id: args[0], verb: "reject", body: map[string]string{"reason": *reason}})
	}
	return cmd
}

type answerCall struct {
	id, verb string
	body     map[string]string
}

func answer(cmd *cobra.Command, g *globals, call answerCall) error {
	c, err := g.client()
	if err != nil {
		return err
	}
	body := map[string]string{}
	for k, v := range call.body {
		if v != "" {
			body[k] = v
		}
	}
	var a api.Approval
	path := api.Base + "/approvals/" + url.PathEscape(call.id) + "/" + call.verb
	if err := c.Do(cmd.Context(), http.MethodPost, path, body, &a); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is %s: %s\n", a.ID, a.State, clean(a.Answer))
	return nil
}
