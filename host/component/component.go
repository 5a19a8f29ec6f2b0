// Package component owns what a component is on this host: starting and stopping its processes, finding them again,
// noticing their end, asking whether they answer. It reports what happens as events and carries out orders; whether
// something is to be done about an event is decided elsewhere.
//
// Processes of kind command belong to the host but outlive the daemon: they run in a session of their own, write to
// a file, and are journalled before they are started and marked in their environment, so that a daemon that was killed at any instant finds
// them again and never starts a second one.
//
// Concurrency: all methods of a Set may be called by any goroutine. Orders for one component are carried out one after
// the other, those for different components at the same time. Status and Statuses never wait for an order.
package component

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/ledger"
	"github.com/homeostat/homeostat/host/component/member"
)

// Options are what a Set is made of.
type Options struct {
	// StateDir is a folder of the set's own, made with mode 0700 if missing. One Set at a time uses it.
	StateDir string
	Log      hclog.Logger
	// Sink is handed every event, one after the other, from one goroutine. It may call the Set.
	Sink func(Event)
	// Asked says what a person was asked about starting a component and has not said yes to, empty for nothing. Apply does not
	// start such a component when it is down. Nil for nothing at all; it must not call the Set.
	Asked func(name string) string
}

// Set is all components of a host. Use New.
type Set struct {
	log    hclog.Logger
	ledger ledger.Ledger
	output string // the folder of the output files
	mark   string // the beginning of every environment mark of this set
	events *dispatcher
	asked  func(name string) string

	life    context.Context
	end     context.CancelFunc
	work    sync.WaitGroup
	applies sync.Mutex // one Apply or Close at a time

	mu      sync.RWMutex
	members map[string]*member.Member // under mu
	closed  bool                      // under mu
}

// New makes an empty set. Apply fills it, Close ends it.
func New(o Options) (*Set, error) {
	dir, err := filepath.Abs(o.StateDir)
	if err != nil {
		return nil, fmt.Errorf("open the state of components: %w", err)
	}
	s := &Set{
		log: o.Log, ledger: ledger.Ledger{Dir: filepath.Join(dir, "records")}, output: filepath.Join(dir, "output"),
		mark: markOf(dir), members: make(map[string]*member.Member),
	}
	if s.log == nil {
		s.log = hclog.NewNullLogger()
	}
	for _, sub := range []string{s.ledger.Dir, s.output} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, fmt.Errorf("open the state of components: %w", err)
		}
	}
	if o.Sink == nil {
		o.Sink = func(Event) {}
	}
	if s.asked = o.Asked; s.asked == nil {
		s.asked = func(string) string { return "" }
	}
	s.events = newDispatcher(o.Sink)
	s.life, s.end = context.WithCancel(context.Background())
	s.work.Go(s.trimOutputs)
	return s, nil
}

// markOf returns the beginning of the marks of a state folder: two daemons with different folders never take each
// other's processes, and one whose records were lost still knows its own.
func markOf(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return member.MarkKey + "=" + hex.EncodeToString(sum[:6]) + "/"
}

// Apply makes the set hold exactly the specs. All are checked first, and an error of the check changes nothing. A component
// whose spec is unchanged is not touched. A new one is adopted where it runs already and else started, in the background
// and after those it depends on, unless a person was asked about that; that it failed is told by an event, not by Apply. A
// changed one keeps its process; a new command takes effect at its next restart. A removed one is stopped if its OnExit says
// so, and else left running.
func (s *Set) Apply(ctx context.Context, specs []Spec) error {
	if err := Check(specs); err != nil {
		return err
	}
	sorted, err := declared.InOrder(specs)
	if err != nil {
		return err
	}
	s.applies.Lock()
	defer s.applies.Unlock()
	if s.isClosed() {
		return ErrClosed
	}
	if err := s.remove(ctx, sorted); err != nil {
		return err
	}
	var boots []func()
	for _, spec := range sorted {
		if m, ok := s.member(spec.Name); ok {
			m.Change(spec)
			continue
		}
		boots = append(boots, s.add(spec).Begin(ctx))
	}
	for _, boot := range boots {
		s.work.Go(boot)
	}
	return nil
}

func (s *Set) add(spec Spec) *member.Member {
	m := member.New(member.Home{
		Log: s.log, Ledger: s.ledger, Output: s.output, Mark: s.mark, Life: s.life,
		Emit: s.events.emit, Peer: s.member, Asked: s.asked, Step: func(step string) { failpoint(step) },
	}, spec)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members[spec.Name] = m
	return m
}

// failpoint is told of the steps of every start and stop. The tests replace it to end the daemon at each of them.
var failpoint = func(step string) {}

// remove drops the members that no spec names any more, and those whose kind has changed.
func (s *Set) remove(ctx context.Context, specs []Spec) error {
	var problems []error
	for _, m := range s.all() {
		i := slices.IndexFunc(specs, func(spec Spec) bool { return spec.Name == m.Name() })
		if i >= 0 && specs[i].Kind == m.Spec().Kind {
			continue
		}
		problems = append(problems, m.Leave(ctx))
		s.mu.Lock()
		delete(s.members, m.Name())
		s.mu.Unlock()
	}
	return errors.Join(problems...)
}

// Release lets go of all components, which run on whatever their OnExit says: a next daemon follows at once. Otherwise it is
// Close.
func (s *Set) Release() ([]Status, error) {
	return s.close(func(m *member.Member) error { return m.Release() })
}

// Close stops the components whose OnExit says so, lets go of the others, which run on, and returns what is left running.
// It waits for all goroutines of the set. Orders that are under way are ended where they are; the next daemon finishes them.
func (s *Set) Close(ctx context.Context) ([]Status, error) {
	return s.close(func(m *member.Member) error { return m.Leave(ctx) })
}

// close ends the set once; leave takes one member out of it.
func (s *Set) close(leave func(*member.Member) error) ([]Status, error) {
	s.applies.Lock()
	defer s.applies.Unlock()
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	if was {
		return nil, nil
	}
	s.end()
	var wait sync.WaitGroup
	members := s.all()
	problems := make([]error, len(members))
	for i, m := range members {
		wait.Go(func() { problems[i] = leave(m) })
	}
	wait.Wait()
	s.work.Wait()
	s.events.close()
	var left []Status
	for _, m := range members {
		if st := m.Status(); st.PID != 0 {
			left = append(left, st)
		}
	}
	return left, errors.Join(problems...)
}

func (s *Set) isClosed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}

func (s *Set) member(name string) (*member.Member, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, ok := s.members[name]
	return m, ok
}

// all returns the members by name.
func (s *Set) all() []*member.Member {
	s.mu.RLock()
	defer s.mu.RUnlock()
	members := make([]*member.Member, 0, len(s.members))
	for _, m := range s.members {
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b *member.Member) int {
		if a.Name() < b.Name() {
			return -1
		}
		return 1
	})
	return members
}

// Status returns what is known of one component, and whether there is one of that name.
func (s *Set) Status(name string) (Status, bool) {
	m, ok := s.member(name)
	if !ok {
		return Status{}, false
	}
	return m.Status(), true
}

// Statuses returns what is known of all components, by name.
func (s *Set) Statuses() []Status {
	var list []Status
	for _, m := range s.all() {
		list = append(list, m.Status())
	}
	return list
}
