package news

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// tell tells a row of states one after the other and returns the kinds of what
// was news.
func tell(told Told, states ...Subject) (kinds []Kind, after Told) {
	for _, s := range states {
		var notices []Notice
		notices, told = s.News(told)
		for _, n := range notices {
			kinds = append(kinds, n.Kind)
		}
	}
	return kinds, told
}

func incident(state string, severity sdk.Severity, minutes int) Incident {
	i := Incident{
		ID: "inc_1", Component: "web", Severity: severity, State: state, Opened: start, Cause: "http fails", Text: "as it is",
		At: start.Add(time.Duration(minutes) * time.Minute),
	}
	if state == "resolved" {
		i.Resolved = i.At
	}
	return i
}

func approval(state string) Approval {
	a := Approval{
		ID: "app_1", Incident: "inc_1", Component: "web", Hash: "h", Actions: []string{"restart web"}, Reason: "it hangs",
		Created: start, Expires: start.Add(time.Hour), State: state,
	}
	if state != "pending" {
		a.Answered = start.Add(time.Minute)
	}
	return a
}

func TestNewsOfEachSubject(t *testing.T) {
	const low, medium, high = sdk.SeverityLow, sdk.SeverityMedium, sdk.SeverityHigh
	rolledBack := Change{ID: "mod_1", Root: "shop", State: "rolled_back", Ended: start, Files: []string{"a", "b", "c", "d", "e"}}
	ofItself, stuck, kept, open := rolledBack, rolledBack, rolledBack, rolledBack
	ofItself.Root, stuck.State, kept.State, open.Ended = "self", "stuck", "kept", time.Time{}
	cases := map[string]struct {
		states []Subject
		want   []Kind
	}{
		"an incident's life": {
			[]Subject{incident("open", low, 0), incident("recovering", low, 1), incident("holding", low, 2), incident("resolved", low, 3), incident("resolved", low, 3)},
			[]Kind{IncidentOpened, IncidentResolved}},
		"it gets worse, once each": {
			[]Subject{incident("open", low, 0), incident("open", high, 1), incident("open", high, 2), incident("open", medium, 3)},
			[]Kind{IncidentOpened, IncidentRaised}},
		"seen late, it is told in order": {[]Subject{incident("resolved", high, 3)}, []Kind{IncidentOpened, IncidentResolved}},
		"a person is called, not at each piece of evidence": {
			[]Subject{incident("open", high, 0), incident("handed_over", high, 1), incident("open", high, 2), incident("handed_over", high, 3), incident("handed_over", high, 62)},
			[]Kind{IncidentOpened, IncidentHandedOver, IncidentHandedOver}},
		"opened again": {
			[]Subject{incident("open", low, 0), incident("resolved", low, 1), incident("open", low, 2), incident("resolved", low, 3)},
			[]Kind{IncidentOpened, IncidentResolved, IncidentOpened, IncidentResolved}},
		"a question and its answer":  {[]Subject{approval("pending"), approval("pending"), approval("approved"), approval("approved")}, []Kind{ApprovalNeeded, ApprovalAnswered}},
		"nobody answers":             {[]Subject{approval("pending"), approval("expired")}, []Kind{ApprovalNeeded, ApprovalExpired}},
		"answered before it is told": {[]Subject{approval("superseded"), approval("superseded")}, nil},
		"a change under way":         {[]Subject{open}, nil},
		"a change that stays":        {[]Subject{kept, kept}, nil},
		"a change undone":            {[]Subject{open, rolledBack, rolledBack}, []Kind{ChangeRolledBack}},
		"a kept change undone later": {[]Subject{kept, rolledBack}, []Kind{ChangeRolledBack}},
		"an own change undone":       {[]Subject{ofItself}, []Kind{SelfUndone}},
		"a change stuck":             {[]Subject{stuck, stuck}, []Kind{ChangeStuck}},
		"a detector": {
			[]Subject{Detector{Name: "d"}, Detector{Name: "d", Blind: true}, Detector{Name: "d", Blind: true}, Detector{Name: "d", At: start}, Detector{Name: "d"}},
			[]Kind{DetectorBlind, DetectorSees}},
	}
	for name, c := range cases {
		if got, _ := tell(Told{}, c.states...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestNoticesSayWhatAPersonNeeds(t *testing.T) {
	cases := map[string]Subject{
		"web: http fails":                                  incident("open", sdk.SeverityLow, 0),
		"web: may restart web be done? it hangs":           approval("pending"),
		"shop: mod_1 (a, b, c and 1 more) was rolled back": Change{ID: "mod_1", Root: "shop", State: "rolled_back", Ended: start, Files: []string{"a", "b", "c", "d"}},
		"detector plugin/x gives no answer: it crashed":    Detector{Name: "plugin/x", Blind: true, Text: "it crashed"},
	}
	for want, s := range cases {
		notices, _ := s.News(Told{})
		if len(notices) != 1 || !strings.HasPrefix(notices[0].Summary, want) {
			t.Errorf("got %+v, want one that says %q", notices, want)
		}
		if n := notices[0]; n.Component == "" || n.Group == "" || n.Severity == sdk.SeverityUnknown && n.Approval == nil {
			t.Errorf("got %+v, want a component, a group and a severity", n)
		}
	}
}

func TestApprovalBelongsToItsIncident(t *testing.T) {
	notices, _ := approval("pending").News(Told{})
	if got, want := notices[0].Group, incident("open", sdk.SeverityLow, 0).Key(); got != want {
		t.Errorf("got group %q, want %q, so that the incident is told before", got, want)
	}
}

// TestStatesThatWereMissedDoNotMatter tells an incident's life with any of its
// states left out, as a kill of the daemon does, and some twice.
func TestStatesThatWereMissedDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		severity := sdk.SeverityLow
		var life []Subject
		for n := range rapid.IntRange(0, 6).Draw(t, "steps") {
			severity = max(severity, sdk.Severity(rapid.IntRange(1, 4).Draw(t, "severity")))
			if times := rapid.IntRange(0, 2).Draw(t, "told"); times > 0 {
				for range times {
					life = append(life, incident(rapid.SampledFrom([]string{"open", "recovering", "holding"}).Draw(t, "state"), severity, n))
				}
			}
		}
		kinds, told := tell(Told{}, append(life, incident("resolved", severity, 9))...)
		opened, resolved := slices.Index(kinds, IncidentOpened), slices.Index(kinds, IncidentResolved)
		if opened != 0 || resolved != len(kinds)-1 || told.Severity != severity || told.Over.IsZero() {
			t.Fatalf("got %v and %+v, want it opened first, resolved last, at severity %v", kinds, told, severity)
		}
		if raised := len(kinds) - 2; raised > 3 {
			t.Fatalf("got worse %d times in %v, at most 3 are possible", raised, kinds)
		}
		if again, _ := tell(told, incident("resolved", severity, 9)); len(again) > 0 {
			t.Fatalf("%v was told again", again)
		}
	})
}

func TestEveryKindHasAValueOnPurpose(t *testing.T) {
	want := map[Kind]Value{
		IncidentOpened: Ordinary, IncidentRaised: Low, IncidentHandedOver: High, IncidentResolved: Ordinary, ApprovalNeeded: High,
		ApprovalAnswered: Low, ApprovalExpired: Ordinary, ChangeRolledBack: Ordinary, ChangeStuck: High, SelfUndone: High,
		DetectorBlind: Ordinary, DetectorSees: Low, Test: Low,
	}
	for kind, value := range want {
		if got := kind.Value(); got != value {
			t.Errorf("%s: got %d, want %d", kind, got, value)
		}
	}
}
