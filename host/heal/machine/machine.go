// Package machine is the pure core of healing: from anomalies to incidents,
// questions, actions and verified recoveries.
//
// It owns every decision of the coordinator: grouping and cause, the severity
// queue, modes and approvals, quarantine, suppression, hold time. It carries
// nothing out: Step takes the time and one input and returns effects, and what
// they bring comes back as a later input. It reads no clock, starts no
// goroutine, and one goroutine uses a Machine at a time.
package machine

import (
	"slices"
	"strconv"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/graph"
	"github.com/homeostat/homeostat/host/heal/ledger"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/quiet"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/rest"
	"github.com/homeostat/homeostat/host/heal/storm"
)

// Machine is the coordinator's state. Use New.
type Machine struct {
	set        Settings
	graph      graph.Graph
	components map[string]Component
	ordered    policy.Mode           // the daemon's, set live; empty while that of the settings holds
	modes      map[string]policy.Own // of components, set live
	ledger     *ledger.Ledger
	open       []*incident
	closed     []record.Incident
	quiet      *quiet.Quiet
	promotions []record.Promotion
	storm      storm.Book
	// rests holds, by component and strategy, until when one that failed is not
	// asked again.
	rests rest.Book
	// judgeFrom is when what was open at the start of the daemon has been reported
	// again, or has ended; before that it speaks against no recovery.
	judgeFrom time.Time

	now     time.Time
	seq     uint64
	effects []effect.Effect
}

// maxClosed is how many resolved incidents stay in memory; the store has all.
const maxClosed = 200

// New returns a machine without incidents. Settings without a value take their
// defaults.
func New(set Settings) *Machine {
	m := &Machine{quiet: quiet.New(), rests: rest.Book{}, modes: map[string]policy.Own{}}
	m.configure(set)
	m.ledger = ledger.New(3 * m.set.DetectionInterval)
	return m
}

func (m *Machine) configure(set Settings) {
	m.set = set.WithDefaults()
	m.components = make(map[string]Component, len(set.Components))
	needs := make(map[string][]string, len(set.Components))
	for _, c := range set.Components {
		m.components[c.Name] = c
		needs[c.Name] = c.DependsOn
	}
	m.graph = graph.New(needs, set.Links)
}

// Step advances to now, takes one input in (nil for none: time has passed) and
// returns the effects to carry out, in order. An error means that the input
// was refused and changed nothing; the effects still have to be carried out.
// The time must not fall from one call to the next.
func (m *Machine) Step(now time.Time, in Input) ([]effect.Effect, error) {
	if now.After(m.now) {
		m.now = now
	}
	m.effects = nil
	m.expire()
	var err error
	if in != nil {
		err = in.apply(m)
	}
	m.schedule()
	m.flush()
	return m.effects, err
}

// Next returns when Step has to be called again without an input at the
// latest, zero for never.
func (m *Machine) Next() time.Time {
	next := m.ledger.Next()
	for _, inc := range m.open {
		next = sooner(next, inc.due(m.set.Settle))
		if p := inc.Pending(); p != nil {
			next = sooner(next, p.Expires)
		}
	}
	return sooner(next, m.quiet.Next())
}

// sooner returns the earlier of two instants; zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// expire carries out what is due by now, before any input is looked at.
func (m *Machine) expire() {
	m.expireQuiet()
	for _, c := range m.ledger.Expire(m.now) {
		m.onClosed(c.Anomaly)
	}
	for _, inc := range slices.Clone(m.open) {
		m.expireApproval(inc)
		m.expirePhase(inc)
	}
}

func (m *Machine) id(prefix string) string {
	m.seq++
	return prefix + "_" + strconv.FormatInt(m.now.UnixMilli(), 36) + "_" + strconv.FormatUint(m.seq, 36)
}

func (m *Machine) emit(e effect.Effect) { m.effects = append(m.effects, e) }

func (m *Machine) audit(kind string, fields map[string]any) {
	m.emit(effect.Audit{Kind: kind, Fields: fields})
}

// flush emits one Save and one Publish for each incident that changed. They
// come before an Act of the same step, so that its intent is durable first.
func (m *Machine) flush() {
	var saves []effect.Effect
	for _, inc := range slices.Clone(m.open) {
		if !inc.dirty {
			continue
		}
		saves = append(saves, effect.Save{Incident: inc.Clone(), News: inc.news})
		inc.dirty, inc.news, inc.savedAt = false, nil, m.now
		if inc.Phase == record.PhaseResolved {
			m.retire(inc)
		}
	}
	m.effects = append(saves, m.effects...)
}

func (m *Machine) retire(inc *incident) {
	m.open = slices.DeleteFunc(m.open, func(o *incident) bool { return o == inc })
	if len(m.closed) >= maxClosed {
		m.closed = append(m.closed[:0], m.closed[len(m.closed)/2:]...)
	}
	m.closed = append(m.closed, inc.Incident)
}
