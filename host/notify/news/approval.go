package news

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Approval is what there is to tell of a question to a person.
type Approval struct {
	ID string `json:"id"`
	// Incident is the one it belongs to, empty for a change that somebody made.
	Incident  string       `json:"incident,omitempty"`
	Component string       `json:"component"`
	Severity  sdk.Severity `json:"severity"`
	Strategy  string       `json:"strategy"`
	Actions   []string     `json:"actions"`
	Reason    string       `json:"reason"`
	Evidence  []string     `json:"evidence,omitempty"`
	// Hash is what an answer is bound to.
	Hash    string    `json:"hash"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	// State is pending, approved, rejected, expired or superseded.
	State    string    `json:"state"`
	By       string    `json:"by,omitempty"`
	Answer   string    `json:"answer,omitempty"`
	Answered time.Time `json:"answered,omitzero"`
}

// The states of an approval that make news.
const (
	statePending = "pending"
	stateExpired = "expired"
)

// Key names the approval. A change may be asked about again under its own id
// when it is another one by then.
func (a Approval) Key() string { return "approval/" + a.ID + "/" + a.Hash }

// Over is when it was answered, or when its time was up.
func (a Approval) Over() time.Time {
	switch {
	case a.State == statePending:
		return time.Time{}
	case a.Answered.IsZero():
		return a.Expires
	}
	return a.Answered
}

// News tells that an answer is needed, and what became of the question. One
// that was answered before anybody was told is no news.
func (a Approval) News(told Told) ([]Notice, Told) {
	switch {
	case told.State == a.State, told.State != "" && told.State != statePending:
		return nil, told
	case a.State == statePending:
		return []Notice{a.notice(ApprovalNeeded, a.Created, fmt.Sprintf("%s: may %s be done? %s", a.Component, list(a.Actions), a.Reason))},
			Told{State: a.State}
	case told.State == "":
		return nil, Told{State: a.State, Over: a.Over()}
	case a.State == stateExpired:
		return []Notice{a.notice(ApprovalExpired, a.Over(), fmt.Sprintf("%s: nobody answered in time whether %s may be done", a.Component, list(a.Actions)))},
			Told{State: a.State, Over: a.Over()}
	}
	text := a.Component + ": the proposal is " + a.State
	if a.By != "" {
		text += " by " + a.By
	}
	return []Notice{a.notice(ApprovalAnswered, a.Over(), text)}, Told{State: a.State, Over: a.Over()}
}

func (a Approval) notice(kind Kind, at time.Time, summary string) Notice {
	group := a.Key()
	if a.Incident != "" {
		group = Incident{ID: a.Incident}.Key()
	}
	return Notice{Kind: kind, Group: group, At: at, Component: a.Component, Severity: a.Severity, Summary: summary, Approval: &a}
}

// listed is how many actions or files a sentence names.
const listed = 3

func list(items []string) string {
	out := ""
	for n, item := range items {
		switch {
		case n == listed:
			return fmt.Sprintf("%s and %d more", out, len(items)-listed)
		case n > 0:
			out += ", "
		}
		out += item
	}
	return out
}
