package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/app"
	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/heal/handover"
	"github.com/homeostat/homeostat/host/plugin"
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
			Parameters: []sdk.Parameter{{Component: "web", Name: "workers", Type: sdk.TypeInt, Min: 1, Max: 64, MaxStep: 8, Default: sdk.Value{Number: 8}, Value: sdk.Value{Number: 8}}},
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
	behind := func(c sdk.Circuit, state sdk.ComponentState) func(in *sdk.Incident) {
		return func(in *sdk.Incident) {
			in.Components = []string{"web", "store"}
			in.Links = []sdk.Link{{From: "web", To: "store", Circuit: &c}}
			in.Status = append(in.Status, sdk.ComponentStatus{Name: "store", State: state})
		}
	}
	drifted := func(in *sdk.Incident) {
		in.Parameters[0].Value = sdk.Value{Number: 40}
		in.Changes = []sdk.ChangeRef{{Kind: sdk.ChangeFile, Component: "web", Applied: now.Add(-time.Minute), Paths: []string{"web.toml"}}}
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
		{"slow dependency behind a link", of(sdk.AnomalyProbe, sdk.SeverityMedium, sdk.StateFailing, behind(sdk.Circuit{State: sdk.CircuitClosed, Measured: true, Requests: 40, Bad: 38, P99: 3 * time.Second}, sdk.StateUp))},
		{"link down, its store as well", of(sdk.AnomalyProbe, sdk.SeverityMedium, sdk.StateFailing, behind(sdk.Circuit{State: sdk.CircuitClosed, Measured: true, Requests: 40, Bad: 40}, sdk.StateDown))},
		{"parameters drifted by an edit", of(sdk.AnomalyProbe, sdk.SeverityMedium, sdk.StateFailing, drifted)},
		{"overload, mild", of(sdk.AnomalyThreshold, sdk.SeverityLow, sdk.StateUp)},
		{"overload, severe", of(sdk.AnomalyThreshold, sdk.SeverityMedium, sdk.StateUp)},
		{"process that cannot be stopped", of(sdk.AnomalyCouldNotStop, sdk.SeverityHigh, sdk.StateCouldNotStop)},
	}
}

// proposer is a strategy, in a plugin or built in.
type proposer interface {
	Name() string
	Propose(ctx context.Context, in sdk.Incident) (sdk.Proposal, error)
}

// TestMatrixInTheDocsIsWhatStrategiesPropose asks the shipped plugins, each in its
// own process, with their defaults and one rule, and compares with the table in
// docs/healing.md. HOMEOSTAT_UPDATE=1 writes it.
func TestMatrixInTheDocsIsWhatStrategiesPropose(t *testing.T) {
	names := []string{"revert", "restart", "isolate", "reconfigure", "genetic"}
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "[plugins.%s]\nkind = \"strategy\"\npath = \"strategy-%[1]s\"\nlimits = { start = \"1m\", call = \"1m\" }\n", name)
	}
	text.WriteString("[[plugins.reconfigure.config.rules]]\nkind = \"threshold\"\nsignal = \"*\"\nparameter = \"workers\"\nstep = 8\n")
	ladder := map[string]proposer{"hand_over": handover.Strategy{}}
	for _, s := range started(t, text.String()) {
		ladder[s.Name()] = s
		if s.Name() == "genetic" {
			evolve(t, s)
		}
	}
	names = append(names, "hand_over")
	var table strings.Builder
	fmt.Fprintf(&table, "| fault | %s |\n|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)+1))
	for _, f := range faults(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)) {
		fmt.Fprintf(&table, "| %s |", f.name)
		for _, name := range names {
			fmt.Fprintf(&table, " %s |", cell(asked(t, ladder[name], f.in)))
		}
		table.WriteString("\n")
	}
	wantInDocs(t, table.String())
}

// started runs plugins as the daemon does, until the test ends.
func started(t *testing.T, text string) []plugin.Strategy {
	t.Helper()
	dir := t.TempDir()
	settings, err := config.Parse([]byte(text), filepath.Join(dir, "config.toml"), config.ThisHost())
	if err != nil {
		t.Fatal(err)
	}
	specs, err := app.PluginSpecs(filepath.Join(built, "plugins"), settings)
	if err != nil {
		t.Fatal(err)
	}
	host, err := plugin.New(plugin.Options{
		StateDir: dir, WriteFile: atomicfile.WriteFile, Log: hclog.NewNullLogger(), Sink: func(sdk.Event) {}, Specs: specs,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := host.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := host.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(host.Strategies()); got != len(specs) {
		t.Fatalf("%d strategies run, want %d", got, len(specs))
	}
	return host.Strategies()
}

// evolve has the genetic strategy search for workers around 24, as the daemon does
// in quiet hours with a component's model.
func evolve(t *testing.T, s plugin.Strategy) {
	t.Helper()
	parameters := faults(time.Now())[0].in.Parameters
	for round := 1; round <= 2; round++ {
		p := sdk.Problem{Component: "web", Parameters: parameters, Budget: 200, Round: round}
		for range p.Budget {
			list, err := s.Ask(t.Context(), p, 16)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			var scores []sdk.Score
			for _, g := range list {
				values, err := p.Decode(g.Genes)
				if err != nil {
					t.Fatal(err)
				}
				scores = append(scores, sdk.Score{Genome: g.ID, Value: 1 + math.Abs(values["workers"].Number-24)})
			}
			if err := s.Tell(t.Context(), p, scores); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// asked returns what a strategy proposes. One that draws may draw the settings in
// force and wait; then it is asked about another incident of the kind.
func asked(t *testing.T, s proposer, in sdk.Incident) sdk.Proposal {
	t.Helper()
	var p sdk.Proposal
	for n := range 40 {
		in.ID = fmt.Sprint("inc_", n)
		var err error
		if p, err = s.Propose(t.Context(), in); err != nil || p.Validate() != nil {
			t.Fatalf("%s of %+v: %v, %v", s.Name(), in.Anomalies, err, p.Validate())
		}
		if s.Name() != "genetic" || cell(p) == "set_parameters" {
			return p
		}
	}
	return p
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
	path := filepath.Join("..", "..", "..", "docs", "healing.md")
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
