package member

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/probe"
)

// Confirm asks all probes now; see component.Set.
func (m *Member) Confirm(ctx context.Context) (Verdict, error) {
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
		return Verdict{}, fmt.Errorf("component %q: confirm: %w", m.name, context.Cause(ctx))
	}
	if v.Verdict == probe.Fail && inGrace {
		v.Verdict, v.Text = probe.Inconclusive, "within its start grace: "+v.Text
	}
	return v, nil
}

func (m *Member) questions(spec declared.Spec) []probe.Question {
	list := []probe.Question{{Name: processProbe, Ask: m.look}}
	for i, p := range spec.Probes {
		p = m.complete(spec, i, p)
		list = append(list, probe.Question{Name: p.Name, Ask: p.Ask})
	}
	return list
}
