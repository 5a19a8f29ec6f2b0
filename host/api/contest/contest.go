// Package contest is what the API shows of comparisons and experiments between two
// strategies.
//
// It owns their words in JSON and no logic. Values are plain data.
package contest

import "time"

// Query asks which of two strategies ends trouble better.
type Query struct {
	A, B, Component string
	Since           time.Time
	// Longest and Rounds are zero for the defaults.
	Longest time.Duration
	Rounds  int
}

// Comparison is the answer. Differences are B's figure less A's; their bounds hold
// together at every look with 95 %.
type Comparison struct {
	Verdict   string     `json:"verdict" doc:"the answer in a sentence"`
	State     string     `json:"state" enum:"decided,not_decided,not_comparable"`
	Component string     `json:"component,omitempty"`
	Since     *time.Time `json:"since,omitempty"`
	A         Arm        `json:"a"`
	B         Arm        `json:"b"`
	Compared  int        `json:"compared" doc:"incidents that are over and in which chance decided between the two"`
	Certain   int        `json:"certain" doc:"incidents in which the choice could not have been the other one; not compared"`
	Rare      int        `json:"rare" doc:"incidents in which one of them had a chance below 5 %; not compared"`
	Pending   int        `json:"pending" doc:"incidents that are not over, and those after them; not compared yet"`
	Needed    int        `json:"needed" doc:"incidents that show a difference of 30 % in downtime, by the spread seen; 0 while that is not known, then it is some 350 to 780"`
	Longest   float64    `json:"longest_seconds" doc:"a longer downtime of one incident counts as this"`
	Downtime  Difference `json:"downtime_seconds" doc:"of an incident, B's less A's"`
	Healed    Difference `json:"healed_share" doc:"of incidents that the first remedy ended, B's less A's"`
	Replay    *Replay    `json:"replay,omitempty" doc:"a replay of a model, no evidence; absent where live numbers decide and none was asked for"`
	Unplayed  string     `json:"unplayed,omitempty" doc:"why there is no replay though live numbers decide nothing"`
}

// Arm is what is known of one strategy.
type Arm struct {
	Strategy  string  `json:"strategy"`
	Chosen    int     `json:"chosen" doc:"incidents in which it was the first remedy"`
	Healed    int     `json:"healed" doc:"of those, the ones that it ended"`
	Compared  int     `json:"compared" doc:"of those, the ones that chance decided"`
	Effective float64 `json:"effective" doc:"how many equally weighted incidents the compared are worth"`
	Downtime  float64 `json:"downtime_seconds" doc:"the mean; not to be compared where chance did not decide"`
}

// Difference has bounds that hold at every look.
type Difference struct {
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

// Replay is what a model says: recorded incidents played again, with each strategy
// asked first, by the chances that were learned.
type Replay struct {
	Incidents int        `json:"incidents"`
	Rounds    int        `json:"rounds"`
	Seed      uint64     `json:"seed"`
	DowntimeA float64    `json:"a_downtime_seconds"`
	DowntimeB float64    `json:"b_downtime_seconds"`
	Downtime  Difference `json:"downtime_seconds"`
	Healed    Difference `json:"healed_share"`
	Low       float64    `json:"low_seconds" doc:"the middle 90 % of plays lie between this and high_seconds"`
	High      float64    `json:"high_seconds"`
	SoonerA   float64    `json:"a_sooner" doc:"share of plays in which A first left less downtime, by a tenth at least"`
	SoonerB   float64    `json:"b_sooner" doc:"the same for B"`
}

// Experiment lets chance decide between two strategies.
type Experiment struct {
	ID           string     `json:"id"`
	Name         string     `json:"name,omitempty"`
	A            string     `json:"a"`
	B            string     `json:"b"`
	Share        float64    `json:"share" doc:"the probability of B"`
	Components   []string   `json:"components,omitempty" doc:"absent for all"`
	MaxIncidents int        `json:"max_incidents"`
	Until        time.Time  `json:"until" doc:"when it ends at the latest"`
	Begun        time.Time  `json:"begun"`
	Ended        *time.Time `json:"ended,omitempty"`
	Outcome      string     `json:"outcome,omitempty" enum:"decided,harm,incidents,time,settings"`
	Text         string     `json:"text" doc:"why it is over, or what is known so far"`
	Compared     int        `json:"compared" doc:"incidents that are over"`
	Seed         string     `json:"seed" doc:"with it every draw can be repeated"`
}
