package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/refusal"
)

// The points that one open incident of each severity costs.
const (
	costLow      = 3
	costMedium   = 10
	costHigh     = 25
	costCritical = 50
)

// Report is the judgement on one reading.
type Report struct {
	At    time.Time `json:"at"`
	Score float64   `json:"score"`
	State State     `json:"state"`
	Trend Trend     `json:"trend"`
	// Checks has one entry per rule, in a fixed order, and one for incidents.
	Checks []Check `json:"checks"`
	// Blind names the required checks without data. With any of them the verdict is inconclusive.
	Blind []string `json:"blind,omitempty"`

	minScore float64
}

func (r *Report) add(c Check) {
	r.Checks = append(r.Checks, c)
	r.Score -= c.Cost
	if slices.Contains(required, c.Name) && c.Verdict == Inconclusive {
		r.Blind = append(r.Blind, c.Name)
	}
}

func (r *Report) addIncidents(n Incidents) {
	cost := float64(costLow*n.Low + costMedium*n.Medium + costHigh*n.High + costCritical*n.Critical)
	c := Check{Name: "incidents", Value: float64(n.Low + n.Medium + n.High + n.Critical), Unit: "open", Cost: cost, Verdict: Pass}
	c.Reason = "no open incident"
	if cost > 0 {
		c.Verdict = Fail
		c.Reason = fmt.Sprintf("open incidents: %d critical, %d high, %d medium, %d low", n.Critical, n.High, n.Medium, n.Low)
	}
	r.Checks = append(r.Checks, c)
	r.Score -= cost
}

// Verdict is Inconclusive without the data of a required check, Fail for an unhealthy or critical host, else Pass.
func (r Report) Verdict() Verdict {
	switch {
	case len(r.Blind) > 0:
		return Inconclusive
	case r.State == Unhealthy || r.State == Critical:
		return Fail
	}
	return Pass
}

// Reasons are the sentences of the checks that failed, in the order of Checks.
func (r Report) Reasons() []string {
	var list []string
	for _, c := range r.Checks {
		if c.Verdict == Fail {
			list = append(list, c.Reason)
		}
	}
	return list
}

// Refusal is the reason why no change should be made now, or nil: the host is unhealthy or critical, or its state is not
// known.
func (r Report) Refusal() error {
	switch r.Verdict() {
	case Inconclusive:
		return refusal.Refusal{
			Rule:  "health.inconclusive",
			Limit: "cpu, memory and disk are readable",
			Value: "unreadable: " + strings.Join(r.Blind, ", "),
			Hint:  "look into the daemon's log for why they cannot be read",
		}
	case Fail:
		return refusal.Refusal{
			Rule:  "health.state",
			Limit: fmt.Sprintf("score of at least %d", degradedFrom),
			Value: fmt.Sprintf("score %.0f, %s", r.Score, r.State),
			Hint:  "mend first: " + strings.Join(r.Reasons(), "; "),
		}
	}
	return nil
}

// Warning is a sentence when a change may be made although the score is below the configured minimum, else empty.
func (r Report) Warning() string {
	if r.Verdict() != Pass || r.Score >= r.minScore {
		return ""
	}
	return fmt.Sprintf("the host is %s: score %.0f is below %.0f: %s", r.State, r.Score, r.minScore, strings.Join(r.Reasons(), "; "))
}
