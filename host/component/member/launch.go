package member

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"time"

	"github.com/homeostat/homeostat/host/component/account"
	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/ledger"
	"github.com/homeostat/homeostat/host/component/outlog"
	"github.com/homeostat/homeostat/host/component/process"
)

// MarkKey is the environment variable that every process of a component carries. Its value is the set, the component
// and the instance: "3f2a…/web/9c01…".
const MarkKey = "HOMEOSTAT_INSTANCE"

// markBegin returns the beginning of the marks of all instances of the member.
func (m *Member) markBegin() string { return m.home.Mark + m.name + "/" }

func (m *Member) outputPath() string { return filepath.Join(m.home.Output, m.name+".log") }

// commandsPath is of what the own commands print, which is kept apart: who writes to the output is the service.
func (m *Member) commandsPath() string { return filepath.Join(m.home.Output, m.name+".commands.log") }

// launch starts the command of the spec. First comes the intent, with a fresh mark, then the process, then the fact: a
// daemon that is killed in between leaves either nothing or a process that carries a mark which the record knows.
func (m *Member) launch(ctx context.Context, reason string) error {
	adopted, err := m.clearWay(ctx)
	if err != nil {
		m.settle(IsDown, err.Error())
	}
	if err != nil || adopted {
		return err
	}
	instance := rand.Text()
	m.mu.Lock()
	spec := m.spec
	m.record.Phase, m.record.Instance = ledger.Launching, instance
	m.record.Main = process.ID{}
	m.save()
	m.mu.Unlock()
	m.home.Step("intent")
	h, err := m.spawn(spec, instance)
	m.home.Step("forked")
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.record.Phase = ledger.Idle
		m.save()
		m.become(IsDown, err.Error())
		m.emit(Event{Type: StartFailed, Text: err.Error()})
		return err
	}
	now := time.Now()
	r := &m.record
	r.Generation++
	r.StartedAt, r.GraceEnds, r.Answered = now, now.Add(m.graceOf()), false
	r.Fingerprint = spec.Fingerprint()
	r.Started(now)
	m.fresh = true
	m.log.Info("a process was started", "pid", h.ID().PID, "reason", reason)
	r.Main = h.ID()
	m.emit(Event{Type: Started, PID: h.ID().PID, Text: reason})
	m.follow(h)
	m.home.Step("recorded")
	return nil
}

func (m *Member) spawn(spec declared.Spec, instance string) (*process.Handle, error) {
	who, err := account.Lookup(spec.User)
	if err != nil {
		return nil, fmt.Errorf("component %q: %w", spec.Name, err)
	}
	output, err := outlog.Open(m.outputPath(), outlog.DefaultKeep, who.Owner())
	if err != nil {
		return nil, fmt.Errorf("component %q: %w", spec.Name, err)
	}
	defer output.Close()
	return process.Start(process.Command{
		Args: spec.Command, Dir: spec.Dir, Output: output, Credential: who.Credential(),
		Env: append(account.Environment(spec.User, spec.Env), m.markBegin()+instance),
	})
}
