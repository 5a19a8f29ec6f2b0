package logs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

const (
	// maxDistrust bounds how often in a row a mark counts; each one doubles what
	// a finding needs to be reported.
	maxDistrust = 5
	// maxMarks bounds how many findings have marks.
	maxMarks = 1000
)

// Feedback takes an operator's mark: each "wrong" doubles what a finding of this
// key needs to be reported, so that signatures are silent at once; each "right"
// takes one back. A sequence is marked as a whole, with all its parts.
func (d *Detector) Feedback(_ context.Context, m sdk.Mark) error {
	keys := map[string]bool{m.Anomaly.Component + "/" + m.Anomaly.Key: true}
	for _, e := range m.Anomaly.Evidence {
		if e.Component != "" && e.Signal != "" {
			keys[e.Component+"/"+e.Signal] = true
		}
	}
	for _, key := range sortedKeys(keys) {
		n := d.memory.Distrust[key]
		switch {
		case m.Right:
			n--
		case len(d.memory.Distrust) >= maxMarks && n == 0:
			return fmt.Errorf("mark %s as wrong: %d findings are marked already, mark some of them as right first", key, maxMarks)
		default:
			n = min(n+1, maxDistrust)
		}
		if n <= 0 {
			delete(d.memory.Distrust, key)
		} else {
			d.memory.Distrust[key] = n
		}
		d.log.Info("took an operator's mark", "finding", key, "right", m.Right, "needs_times", 1<<max(n, 0))
	}
	return nil
}

// Explain says what was learnt about the component.
func (d *Detector) Explain(_ context.Context, component string) (string, error) {
	p := d.memory.Profiles[component]
	if p == nil {
		return "No window of " + component + " was seen yet.", nil
	}
	var s strings.Builder
	if watched := p.SeenAt.Sub(p.Since); watched < d.config.Warmup {
		fmt.Fprintf(&s, "Learning, %s of %s: only signatures are reported. ", watched.Round(time.Second), d.config.Warmup)
	}
	fmt.Fprintf(&s, "%s logs %.1f lines a minute (at most %.0f), of them %.2f errors (at most %.0f), in %d kinds of statements; it was never quiet for more than %s. %d signatures are searched for.",
		component, p.Total.Mean, p.Total.Peak, p.Errors.Mean, p.Errors.Peak, len(p.Statements), p.Quiet.Round(time.Second), d.book.Len())
	for _, key := range sortedKeys(d.memory.Distrust) {
		if strings.HasPrefix(key, component+"/") {
			fmt.Fprintf(&s, " Marked as wrong: %s is reported from %d times its limit on.", strings.TrimPrefix(key, component+"/"), 1<<d.memory.Distrust[key])
		}
	}
	return s.String(), nil
}
