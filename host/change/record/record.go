// Package record holds the values that the change pipeline keeps and shows: what a change is, what each stage said of
// it, and how it ended.
//
// It owns their shape, their JSON names and their words. It decides nothing. Values are plain data: one goroutine
// writes, others get copies.
package record

import (
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/refusal"
)

// State is where a change stands.
type State string

// The states of a change.
const (
	Proposed        State = "proposed"         // known, and nothing was done
	Running         State = "running"          // on its way through the stages
	WaitingApproval State = "waiting_approval" // a person has to say yes or no
	Watching        State = "watching"         // applied, and can still be undone by what is seen
	Kept            State = "kept"             // applied and confirmed
	RolledBack      State = "rolled_back"      // applied and undone
	Refused         State = "refused"          // a gate said no, nothing was touched
	Failed          State = "failed"           // a check failed, or applying did; the files are as before
	Rejected        State = "rejected"         // a person said no, or nobody answered in time
	Stuck           State = "stuck"            // undoing failed; a person has to look
)

// Ended says that nothing happens to the change any more by itself.
func (s State) Ended() bool {
	return slices.Contains([]State{Kept, RolledBack, Refused, Failed, Rejected, Stuck}, s)
}

// Verdict is what a stage, a check or a look at a component says. No data is inconclusive, never a pass.
type Verdict string

// The verdicts. Warned is a pass with something to say; Skipped says that there was nothing to ask.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
	Warned       Verdict = "warned"
	Skipped      Verdict = "skipped"
)

// Risk is how much could go wrong by what the change says.
type Risk string

// The risks. Up to medium a change is applied, high needs a person, critical is refused.
const (
	RiskNone     Risk = "none"
	RiskLow      Risk = "low"
	RiskMedium   Risk = "medium"
	RiskHigh     Risk = "high"
	RiskCritical Risk = "critical"
)

var risks = []Risk{RiskNone, RiskLow, RiskMedium, RiskHigh, RiskCritical}

// AtLeast says that r is o or worse. An unknown risk counts as high.
func (r Risk) AtLeast(o Risk) bool { return r.rank() >= o.rank() }

// Max returns the worse of the two.
func (r Risk) Max(o Risk) Risk { return risks[max(r.rank(), o.rank())] }

func (r Risk) rank() int {
	if i := slices.Index(risks, r); i >= 0 {
		return i
	}
	return slices.Index(risks, RiskHigh)
}

// Origin says on whose behalf a change is made.
type Origin string

// The origins. A recovery and a restore are never refused by health, rate or breaker: they are how health comes back.
const (
	FromPerson   Origin = "person"
	FromAgent    Origin = "agent"
	FromRecovery Origin = "recovery"
	FromRestore  Origin = "restore"
)

// Mends says that the change is made to bring health back.
func (o Origin) Mends() bool { return o == FromRecovery || o == FromRestore }

// Reason is one thing that makes up the risk.
type Reason struct {
	Path string `json:"path,omitempty"`
	// Line counts from 1; 0 stands for the whole file.
	Line int    `json:"line,omitempty"`
	Rule string `json:"rule"`
	Text string `json:"text"`
	Risk Risk   `json:"risk"`
}

// Step is what one stage said, or in a dry run would do.
type Step struct {
	Stage   string    `json:"stage"`
	Verdict Verdict   `json:"verdict"`
	Text    string    `json:"text"`
	Details []string  `json:"details,omitempty"`
	At      time.Time `json:"at"`
	Millis  int64     `json:"ms"`
}

// Path is one path of a change: the sums of its content before and after, or "absent".
type Path struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Decision is how a watch ended.
type Decision string

// The decisions. One that is written down is carried out, also by the next daemon.
const (
	Undecided Decision = ""
	Keep      Decision = "keep"
	RollBack  Decision = "roll_back"
)

// Approval is a person's answer to a change that needs one.
type Approval struct {
	// Hash binds the answer to the edits and to the files that they were made for.
	Hash    string    `json:"hash"`
	Why     string    `json:"why"`
	Asked   time.Time `json:"asked"`
	Expires time.Time `json:"expires"`
	// State is pending, approved, rejected or expired.
	State  string `json:"state"`
	By     string `json:"by,omitempty"`
	Answer string `json:"answer,omitempty"`
}

