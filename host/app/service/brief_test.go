package service

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// usual is an incident of one crash with what a host of some services knows around it:
// 40 lines of the log, 25 readings, 3 changes.
func usual() record.Incident {
	known := &record.Known{At: noon}
	for n := range 40 {
		known.Logs = append(known.Logs, sdk.LogLine{Time: noon, Component: "web", Text: fmt.Sprintf("2026-01-02T12:00:00Z INFO request %d GET /items?page=3 answered 200 in 12 ms for 127.0.0.1", n)})
	}
	for n := range 25 {
		known.Readings = append(known.Readings, sdk.Reading{Component: "web", Signal: fmt.Sprintf("shop_signal_%d", n), Value: 3.5})
	}
	for n := range 3 {
		known.Changes = append(known.Changes, sdk.ChangeRef{ID: fmt.Sprintf("mod_%d", n), Component: "web"})
	}
	anomaly := record.Anomaly{ID: "ano_1", Detector: "health", Anomaly: sdk.Anomaly{
		Component: "web", Key: "exit", Summary: "web was ended by SIGKILL", Evidence: []sdk.Evidence{{Signal: "cpu", Value: 1}},
	}}
	recovery := record.Recovery{
		ID: "rec_1", Strategy: "restart", Actions: []string{"restart web"}, Result: sdk.ResultHealed, Text: "healthy for 2m0s",
		Proposal: sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}}, Steps: []record.Step{{At: noon, Text: "restarted"}},
	}
	return record.Incident{
		ID: "inc_1", Component: "web", Components: []string{"web"}, CauseText: "web was ended by SIGKILL", Opened: noon, Known: known,
		Anomalies: []record.Anomaly{anomaly}, Recoveries: []record.Recovery{recovery},
		History: []record.Entry{{At: noon, Text: "opened: web was ended by SIGKILL"}, {At: noon, Text: "restart: restart web"}, {At: noon, Text: "healed by restart"}},
	}
}

func written(t *testing.T, list any) string {
	t.Helper()
	b, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestIncidentOfAListSaysWhatItIsAboutAndLeavesTheRestToTheIncident(t *testing.T) {
	inc := usual()
	brief, whole := written(t, Brief(inc)), written(t, Incident(inc))
	for _, text := range []string{"inc_1", "web was ended by SIGKILL", "ano_1", "rec_1", "restart web", "healthy for 2m0s", "healed by restart"} {
		if !strings.Contains(brief, text) {
			t.Errorf("the brief incident leaves out %q: %s", text, brief)
		}
	}
	for _, text := range []string{"request 7 GET", "shop_signal_3", "mod_1", "opened: web", `"restarted"`, `"cpu"`} {
		if strings.Contains(brief, text) || !strings.Contains(whole, text) {
			t.Errorf("%q: is in the brief incident %v, in the whole %v; want it in the whole alone", text, strings.Contains(brief, text), strings.Contains(whole, text))
		}
	}
	var back api.Incident
	if err := json.Unmarshal([]byte(brief), &back); err != nil || back.ID != inc.ID || len(back.Recoveries) != 1 {
		t.Errorf("read back: got %+v, %v; want the incident with its recovery", back, err)
	}
	if len(inc.History) != 3 || inc.Known == nil || inc.Anomalies[0].Evidence == nil || len(inc.Recoveries[0].Steps) != 1 {
		t.Errorf("the incident itself was changed: %+v", inc)
	}
}

func TestListOf500IncidentsIsAFifthOfThem(t *testing.T) {
	var brief, whole []api.Incident
	for range 500 {
		brief, whole = append(brief, Brief(usual())), append(whole, Incident(usual()))
	}
	before, after := len(written(t, whole)), len(written(t, brief))
	t.Logf("500 incidents: %d bytes whole, %d brief", before, after)
	if after*5 > before {
		t.Errorf("500 incidents in brief: got %d bytes, want at most a fifth of the %d of whole ones", after, before)
	}
}
