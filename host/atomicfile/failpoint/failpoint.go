// Package failpoint is the gate with which tests fail, stop or disturb a sequence of file operations at a chosen one.
//
// A sweep is: run once with Count to learn the number of operations, then once for each of them with FailAt or KillAt,
// and look at the files after each run. A Points may be used from several goroutines.
package failpoint

import (
	"errors"
	"sync"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// ErrKilled is returned by every operation from the point of KillAt on: what a process that was killed there would have
// done next, its clean-up included, does not happen.
var ErrKilled = errors.New("killed by failpoint")

// Points is an atomicfile.Gate that counts operations from 1 and acts at one of them.
type Points struct {
	at  int
	act func() error

	mu     sync.Mutex
	killed bool
	seen   []atomicfile.Op
}

// Count returns a Points that lets everything pass and remembers it.
func Count() *Points {
	return &Points{act: func() error { return nil }}
}

// FailAt returns a Points whose n-th operation fails once with err.
func FailAt(n int, err error) *Points {
	return &Points{at: n, act: func() error { return err }}
}

// KillAt returns a Points whose n-th operation and all after it fail with ErrKilled.
func KillAt(n int) *Points {
	return &Points{at: n, act: func() error { return ErrKilled }}
}

// CallAt returns a Points that runs call before the n-th operation, which then passes: another program that acts in
// this gap. The call must not use the Points.
func CallAt(n int, call func()) *Points {
	return &Points{at: n, act: func() error { call(); return nil }}
}

// Enter implements atomicfile.Gate.
func (p *Points) Enter(op atomicfile.Op) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, op)
	if p.killed {
		return ErrKilled
	}
	if len(p.seen) != p.at {
		return nil
	}
	err := p.act()
	p.killed = errors.Is(err, ErrKilled)
	return err
}

// Seen returns the operations so far, those that were refused included.
func (p *Points) Seen() []atomicfile.Op {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]atomicfile.Op(nil), p.seen...)
}

// Reached says whether the chosen operation was announced: a sweep whose point was never reached proved nothing.
func (p *Points) Reached() bool {
	return len(p.Seen()) >= p.at
}
