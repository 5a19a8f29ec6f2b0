package sandbox

import "context"

// Outcome is what the differential rule makes of a check.
type Outcome string

// The outcomes.
const (
	// Allowed: the candidate passes.
	Allowed Outcome = "allowed"
	// Warned: the candidate fails as the current tree already does.
	Warned Outcome = "warned"
	// Blocked: the current tree passes and the candidate fails.
	Blocked Outcome = "blocked"
	// Undecided: a verdict is inconclusive where it matters. Never applied unattended.
	Undecided Outcome = "undecided"
)

// Judge applies the differential rule: a check blocks what it newly fails, not what
// was broken before. A failure beside an inconclusive current tree stays undecided,
// for nobody knows which of the two it is.
func Judge(current, candidate Verdict) Outcome {
	switch {
	case candidate == Pass:
		return Allowed
	case candidate == Fail && current == Pass:
		return Blocked
	case candidate == Fail && current == Fail:
		return Warned
	}
	return Undecided
}

// Comparison holds both runs of a check.
type Comparison struct {
	Outcome   Outcome `json:"outcome"`
	Candidate Report  `json:"candidate"`
	// Current is nil when the candidate passed: then it does not matter.
	Current *Report `json:"current,omitempty"`
}

// Compare runs the check on the candidate, and on the current tree too unless the
// candidate passes. Errors are those of Run.
func (s *Sandbox) Compare(ctx context.Context, p Program, l Limits, v View) (Comparison, error) {
	candidate, err := s.Run(ctx, p, l, v)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Outcome: Judge(Inconclusive, candidate.Verdict), Candidate: candidate}
	if candidate.Verdict == Pass {
		return c, nil
	}
	current, err := s.Run(ctx, p, l, v.Current())
	if err != nil {
		return Comparison{}, err
	}
	c.Current, c.Outcome = &current, Judge(current.Verdict, candidate.Verdict)
	return c, nil
}