// The states of an approval.
const (
	ApprovalPending  = "pending"
	ApprovalApproved = "approved"
	ApprovalRejected = "rejected"
	ApprovalExpired  = "expired"
)

// Record is a change and its life.
type Record struct {
	ID        string `json:"id"`
	Root      string `json:"root"`
	RootPath  string `json:"root_path"`
	Component string `json:"component,omitempty"`
	// Author is who wrote it, as it says; By is who submitted it, as is known.
	Author string `json:"author"`
	By     string `json:"by"`
	Origin Origin `json:"origin"`
	Reason string `json:"reason,omitempty"`
	// Undoes is the change that this one takes back, empty for an ordinary one.
	Undoes string `json:"undoes,omitempty"`
	// Order is the key of the recovery's order that it was made for, empty for none.
	Order string `json:"order,omitempty"`
	// Key identifies what is asked for, Context what was there; see package candidate.
	Key     string `json:"key"`
	Context string `json:"context"`
	State   State  `json:"state"`
	// Stage is the one that it is in, or that it ended in.
	Stage      string       `json:"stage,omitempty"`
	DryRun     bool         `json:"dry_run,omitempty"`
	Risk       Risk         `json:"risk"`
	Reasons    []Reason     `json:"reasons,omitempty"`
	Reversible bool         `json:"reversible"`
	Paths      []Path       `json:"paths"`
	Diff       string       `json:"diff,omitempty"`
	Steps      []Step       `json:"steps"`
	Refusals   refusal.List `json:"refusals,omitempty"`
	Warnings   []string     `json:"warnings,omitempty"`
	Approval   *Approval    `json:"approval,omitempty"`
	Backup     string       `json:"backup_id,omitempty"`

	Created time.Time  `json:"created"`
	Applied *time.Time `json:"applied,omitempty"`
	// Deadline is the end of the watch, Settles the end of the time after it in which a breach still undoes the change.
	Deadline *time.Time `json:"deadline,omitempty"`
	Settles  *time.Time `json:"settles,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`

	// Handed says that the guard starts the daemon anew with the new files: the next daemon watches. Baseline is how ill
	// each component was before, for it.
	Handed   bool           `json:"handed,omitempty"`
	Baseline map[string]int `json:"baseline,omitempty"`

	// Activating is true from just before the owner is first told to read the new files: then undoing tells it again.
	Activating bool     `json:"activating,omitempty"`
	Decision   Decision `json:"decision,omitempty"`
	// Why says how it ended, in a sentence.
	Why         string `json:"why,omitempty"`
	ConfirmedBy string `json:"confirmed_by,omitempty"`
	// Unattended says that no person asked for the rollback.
	Unattended bool `json:"auto_rolled_back,omitempty"`
	// Verified says whether the owner was seen healthy after the rollback.
	Verified Verdict `json:"verified,omitempty"`
	// Conflicts are edits by others that were met and kept.
	Conflicts []txn.Conflict `json:"conflicts,omitempty"`
	// Weaker says that the file system made a weaker promise; see package txn.
	Weaker bool `json:"weaker,omitempty"`
}

// Clone returns a copy that shares nothing that is written to later.
func (r Record) Clone() Record {
	r.Reasons, r.Paths, r.Steps = slices.Clone(r.Reasons), slices.Clone(r.Paths), slices.Clone(r.Steps)
	r.Refusals, r.Warnings, r.Conflicts = slices.Clone(r.Refusals), slices.Clone(r.Warnings), slices.Clone(r.Conflicts)
	if r.Approval != nil {
		approval := *r.Approval
		r.Approval = &approval
	}
	return r
}

// Brief returns the record without what is long, for lists and events.
func (r Record) Brief() Record {
	r = r.Clone()
	r.Diff, r.Steps, r.Paths = "", nil, slices.Clone(r.Paths[:min(len(r.Paths), briefPaths)])
	return r
}

// briefPaths is how many paths a brief record names.
const briefPaths = 20
