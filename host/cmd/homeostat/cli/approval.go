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
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/listing"
)

func approvalCommand(g *globals) *cobra.Command {
	list := listing.List[api.Approval]{
		Daemon: g.daemon(), Path: api.Base + "/approvals", State: "pending", States: "open (pending), closed, approved, rejected, expired, superseded or all",
		None: "nothing waits for your answer", Show: showApprovals,
	}.Attach(&cobra.Command{
		Use: "list", Short: "What waits for your answer",
		Example: "  homeostat approval list\n  homeostat approval list --all --since 7d",
	})
	show := reader[api.Approval]{g,
		func(args []string) string { return api.Base + "/approvals/" + url.PathEscape(args[0]) },
		showApproval,
	}.attach(&cobra.Command{
		Use: "show ID", Short: "One proposal: what would be done, why, on what evidence", Args: cobra.ExactArgs(1),
		Example: "  homeostat approval show app_1a2b",
	})
	cmd := group("approval", "Answer proposals", list, show, approveCommand(g), rejectCommand(g))
	cmd.Long = `Where the mode says so, a proposal waits for a person. It is bound to what it
would do and to its evidence: what you approve is what is done, once.

  homeostat approval list
  homeostat approval show app_1a2b
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

func showApproval(w io.Writer, a api.Approval) {
	now := time.Now()
	fmt.Fprintf(w, "%s: %s proposes for %s, asked %s, %s\n", a.ID, clean(a.Strategy), orDash(a.Component), ago(a.Created, now), a.State)
	if a.State == "pending" {
		fmt.Fprintf(w, "expires: %s (%s)\n", a.Expires.Local().Format(time.DateTime), ago(a.Expires, now))
	}
	if a.Incident != "" {
		fmt.Fprintf(w, "incident: %s\n", a.Incident)
	}
	fmt.Fprintf(w, "why: %s\nwould do:\n", clean(a.Reason))
	for _, act := range a.Proposal.Actions {
		fmt.Fprintf(w, "  %s %s\n", act.Kind(), clean(act.Target()))
	}
	fmt.Fprintln(w, "evidence:")
	for _, line := range a.Evidence {
		fmt.Fprintf(w, "  %s\n", clean(line))
	}
	if a.Answer != "" {
		fmt.Fprintf(w, "answer: %s\n", clean(a.Answer))
	}
	fmt.Fprintf(w, "hash: %s\n", a.Hash)
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
