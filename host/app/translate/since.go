package translate

import (
	"time"

	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/component/probe"
)

// since returns when the state that is shown began: a failing probe counts
// from the change of its verdict, a process from its start or its end.
func since(s component.Status) time.Time {
	if s.PID == 0 {
		if s.LastExitAt.After(s.StartedAt) {
			return s.LastExitAt
		}
		return s.StartedAt
	}
	newest := s.StartedAt
	for _, p := range s.Probes {
		if p.Since.After(newest) && (p.Verdict == probe.Fail) == (s.Verdict == probe.Fail) {
			newest = p.Since
		}
	}
	return newest
}
