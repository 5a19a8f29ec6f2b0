package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/client"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
)

type submitFlags struct {
	root, path, reason   string
	dryRun, wait, asJSON bool
}

func changeSubmit(g *globals) *cobra.Command {
	var f submitFlags
	cmd := &cobra.Command{
		Use: "submit PATH", Short: "Submit a folder, a file or a diff", Args: cobra.ExactArgs(1),
		Long: `PATH is a folder that mirrors the root, a single file (with --path), or a unified
diff (*.diff). Without --wait the command returns once the change is watched.

  homeostat change submit ./my-change --wait
  homeostat change submit fix.diff --root shop
  homeostat change submit shop.toml --root shop --path shop.toml --dry-run`,
	}
	cmd.Flags().StringVar(&f.root, "root", "", "root, where change.toml names none and there are several")
	cmd.Flags().StringVar(&f.path, "path", "", "where a single file goes, relative to the root")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for the record")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "only say what every stage would do")
	cmd.Flags().BoolVar(&f.wait, "wait", false, "wait for the end of the watch")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := readCandidate(args[0], f)
		if err != nil {
			return usageError(err)
		}
		cl, err := g.client()
		if err != nil {
			return err
		}
		out, err := submit(cmd.Context(), cl, c, f)
		if err != nil {
			return err
		}
		if f.asJSON {
			if err := printJSON(cmd.OutOrStdout(), out); err != nil {
				return err
			}
		} else {
			tellSubmitted(cmd.OutOrStdout(), out)
		}
		return changeEnd(out)
	}
	return cmd
}

// readCandidate reads what the path names.
func readCandidate(path string, f submitFlags) (candidate.Candidate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return candidate.Candidate{}, err
	}
	var c candidate.Candidate
	switch {
	case info.IsDir():
		c, err = candidate.Read(os.DirFS(path))
	case info.Size() > candidate.MaxBytes:
		err = fmt.Errorf("%s has %d bytes, at most %d are allowed", path, info.Size(), candidate.MaxBytes)
	default:
		c, err = readFile(path, f)
	}
	if err != nil {
		return c, err
	}
	if f.root != "" && c.Root != "" && f.root != c.Root {
		return c, fmt.Errorf("--root says %s and %s says %s", f.root, candidate.ManifestName, c.Root)
	}
	if f.root != "" {
		c.Root = f.root
	}
	if f.reason != "" {
		c.Reason = f.reason
	}
	return c, c.Check()
}

func readFile(path string, f submitFlags) (candidate.Candidate, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return candidate.Candidate{}, err
	}
	if f.path == "" && strings.HasSuffix(path, ".diff") {
		return candidate.Candidate{Diffs: []string{string(content)}}, nil
	}
	if f.path == "" {
		return candidate.Candidate{}, fmt.Errorf("where does %s go? say it with --path, relative to the root", filepath.Base(path))
	}
	return candidate.Single(f.root, f.path, content), nil
}

// submit sends the candidate and follows it as far as the flags say.
func submit(ctx context.Context, cl *client.Client, c candidate.Candidate, f submitFlags) (api.Change, error) {
	var out api.Change
	path := changesPath
	if f.dryRun {
		path += "?dry_run=true"
	}
	if err := cl.Do(ctx, http.MethodPost, path, c, &out); err != nil || f.dryRun {
		return out, err
	}
	return follow(ctx, cl, out.ID, f.wait)
}

// follow asks until the change is where it is awaited.
func follow(ctx context.Context, cl *client.Client, id string, toEnd bool) (api.Change, error) { //nolint:revive // the flag of the command
	for {
		var out api.Change
		query := fmt.Sprintf("%s/%s?wait=30s&end=%t", changesPath, url.PathEscape(id), toEnd)
		if err := cl.Get(ctx, query, &out); err != nil {
			return out, err
		}
		over := out.State.Ended() || out.State == record.WaitingApproval
		if over || !toEnd && out.State != record.Running {
			return out, nil
		}
		if err := ctx.Err(); err != nil {
			return out, errors.New("not waited to the end; the change goes on, see `homeostat change show " + id + "`")
		}
	}
}

func tellSubmitted(w io.Writer, c api.Change) {
	if c.DryRun {
		showChange(w, c)
		return
	}
	fmt.Fprintf(w, "%s is %s\n", c.ID, stateLine(c))
	for _, text := range c.Warnings {
		fmt.Fprintf(w, "  warning: %s\n", clean(text))
	}
	if c.State == record.Watching {
		fmt.Fprintf(w, "  keep it with `homeostat change confirm %s`, undo it with `homeostat change rollback %s`\n", c.ID, c.ID)
	}
}
