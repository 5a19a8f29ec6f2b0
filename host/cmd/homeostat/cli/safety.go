package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
)

const safetyPath = api.ModificationBase + "/safety"

func breakerCommand(g *globals) *cobra.Command {
	status := reader[api.BreakerAnswer]{g,
		func([]string) string { return safetyPath + "/circuit-breaker" },
		func(w io.Writer, b api.BreakerAnswer) {
			m := b.CircuitBreaker.Metrics
			fmt.Fprintf(w, "breaker is %s; %d of %d changes went well, %d failed in a row\n",
				strings.ReplaceAll(b.CircuitBreaker.State, "_", " "), m.TotalSuccesses, m.TotalAttempts, m.ConsecutiveFailures)
		},
	}.attach(&cobra.Command{Use: "status", Short: "Whether changes are let through", Args: cobra.NoArgs})
	reset := &cobra.Command{Use: "reset", Short: "Let changes through again", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return safetyOrder(cmd, g, "/circuit-breaker/reset", nil, "breaker is closed")
	}}
	return group("breaker", "The circuit breaker of changes", status, reset)
}

// safetyOrder posts an order and says what is so now.
func safetyOrder(cmd *cobra.Command, g *globals, path string, body any, say string) error {
	c, err := g.client()
	if err != nil {
		return err
	}
	if err := c.Do(cmd.Context(), http.MethodPost, safetyPath+path, body, nil); err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), say)
	return nil
}

func safetyCommand(g *globals) *cobra.Command {
	status := reader[api.SafetyStatus]{g,
		func([]string) string { return safetyPath + "/enhanced-status" }, showSafety,
	}.attach(&cobra.Command{Use: "status", Short: "Everything that stands before a change", Args: cobra.NoArgs})
	enable := &cobra.Command{Use: "enable", Short: "Let the gates refuse again", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return safetyOrder(cmd, g, "/enable", nil, "the gates refuse again")
	}}
	cmd := group("safety", "What stands between a change and the host", status, enable, safetyDisable(g))
	cmd.Long = `Breaker, rate limit, health, screen and the memory of rejected changes can be turned
into warnings for at most 15 minutes. Backup, journal and rollback cannot be
switched off.`
	return cmd
}

func safetyDisable(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "disable", Short: "Turn refusals into warnings for a while", Args: cobra.NoArgs}
	span := howlong.Of(15 * time.Minute)
	cmd.Flags().Var(span, "for", "how long, at most 15m")
	reason := cmd.Flags().String("reason", "", "why, for the record")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		body := map[string]string{"for": span.String()}
		if *reason != "" {
			body["reason"] = *reason
		}
		return safetyOrder(cmd, g, "/disable", body, "refusals are warnings now; they come back by themselves, or with `homeostat safety enable`")
	}
	return cmd
}

func showSafety(w io.Writer, s api.SafetyStatus) {
	if s.Off != nil {
		fmt.Fprintf(w, "GATES ARE OFF until %s, by %s: %s\n", s.Off.Until.Local().Format(time.TimeOnly), clean(s.Off.By), clean(orDash(s.Off.Reason)))
	}
	m := s.CircuitBreaker.Metrics
	fmt.Fprintf(w, "breaker  %s, %d of %d changes went well\n", strings.ReplaceAll(s.CircuitBreaker.State, "_", " "), m.TotalSuccesses, m.TotalAttempts)
	fmt.Fprintf(w, "rate     %d of %d in the window\n", s.RateLimit.CurrentCount, s.RateLimit.MaxPerWindow)
	fmt.Fprintf(w, "health   %s, score %.0f, %s\n", s.Health.Status, s.Health.Score, s.Health.Trend)
	for _, name := range slices.Sorted(maps.Keys(s.Health.Checks)) {
		if c := s.Health.Checks[name]; !c.Healthy {
			fmt.Fprintf(w, "         %s: %s\n", name, clean(c.Reason))
		}
	}
	fmt.Fprintf(w, "backups  %d\n", s.BackupCount)
	for _, root := range slices.Sorted(maps.Keys(s.Open)) {
		fmt.Fprintf(w, "open     %s in %s\n", s.Open[root], clean(root))
	}
	if s.Rejected > 0 {
		fmt.Fprintf(w, "rejected %d changes are remembered and not tried again\n", s.Rejected)
	}
}

