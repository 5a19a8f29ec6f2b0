package sandbox

// Refused says that nothing was run, why, and what to do. It is the error of Run
// for a wrong program, wrong limits, a wrong view or a missing guard.
type Refused struct {
	Reason string
	Hint   string
}

// Error implements error, in one sentence.
func (r *Refused) Error() string {
	if r.Hint == "" {
		return r.Reason
	}
	return r.Reason + " (" + r.Hint + ")"
}

// ExitCode is 125, what the command line ends with when it refuses.
func (r *Refused) ExitCode() int { return 125 }

func refuse(reason, hint string) error { return &Refused{Reason: reason, Hint: hint} }
