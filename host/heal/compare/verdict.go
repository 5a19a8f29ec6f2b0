package compare

import (
	"fmt"
	"math"
	"time"
)

// Verdict says the result in one sentence.
func (r Result) Verdict() string {
	switch {
	case r.Decided():
		return r.decided() + " at every look"
	case r.Compared > 0:
		return fmt.Sprintf("not decided: %s of %s needed to see a difference of 30 %% (%s)", incidents(r.Compared), r.need(), r.Seen())
	case r.Certain > 0:
		return fmt.Sprintf("live numbers cannot compare %s with %s: in %s the choice between them was certain, not chance's, so the troubles that each was taken for may differ", r.A.Strategy, r.B.Strategy, incidents(r.Certain))
	case r.Rare > 0:
		return fmt.Sprintf("live numbers cannot compare %s with %s: in %s one of them had a chance below %.0f %%", r.A.Strategy, r.B.Strategy, incidents(r.Rare), 100*Floor)
	}
	return fmt.Sprintf("live numbers cannot compare %s with %s: neither was the first remedy of any incident that is over", r.A.Strategy, r.B.Strategy)
}

// decided names the better one by each measure that is known.
func (r Result) decided() string {
	text := ""
	if d := r.Downtime; d.Known() {
		sooner, low, high := r.winner(-d.Difference), d.Low, d.High
		if d.Difference < 0 {
			low, high = -d.High, -d.Low
		}
		text = fmt.Sprintf("%s ends it %s sooner [%.0f, %.0f]", sooner, seconds(math.Abs(d.Difference)), low, high)
	}
	if h := r.Healed; h.Known() {
		better, low, high := r.winner(h.Difference), h.Low, h.High
		if h.Difference < 0 {
			low, high = -h.High, -h.Low
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s heals %.0f points more often [%.0f, %.0f]", better, 100*math.Abs(h.Difference), 100*low, 100*high)
	}
	return text
}

// winner is the better one, by how much better B is.
func (r Result) winner(better float64) string {
	if better > 0 {
		return r.B.Strategy
	}
	return r.A.Strategy
}

// Seen says the difference in downtime so far, with its interval.
func (r Result) Seen() string {
	d := r.Downtime
	for _, arm := range []Arm{r.A, r.B} {
		if arm.Compared == 0 {
			return arm.Strategy + " was not drawn yet"
		}
	}
	return fmt.Sprintf("so far %s %s [%.0f, %.0f] s against %s", r.B.Strategy, signed(d.Difference), d.Low, d.High, r.A.Strategy)
}

func (r Result) need() string {
	if r.Needed == 0 {
		return fmt.Sprintf("some %d to %d", UsualLeast, UsualMost)
	}
	return fmt.Sprintf("about %d", r.Needed)
}

// Missing is how many more incidents are needed, 0 while nobody knows.
func (r Result) Missing() int { return max(r.Needed-r.Compared, 0) }

func incidents(n int) string {
	if n == 1 {
		return "1 incident"
	}
	return fmt.Sprintf("%d incidents", n)
}

func seconds(s float64) string {
	if s < 10 {
		return fmt.Sprintf("%.1f s", s)
	}
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

func signed(s float64) string {
	if s < 0 {
		return "−" + seconds(-s)
	}
	return "+" + seconds(s)
}
