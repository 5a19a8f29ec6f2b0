package heal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/heal/handover"
	"github.com/homeostat/homeostat/plugins/strategy-reconfigure/reconfigure"
	"github.com/homeostat/homeostat/plugins/strategy-restart/restart"
	"github.com/homeostat/homeostat/plugins/strategy-revert/revert"
	"github.com/homeostat/homeostat/sdk"
)

// faults are incidents of the web as the coordinator puts them to strategies.
func faults(now time.Time) []struct {
	name string
	in   sdk.Incident
} {
	of := func(kind string, s sdk.Severity, state sdk.ComponentState, more ...func(*sdk.Incident)) sdk.Incident {
		in := sdk.Incident{
			ID: "inc", Component: "web", Components: []string{"web"}, Severity: s, Opened: now, Now: now,
			Anomalies:  []sdk.Anomaly{{Component: "web", Key: kind, Kind: kind, Severity: s, Signal: "request_seconds", Start: now, Summary: kind}},
			Status:     []sdk.ComponentStatus{{Name: "web", State: state, PID: 1}},
			Restarts:   sdk.RestartLimit{Max: 5, Window: 10 * time.Minute},
			Parameters: []sdk.Parameter{{Component: "web", Name: "workers", Type: sdk.TypeInt, Min: 1, Max: 64, MaxStep: 8, Value: sdk.Value{Number: 8}}},
		}
		for _, f := range more {
			f(&in)
		}
		return in
	}
	changed := func(in *sdk.Incident) {
		in.Changes = []sdk.ChangeRef{{ID: "mod_1", Kind: sdk.ChangeRecorded, Component: "web", Root: "web", Applied: now.Add(-time.Minute), Paths: []string{"web.toml"}}}
	}
	failed := func(in *sdk.Incident) {
		in.Attempts = []sdk.Attempt{{Strategy: "restart", Actions: []sdk.ActionKind{sdk.KindRestart}, At: now.Add(-time.Minute), Result: sdk.ResultFailed}}
	}
	dependency := func(in *sdk.Incident) {
		in.Links = []sdk.Link{{From: "web", To: "store", Depends: true}}
		in.Status = append(in.Status, sdk.ComponentStatus{Name: "store", State: sdk.StateDown})
	}
	return []struct {
		name string
		in   sdk.Incident
	}{
		{"crash", of(sdk.AnomalyExit, sdk.SeverityMedium, sdk.StateDown)},
		{"hang, deadlock", of(sdk.AnomalyProbe, sdk.SeverityMedium, sdk.StateFailing)},
		{"hang that a restart did not end", of(sdk.AnomalyProbe, sdk.SeverityMedium, sdk.StateFailing, failed)},
		{"slow start", of(sdk.AnomalyProbe, sdk.SeverityMedium, sdk.StateStarting)},
		{"bad change, recorded a minute ago", of(sdk.AnomalyProbe, sdk.SeverityMedium, sdk.StateFailing, changed)},
		{"dependency down", of(sdk.AnomalyProbe, sdk.SeverityMedium, sdk.StateFailing, dependency)},
		{"overload, mild", of(sdk.AnomalyThreshold, sdk.SeverityLow, sdk.StateUp)},
		{"overload, severe", of(sdk.AnomalyThreshold, sdk.SeverityMedium, sdk.StateUp)},
		{"process that cannot be stopped", of(sdk.AnomalyCouldNotStop, sdk.SeverityHigh, sdk.StateCouldNotStop)},
	}
}

// TestMatrixInTheDocsIsWhatStrategiesPropose asks the shipped algorithms, with
// their defaults and one rule, and compares with the table in docs/healing.md.
// HOMEOSTAT_UPDATE=1 writes it.
func TestMatrixInTheDocsIsWhatStrategiesPropose(t *testing.T) {
	rules := reconfigure.Config{Rules: []reconfigure.Rule{{Component: "*", Kind: sdk.AnomalyThreshold, Signal: "*", Above: -1e300, Below: 1e300, Parameter: "workers", Step: 8}}}
	tuner, err := reconfigure.New(rules, sdk.Env{})
	if err != nil {
		t.Fatal(err)
	}
	ladder := []struct {
		name string
		s    sdk.Strategy
	}{{"revert", built(t, revert.New)}, {"restart", built(t, restart.New)}, {"reconfigure", tuner}, {"hand_over", handover.Strategy{}}}
	var table strings.Builder
	table.WriteString("| fault | revert | restart | reconfigure | hand_over |\n|---|---|---|---|---|\n")
	for _, f := range faults(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)) {
		fmt.Fprintf(&table, "| %s |", f.name)
		for _, rung := range ladder {
			p, err := rung.s.Propose(t.Context(), f.in)
			if err != nil || p.Validate() != nil {
				t.Errorf("%s of %s: %v, %v", rung.name, f.name, err, p.Validate())
			}
			fmt.Fprintf(&table, " %s |", cell(p))
		}
		table.WriteString("\n")
	}
	wantInDocs(t, table.String())
}

// cell is a proposal in a word.
func cell(p sdk.Proposal) string {
	var kinds []string
	for _, a := range p.Actions {
		kinds = append(kinds, string(a.Kind()))
	}
	if len(kinds) == 0 {
		return "–"
	}
	return strings.Join(kinds, ", ")
}

func wantInDocs(t *testing.T, table string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", "healing.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head, tail = "<!-- matrix -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(string(data), head)
	old, after, ended := strings.Cut(rest, tail)
	if !found || !ended {
		t.Fatalf("%s has no place for the table between %q and %q", path, head, tail)
	}
	if old == table {
		return
	}
	if os.Getenv("HOMEOSTAT_UPDATE") == "" {
		t.Fatalf("the table in %s is\n%s\nand strategies propose\n%s\nHOMEOSTAT_UPDATE=1 writes it", path, old, table)
	}
	if err := os.WriteFile(path, []byte(before+head+table+tail+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
