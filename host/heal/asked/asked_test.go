package asked

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func question(state record.ApprovalState, action sdk.Action, minute int) record.Approval {
	return record.Approval{
		ID: "app_1", Strategy: "restart", Component: "web", State: state, By: "ann", Text: "not now",
		Created: at.Add(time.Duration(minute) * time.Minute), Proposal: sdk.Proposal{Actions: []sdk.Action{action}},
	}
}

func recovery(minute int, started bool) record.Recovery {
	r := record.Recovery{ProposedAt: at.Add(time.Duration(minute) * time.Minute)}
	if started {
		r.StartedAt = &r.ProposedAt
	}
	return r
}

func TestOnlyAQuestionAboutAStartThatIsNotAllowedCounts(t *testing.T) {
	restart, open := sdk.Restart{Component: "web"}, record.Incident{Phase: record.PhaseApproval}
	over := record.Incident{Phase: record.PhaseResolved, Approvals: []record.Approval{question(record.ApprovalRejected, restart, 0)}}
	for name, c := range map[string]struct {
		approvals  []record.Approval
		recoveries []record.Recovery
		says       string
	}{
		"never asked":            {nil, []record.Recovery{recovery(0, true)}, ""},
		"waits":                  {[]record.Approval{question(record.ApprovalPending, restart, 0)}, nil, "waits for an answer"},
		"waits for a start":      {[]record.Approval{question(record.ApprovalPending, sdk.Start{Component: "web"}, 0)}, nil, "waits for an answer"},
		"no":                     {[]record.Approval{question(record.ApprovalRejected, restart, 0)}, []record.Recovery{recovery(0, false)}, "no by ann (not now)"},
		"nobody answered":        {[]record.Approval{question(record.ApprovalExpired, restart, 0)}, []record.Recovery{recovery(5, false)}, "not answered in time"},
		"withdrawn":              {[]record.Approval{question(record.ApprovalSuperseded, restart, 0)}, nil, "withdrawn"},
		"withdrawn, then done":   {[]record.Approval{question(record.ApprovalSuperseded, restart, 0)}, []record.Recovery{recovery(1, true)}, ""},
		"done, then asked again": {[]record.Approval{question(record.ApprovalPending, restart, 2)}, []record.Recovery{recovery(1, true)}, "waits for an answer"},
		"yes":                    {[]record.Approval{question(record.ApprovalApproved, restart, 0)}, nil, ""},
		"no, then yes":           {[]record.Approval{question(record.ApprovalRejected, restart, 0), question(record.ApprovalApproved, restart, 1)}, nil, ""},
		"yes, then asked again":  {[]record.Approval{question(record.ApprovalApproved, restart, 0), question(record.ApprovalPending, restart, 1)}, nil, "waits for an answer"},
		"about a reload":         {[]record.Approval{question(record.ApprovalPending, sdk.Reload{Component: "web"}, 0)}, nil, ""},
		"about another":          {[]record.Approval{question(record.ApprovalPending, sdk.Restart{Component: "store"}, 0)}, nil, ""},
		"a start, then a reload": {[]record.Approval{question(record.ApprovalRejected, restart, 0), question(record.ApprovalPending, sdk.Reload{Component: "web"}, 1)}, nil, "no by ann"},
	} {
		inc := open
		inc.Approvals, inc.Recoveries = c.approvals, c.recoveries
		a := Of([]record.Incident{over, inc}, "web")
		switch {
		case a == nil && c.says != "":
			t.Errorf("%s: got no question, want one that says %q", name, c.says)
		case a != nil && (c.says == "" || !strings.Contains(Say(*a, "web"), c.says)):
			t.Errorf("%s: got %q, want it to say %q", name, Say(*a, "web"), c.says)
		}
	}
}
