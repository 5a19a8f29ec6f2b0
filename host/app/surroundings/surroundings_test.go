package surroundings

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const settingsText = `
[healing]
package_logs = ["dpkg.log"]
[[component]]
name = "store"
command = ["store"]
files = ["store.toml"]
[[component]]
name = "web"
command = ["web"]
depends_on = ["store"]
logs = ["site/web.log"]
[[component]]
name = "lone"
command = ["lone"]
files = ["lone.toml"]
[[root]]
name = "site"
path = "site"
component = "web"
`

// place is a folder with settings and files in it.
func place(t *testing.T, files ...string) (string, Source) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	line := time.Now().Format(time.DateTime) + " upgrade libc6:amd64 1 2\n"
	if err := os.WriteFile(filepath.Join(dir, "dpkg.log"), []byte(line), 0o644); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Parse([]byte(settingsText), filepath.Join(dir, "config.toml"), config.Host{Root: true})
	if err != nil {
		t.Fatal(err)
	}
	return dir, Source{
		Log: hclog.NewNullLogger(), Settings: func() *config.Settings { return settings },
		Ledger: func() []record.Record { return nil },
		Lines: func(string, int) []sdk.LogLine {
			return []sdk.LogLine{{Text: strings.Repeat("é", maxLine)}}
		},
		Signals: func(string) []tape.Latest {
			return []tape.Latest{{Component: "web", Signal: tape.Signal{Name: "rss_bytes"}, Value: 3}}
		},
		Links:      func(context.Context) []sdk.Link { return nil },
		Parameters: func(string) ([]sdk.Parameter, []sdk.Forbidden) { return []sdk.Parameter{{Name: "workers"}}, nil },
	}
}

func texts(refs []sdk.ChangeRef) string {
	var out []string
	for _, r := range refs {
		out = append(out, string(r.Kind)+" of "+r.Component+": "+r.Text)
	}
	return strings.Join(out, "\n")
}

func TestEditsOfTheComponentAndOfWhatItNeedsAreToldAndPackagesToo(t *testing.T) {
	_, s := place(t, "store.toml", "lone.toml", "site/web.toml", "site/web.log")
	out := s.Of(t.Context(), sdk.Incident{Component: "web", Now: time.Now().Add(time.Second)})
	got := texts(out.Changes)
	for _, want := range []string{"file of web: web.toml was edited", "file of store: store.toml was edited", "package of host: upgrade libc6:amd64 1 → 2"} {
		if !strings.Contains(got, want) {
			t.Errorf("told:\n%s\nwant %q among it", got, want)
		}
	}
	if strings.Contains(got, "lone") || strings.Contains(got, "web.log") {
		t.Errorf("told:\n%s\nwant neither a stranger's file nor the log", got)
	}
	if len(out.Logs) != 1 || len(out.Logs[0].Text) > maxLine || !out.Logs[0].Truncated || len(out.Readings) != 1 || len(out.Parameters) != 1 {
		t.Errorf("%d lines of %d bytes, %d readings, %d parameters; want one bounded line, one reading and one parameter", len(out.Logs), len(out.Logs[0].Text), len(out.Readings), len(out.Parameters))
	}
}

func TestRecordedChangeIsToldOnceAndOnlyWhileItIsInForceAndRecent(t *testing.T) {
	dir, s := place(t, "site/web.toml")
	now := time.Now()
	old := now.Add(-time.Hour)
	change := func(id string, state record.State, at *time.Time) record.Record {
		return record.Record{ID: id, Root: "site", RootPath: filepath.Join(dir, "site"), Component: "web", State: state, Applied: at, Author: "ann", Reason: "faster", Paths: []record.Path{{Path: "web.toml"}}}
	}
	s.Ledger = func() []record.Record {
		undone, undoing := change("mod_4", record.Kept, &now), change("mod_5", record.Watching, &now)
		undoing.Undoes = "mod_4"
		return []record.Record{undoing, undone, change("mod_1", record.Kept, &now), change("mod_2", record.RolledBack, &now), change("mod_3", record.Kept, &old)}
	}
	out := s.Of(t.Context(), sdk.Incident{Component: "web", Now: now.Add(time.Second)})
	got := texts(out.Changes)
	if !strings.Contains(got, "change of web: change mod_1 faster") || regexp.MustCompile("mod_[2-5]").MatchString(got) {
		t.Errorf("told:\n%s\nwant mod_1 alone", got)
	}
	if strings.Contains(got, "was edited") {
		t.Errorf("told:\n%s\nwant the file that mod_1 wrote told with it, not as an edit", got)
	}
	if out.Changes[0].ID == "" && out.Changes[1].ID == "" {
		t.Errorf("the recorded change has no id: %+v", out.Changes)
	}
}
