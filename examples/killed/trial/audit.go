package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// record is one line of the audit log.
type record struct {
	Kind   string `json:"kind"`
	Fields struct {
		Incident  string `json:"incident"`
		Recovery  string `json:"recovery"`
		Component string `json:"component"`
		Result    string `json:"result"`
	} `json:"fields"`
}

// limit is how many records are read of the log, which has some thirty a round.
const limit = "10000"

// audit returns the log, oldest record first, once its chain has been verified.
func audit(ctx context.Context, d *daemon.Daemon) ([]record, error) {
	if _, err := d.Command(ctx, "audit", "verify"); err != nil {
		return nil, err
	}
	out, err := d.Command(ctx, "audit", "tail", "--limit", limit, "--json")
	if err != nil {
		return nil, err
	}
	var log struct {
		Items []struct {
			Seq uint64 `json:"seq"`
			record
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(out), &log); err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	slices.SortFunc(log.Items, func(a, b struct {
		Seq uint64 `json:"seq"`
		record
	}) int {
		return int(a.Seq) - int(b.Seq)
	})
	records := make([]record, 0, len(log.Items))
	for _, i := range log.Items {
		records = append(records, i.record)
	}
	return records, nil
}

// account is what the log says of one component.
type account struct {
	// Recoveries began, Cut of them were in an action when the daemon was killed,
	// so that the next one had to find out what became of it.
	Recoveries, Cut int
	// Healed is how many ended well.
	Healed int
}

// balance reads what the log says of a component, and what is wrong with it: every
// incident that was opened must have been resolved, and every recovery that began
// must have ended, each once.
func balance(log []record, component string) (account, []string) {
	var a account
	open, began, ended := map[string]int{}, map[string]int{}, map[string]int{}
	own := map[string]bool{}
	for _, r := range log {
		switch {
		case r.Kind == "action_traced" && own[r.Fields.Incident]:
			a.Cut++
		case r.Fields.Component != component:
		case r.Kind == "incident_opened":
			own[r.Fields.Incident] = true
			open[r.Fields.Incident]++
		case r.Kind == "incident_resolved":
			open[r.Fields.Incident] = 0
		case r.Kind == "recovery_started":
			a.Recoveries++
			began[r.Fields.Recovery]++
		case r.Kind == "recovery_ended":
			ended[r.Fields.Recovery]++
			if r.Fields.Result == "healed" {
				a.Healed++
			}
		}
	}
	return a, slices.Concat(forgotten(open), unpaired(began, ended))
}

func forgotten(open map[string]int) []string {
	var out []string
	for id, n := range open {
		if n > 0 {
			out = append(out, fmt.Sprintf("incident %s was opened and is forgotten: nothing says that it was resolved", id))
		}
	}
	return out
}

func unpaired(began, ended map[string]int) []string {
	var out []string
	for id, n := range began {
		if n != 1 || ended[id] != 1 {
			out = append(out, fmt.Sprintf("recovery %s was begun %d times and ended %d times, want once each", id, n, ended[id]))
		}
	}
	return out
}