func backupCommand(g *globals) *cobra.Command {
	list := reader[api.Backups]{g,
		func([]string) string { return safetyPath + "/backups" },
		func(w io.Writer, l api.Backups) {
			if l.Count == 0 {
				fmt.Fprintln(w, "no backups")
				return
			}
			now := time.Now()
			rows := make([][]string, 0, l.Count)
			for _, b := range l.Backups {
				good := ""
				if b.LastKnownGood {
					good = "last known good"
				}
				rows = append(rows, []string{b.BackupID, b.Root, fmt.Sprint(b.FilesCount), fmt.Sprint(b.BackupSize), ago(b.CreatedAt, now), good})
			}
			table(w, []string{"backup", "root", "files", "bytes", "when", ""}, rows)
		},
	}.attach(&cobra.Command{Use: "list", Short: "Stored states, newest first", Args: cobra.NoArgs})
	cmd := group("backup", "Stored states of roots", list, backupCreate(g), backupVerify(g), backupRestore(g))
	cmd.Long = `Every change makes a backup of what it touches; one by hand holds the whole root.
Restoring is a change like any other: it is backed up, checked and watched.

  homeostat backup create shop
  homeostat backup restore backup_shop_1700000000 --path shop.toml`
	return cmd
}

func backupCreate(g *globals) *cobra.Command {
	return &cobra.Command{Use: "create ROOT", Short: "Store the present state of a whole root", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			var out api.BackupCreated
			if err := c.Do(cmd.Context(), http.MethodPost, safetyPath+"/backups", map[string]string{"root": args[0]}, &out); err != nil {
				return err
			}
			b := out.Backup
			fmt.Fprintf(cmd.OutOrStdout(), "%s holds %d files, %d bytes, until %s\n", b.BackupID, b.FilesCount, b.BackupSize, b.ExpiresAt.Local().Format(time.DateOnly))
			for _, s := range b.Skipped {
				fmt.Fprintf(cmd.OutOrStdout(), "  left out: %s\n", clean(s))
			}
			return nil
		}}
}

func backupVerify(g *globals) *cobra.Command {
	return &cobra.Command{Use: "verify ID", Short: "Read a backup to the last byte", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			var out api.BackupVerified
			if err := c.Do(cmd.Context(), http.MethodPost, safetyPath+"/backups/"+url.PathEscape(args[0])+"/verify", nil, &out); err != nil {
				return err
			}
			if !out.Success {
				return fmt.Errorf("%s is damaged: %s", args[0], clean(strings.Join(out.Damage, "; ")))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s can be restored to the last byte\n", args[0])
			return nil
		}}
}

func backupRestore(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "restore ID", Short: "Bring files back, as a change", Args: cobra.ExactArgs(1)}
	paths := cmd.Flags().StringArray("path", nil, "only this path and what is below it; may be repeated")
	overwrite := cmd.Flags().Bool("overwrite", false, "also files that somebody edited after the change")
	reason := cmd.Flags().String("reason", "", "why, for the record")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := g.client()
		if err != nil {
			return err
		}
		var out api.RestoreAnswer
		in := api.RestoreBody{Paths: *paths, Reason: *reason, Overwrite: *overwrite}
		if err := c.Do(cmd.Context(), http.MethodPost, safetyPath+"/backups/"+url.PathEscape(args[0])+"/restore", in, &out); err != nil {
			return err
		}
		if out.Unchanged {
			fmt.Fprintf(cmd.OutOrStdout(), "the files are as %s has them\n", args[0])
			return nil
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s restores %s and is %s\n", out.ModificationID, args[0], strings.ReplaceAll(string(out.State), "_", " "))
		if len(out.Failed) > 0 {
			return errors.New("these could not be restored: " + clean(strings.Join(out.Failed, "; ")))
		}
		return changeEnd(restored(out))
	}
	return cmd
}

// restored shows a restore as the change that it is.
func restored(out api.RestoreAnswer) api.Change {
	c := api.Change{Refusals: out.Refusals}
	c.ID, c.State, c.Why = out.ModificationID, out.State, out.Why
	return c
}
