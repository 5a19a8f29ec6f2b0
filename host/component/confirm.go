package component

import (
	"context"
	"fmt"
	"strings"
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
	all, reasons := probe.Confirm(ctx, m.questions(spec))
	v := Verdict{Verdict: all, Text: reasons}
	if ctx.Err() != nil {
		return Verdict{}, fmt.Errorf("component %q: confirm: %w", name, context.Cause(ctx))
	}
	if v.Verdict == probe.Fail && inGrace {
		v.Verdict, v.Text = probe.Inconclusive, "within its start grace: "+v.Text
	}
	return v, nil
}

func (m *member) questions(spec Spec) []probe.Question {
	list := []probe.Question{{Name: processProbe, Ask: m.look}}
	for i, p := range spec.Probes {
		p = m.complete(spec, i, p)
		list = append(list, probe.Question{Name: p.Name, Ask: p.Ask})
	}
	return list
}
