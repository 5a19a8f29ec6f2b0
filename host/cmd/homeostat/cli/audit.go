package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/journal"
)

func auditCommand(g *globals) *cobra.Command {
	cmd := group("audit", "Read and verify the audit log", auditTail(g), auditVerify(g))
	cmd.Long = `Whatever the daemon is asked, decides and does is in the audit log. Every record
holds the hash of the one before it, so that an edited, removed, added or
reordered byte is found. Whoever may write all files of the folder can write a
whole new log; only a record's hash that was kept elsewhere shows that.

  homeostat audit tail --limit 20
  homeostat audit verify
  homeostat audit verify --dir /var/lib/homeostat/audit     (no daemon needed)
  homeostat audit verify --dir DIR --anchor 1042:9f86d0…    (a record kept elsewhere;
                     the daemon logs the last one whenever it starts)`
	return cmd
}

func auditTail(g *globals) *cobra.Command {
	limit := 50
	cmd := reader[api.List[api.AuditRecord]]{g,
		func([]string) string { return fmt.Sprintf("/api/v0/audit?limit=%d", limit) },
		func(w io.Writer, l api.List[api.AuditRecord]) {
			for _, r := range l.Items {
				fields, err := json.Marshal(r.Fields)
				if err != nil {
					fields = []byte("?")
				}
				fmt.Fprintf(w, "%6d  %s  %-14s %-22s %s\n", r.Seq, r.Time.Local().Format("2006-01-02 15:04:05.000"), clean(r.Actor), clean(r.Kind), clean(string(fields)))
			}
		},
	}.attach(&cobra.Command{Use: "tail", Short: "The newest records", Args: cobra.NoArgs})
	cmd.Flags().IntVar(&limit, "limit", limit, "how many, at most 10000")
	return cmd
}

func auditVerify(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "verify", Short: "Verify the whole log; exit 1 names the first broken record", Args: cobra.NoArgs}
	dir := cmd.Flags().String("dir", "", "folder of a log that no daemon uses")
	anchors := cmd.Flags().StringArray("anchor", nil, "SEQ:HASH of a record that was kept elsewhere (with --dir)")
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		began := time.Now()
		report, err := verifyAudit(cmd, g, auditPlace{dir: *dir, anchors: *anchors})
		if err != nil {
			return err
		}
		if *asJSON {
			if err := printJSON(cmd.OutOrStdout(), report); err != nil {
				return err
			}
		}
		if !report.OK {
			return fmt.Errorf("audit log is broken after %d good records: %s", report.Records, report.Problem)
		}
		if !*asJSON {
			fmt.Fprintf(cmd.OutOrStdout(), "audit log is whole: %d records verified in %s\n", report.Records, span(time.Since(began)))
		}
		return nil
	}
	return cmd
}

// auditPlace is where a log is: behind the daemon, or in a folder.
type auditPlace struct {
	dir     string
	anchors []string
}

func verifyAudit(cmd *cobra.Command, g *globals, place auditPlace) (api.AuditReport, error) {
	var report api.AuditReport
	if place.dir != "" {
		return verifyFolder(place)
	}
	if len(place.anchors) > 0 {
		return report, usageError(errors.New("--anchor needs --dir"))
	}
	c, err := g.client()
	if err != nil {
		return report, err
	}
	return report, c.Do(cmd.Context(), http.MethodPost, "/api/v0/audit/verify", nil, &report)
}

func verifyFolder(place auditPlace) (api.AuditReport, error) {
	var report api.AuditReport
	heads := make([]journal.Head, len(place.anchors))
	for i, anchor := range place.anchors {
		seq, hash, ok := strings.Cut(anchor, ":")
		number, err := strconv.ParseUint(seq, 10, 64)
		if !ok || err != nil {
			return report, usageError(fmt.Errorf("anchor %q: want SEQ:HASH, as the daemon logs it", anchor))
		}
		heads[i] = journal.Head{Seq: number, Hash: hash}
	}
	r, err := journal.Verify(place.dir, heads...)
	if err != nil {
		return report, err
	}
	report = api.AuditReport{OK: r.Broken == nil, Records: int(r.Records)}
	if r.Broken != nil {
		report.Problem = r.Broken.Error()
	}
	return report, nil
}
