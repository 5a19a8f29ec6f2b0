package remedy

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	stop    = sdk.Stop{Component: "web"}
	start   = sdk.Start{Component: "web"}
	restart = sdk.Restart{Component: "web"}
	wait    = sdk.Wait{Component: "web", For: time.Second}
	give    = sdk.HandOver{Component: "web", Message: "look"}
	link    = sdk.OpenLink{From: "web", To: "store"}
)

func of(actions ...sdk.Action) sdk.Proposal { return sdk.Proposal{Actions: actions} }

func TestOnlyPureWaitsAndHandOversCountAsSuch(t *testing.T) {
	if got := Waits(of(wait, wait)); got != 2*time.Second {
		t.Errorf("two waits of a second are %v", got)
	}
	if got := Waits(of(wait, restart)); got != 0 {
		t.Errorf("a restart after a wait counts as a wait of %v", got)
	}
	if text, _, ok := HandOver(of(give)); !ok || text != "look" {
		t.Errorf("got %q, %v", text, ok)
	}
	if text, again, ok := HandOver(of(give, wait)); !ok || text != "look" || again != time.Second {
		t.Errorf("a hand-over and a wait are %q, %v, %v; want to look again after a second", text, again, ok)
	}
	if _, _, ok := HandOver(of(restart, give)); ok {
		t.Error("a restart counts as a hand-over")
	}
}

func TestWhatAProposalLeavesBehind(t *testing.T) {
	cases := []struct {
		p       sdk.Proposal
		targets []string
		starts  bool
		stopped bool
	}{
		{of(), nil, false, false},
		{of(restart), []string{"web"}, true, false},
		{of(stop), []string{"web"}, false, true},
		{of(stop, start), []string{"web"}, true, false},
		{of(restart, stop), []string{"web"}, true, true},
		{of(link, sdk.Stop{Component: "store"}), []string{"store"}, false, false},
	}
	for _, c := range cases {
		if got := Targets(c.p); !slices.Equal(got, c.targets) {
			t.Errorf("%v is done to %v, want %v", Names(c.p), got, c.targets)
		}
		if got := Starts(c.p, "web"); got != c.starts {
			t.Errorf("%v starts the web: %v", Names(c.p), got)
		}
		if got := LeavesStopped(c.p, "web"); got != c.stopped {
			t.Errorf("%v leaves the web stopped: %v", Names(c.p), got)
		}
	}
}

func TestSameActionsAreTheSameProposalWhateverTheReason(t *testing.T) {
	a, b := of(restart), of(restart)
	b.Reason, b.NotBefore, b.Probing = "again", time.Unix(1, 0), true
	if !Same(a, b) {
		t.Error("the reason makes a difference")
	}
	if Same(a, of(stop)) || Same(a, of(sdk.Restart{Component: "web", Grace: 1})) {
		t.Error("different actions are the same")
	}
}

func TestHashChangesWithEverythingThatWasAgreedTo(t *testing.T) {
	base := record.Approval{Incident: "inc_1", Component: "web", Strategy: "restart", Proposal: of(restart), Evidence: []string{"it is gone"}}
	want := Hash(base)
	if len(want) != 64 || Hash(base) != want {
		t.Fatalf("the hash is %q, want 64 digits, the same each time", want)
	}
	for name, change := range map[string]func(*record.Approval){
		"incident":  func(a *record.Approval) { a.Incident = "inc_2" },
		"component": func(a *record.Approval) { a.Component = "store" },
		"strategy":  func(a *record.Approval) { a.Strategy = "other" },
		"actions":   func(a *record.Approval) { a.Proposal = of(stop) },
		"reason":    func(a *record.Approval) { a.Proposal.Reason = "x" },
		"evidence":  func(a *record.Approval) { a.Evidence = []string{"it is slow"} },
	} {
		other := base
		change(&other)
		if Hash(other) == want {
			t.Errorf("another %s has the same hash", name)
		}
	}
}
