package component

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/component/probe"
)

// Confirm asks all probes of a component now, each up to three times in a burst, and returns what they say together. A
// component that does not run fails. A failure within the start grace is inconclusive. The schedule of the probes goes on
// beside it.
func (s *Set) Confirm(ctx context.Context, name string) (Verdict, error) {
	m, ok := s.member(name)
	if !ok {
		return Verdict{}, fmt.Errorf("component %q: %w", name, ErrUnknown)
	}
	m.mu.Lock()
	spec, runs, text := m.spec, m.hold != nil, m.text
	inGrace := !m.record.Answered && time.Now().Before(m.record.GraceEnds)
	m.mu.Unlock()
	if !runs {
		return Verdict{Verdict: probe.Fail, Text: strings.TrimSuffix("it does not run: "+text, ": ")}, nil
	}
	v := confirmAll(ctx, m.questions(spec))
	if ctx.Err() != nil {
		return Verdict{}, fmt.Errorf("component %q: confirm: %w", name, context.Cause(ctx))
	}
	if v.Verdict == probe.Fail && inGrace {
		v.Verdict, v.Text = probe.Inconclusive, "within its start grace: "+v.Text
	}
	return v, nil
}

type question struct {
	name string
	ask  func(context.Context) probe.Outcome
}

func (m *member) questions(spec Spec) []question {
	list := []question{{processProbe, m.look}}
	for i, p := range spec.Probes {
		p = m.complete(spec, i, p)
		list = append(list, question{p.Name, p.Ask})
	}
	return list
}

// confirmAll asks all questions side by side.
func confirmAll(ctx context.Context, questions []question) Verdict {
	verdicts := make([]Verdict, len(questions))
	var wait sync.WaitGroup
	for i, q := range questions {
		wait.Go(func() { verdicts[i] = q.confirm(ctx) })
	}
	wait.Wait()
	all := Verdict{Verdict: probe.Pass}
	var texts []string
	for _, v := range verdicts {
		all.Verdict = all.Verdict.And(v.Verdict)
		texts = append(texts, v.Text)
	}
	all.Text = strings.Join(texts, "; ")
	return all
}

// confirm asks until the first pass, at most three times.
func (q question) confirm(ctx context.Context) Verdict {
	const tries, pause = 3, 200 * time.Millisecond
	var o probe.Outcome
	for try := range tries {
		if try > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return Verdict{Text: q.name + ": not asked to the end"}
			}
		}
		if o = q.ask(ctx); o.Verdict == probe.Pass {
			break
		}
	}
	return Verdict{Verdict: o.Verdict, Text: q.name + ": " + o.Text}
}
