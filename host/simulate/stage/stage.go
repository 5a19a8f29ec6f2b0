// Package stage moves a coordinator through simulated time: its effects are handed
// to whoever plays the host, whose answers reach it later.
//
// It owns the time and what is planned, and decides nothing. A Stage belongs to one
// goroutine.
package stage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/machine"
)

// Stage drives one machine. Use New.
type Stage struct {
	// Now is the simulated time.
	Now     time.Time
	machine *machine.Machine
	carry   func(effect.Effect)
	due     []planned
	err     error
}

// planned is an input that reaches the machine later.
type planned struct {
	at time.Time
	do func() machine.Input
}

// New returns a stage whose time begins at start. Carry is handed every effect.
func New(m *machine.Machine, start time.Time, carry func(effect.Effect)) *Stage {
	return &Stage{Now: start, machine: m, carry: carry}
}

// Later plans an input; do is called when it is due, and may return nil for none.
func (s *Stage) Later(after time.Duration, do func() machine.Input) {
	s.due = append(s.due, planned{s.Now.Add(after), do})
}

// Fail ends the play with an error, the first one given.
func (s *Stage) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// maxSteps bounds one incident; a real one takes some dozen.
const maxSteps = 10_000

// Play begins with an input and goes on until over reports the end. What is planned
// by then is dropped.
func (s *Stage) Play(first machine.Input, over func() bool) error {
	defer func() { s.due = nil }()
	s.step(first)
	for n := 0; !over() && s.err == nil; n++ {
		if n > maxSteps {
			return errors.New("an incident does not end")
		}
		s.advance()
	}
	return s.err
}

// advance moves the time to the next thing that happens.
func (s *Stage) advance() {
	next := s.machine.Next()
	n := -1
	for i, d := range s.due {
		if next.IsZero() || !d.at.After(next) {
			n, next = i, d.at
		}
	}
	if next.IsZero() {
		s.Fail(errors.New("nothing will ever happen again"))
		return
	}
	if next.After(s.Now) {
		s.Now = next
	}
	if n < 0 {
		s.step(nil)
		return
	}
	d := s.due[n]
	s.due = slices.Delete(s.due, n, n+1)
	s.step(d.do())
}

func (s *Stage) step(in machine.Input) {
	effects, err := s.machine.Step(s.Now, in)
	if err != nil {
		s.Fail(fmt.Errorf("the coordinator refused %T: %w", in, err))
		return
	}
	for _, e := range effects {
		s.carry(e)
	}
}
