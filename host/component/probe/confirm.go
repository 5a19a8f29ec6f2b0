package probe

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Question is one probe to be asked outside its schedule.
type Question struct {
	Name string
	Ask  func(context.Context) Outcome
}

// Confirm asks all questions side by side, each until its first pass and at most three times in a burst, and returns what
// they say together, with the reasons.
func Confirm(ctx context.Context, questions []Question) (Verdict, string) {
	outcomes := make([]Outcome, len(questions))
	var wait sync.WaitGroup
	for i, q := range questions {
		wait.Go(func() { outcomes[i] = q.confirm(ctx) })
	}
	wait.Wait()
	all := Pass
	var texts []string
	for i, o := range outcomes {
		all = all.And(o.Verdict)
		texts = append(texts, questions[i].Name+": "+o.Text)
	}
	return all, strings.Join(texts, "; ")
}

func (q Question) confirm(ctx context.Context) Outcome {
	var o Outcome
	for try := range agree {
		if try > 0 {
			select {
			case <-time.After(burstEvery):
			case <-ctx.Done():
				return Outcome{Text: "not asked to the end"}
			}
		}
		if o = q.Ask(ctx); o.Verdict == Pass {
			break
		}
	}
	return o
}
