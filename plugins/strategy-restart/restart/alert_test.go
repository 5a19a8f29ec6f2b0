package restart

import (
	"strings"
	"testing"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

// alerted is an incident of the web that an alert has opened.
func alerted(signal string, severity sdk.Severity, state sdk.ComponentState, probes ...sdk.Verdict) sdk.Incident {
	in := incident()
	in.Anomalies = []sdk.Anomaly{{Component: "web", Kind: sdk.AnomalyAlert, Signal: signal, Severity: severity, Summary: "alert"}}
	in.Status[0].State, in.Status[0].PID = state, 7
	for _, v := range probes {
		in.Status[0].Probes = append(in.Status[0].Probes, sdk.ProbeResult{Name: "http/1", Verdict: v})
	}
	return in
}

func TestRestartIsOfferedForAnAlertThatSaysDownAndForNoVagueOne(t *testing.T) {
	const down, vague = sdk.SignalDown, ""
	cases := map[string]struct {
		alerts, kinds string
		in            sdk.Incident
		want          bool
	}{
		"down, nothing of its own to ask":         {"", "", alerted(down, sdk.SeverityHigh, sdk.StateUp), true},
		"down, and only its process is seen":      {"", "", onlyItsProcess(alerted(down, sdk.SeverityHigh, sdk.StateUp, sdk.Pass)), true},
		"down, and its probe fails":               {"", "", alerted(down, sdk.SeverityHigh, sdk.StateFailing, sdk.Fail), true},
		"down, and its probe does not tell":       {"", "", alerted(down, sdk.SeverityHigh, sdk.StateUp, sdk.Inconclusive), true},
		"down, but its own probe passes":          {"", "", alerted(down, sdk.SeverityHigh, sdk.StateUp, sdk.Pass), false},
		"down, told not to look":                  {"always", "", alerted(down, sdk.SeverityHigh, sdk.StateUp, sdk.Pass), true},
		"down, told not to listen":                {"never", "", alerted(down, sdk.SeverityHigh, sdk.StateFailing, sdk.Fail), false},
		"down, but only a warning":                {"", "", alerted(down, sdk.SeverityLow, sdk.StateUp), false},
		"vague":                                   {"", "", alerted(vague, sdk.SeverityHigh, sdk.StateFailing, sdk.Fail), false},
		"vague, and alerts are among its kinds":   {"", "alert", alerted(vague, sdk.SeverityMedium, sdk.StateFailing, sdk.Fail), true},
		"vague, among its kinds, but a warning":   {"", "alert", alerted(vague, sdk.SeverityLow, sdk.StateFailing, sdk.Fail), false},
		"of the machine itself":                   {"", "", onHost(alerted(down, sdk.SeverityHigh, sdk.StateUp)), false},
		"down, and it was stopped by a person":    {"", "", alerted(down, sdk.SeverityHigh, sdk.StateStopped), false},
		"down, of another component than the web": {"", "", ofAnother(alerted(down, sdk.SeverityHigh, sdk.StateUp)), false},
	}
	for name, c := range cases {
		var config strings.Builder
		if c.alerts != "" {
			config.WriteString("alerts = \"" + c.alerts + "\"\n")
		}
		if c.kinds != "" {
			config.WriteString("kinds = [\"" + c.kinds + "\"]\n")
		}
		var set Config
		if problems := settings.Decode([]byte(config.String()), &set); len(problems) > 0 {
			t.Fatalf("%s: %v", name, problems)
		}
		s, err := New(set, sdk.Env{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Propose(t.Context(), c.in)
		if got := len(p.Actions) > 0; err != nil || got != c.want {
			t.Errorf("%s: proposed %+v, %v; want a restart: %v", name, p, err, c.want)
		}
	}
	var set Config
	if problems := settings.Decode([]byte(`alerts = "maybe"`), &set); len(problems) == 0 {
		t.Error(`alerts = "maybe" is taken`)
	}
}

func onlyItsProcess(in sdk.Incident) sdk.Incident {
	in.Status[0].Probes[0].Name = "process"
	return in
}

func onHost(in sdk.Incident) sdk.Incident {
	in.Component, in.Anomalies[0].Component, in.Status[0].Name = sdk.HostComponent, sdk.HostComponent, sdk.HostComponent
	return in
}

func ofAnother(in sdk.Incident) sdk.Incident {
	in.Anomalies[0].Component = "store"
	return in
}
