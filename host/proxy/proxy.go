// Package proxy keeps a proxy process for each link that has an address of its
// own, and tells it when to let nothing through.
//
// It owns the daemon's side: starting a proxy, finding it again after a restart,
// crash or upgrade of the daemon, starting another when one ends or does not
// answer, ending it when its link is gone from the configuration, and the state
// in which each link is wanted, which outlives both. The proxy process itself is
// in package serve. A Set may be used from several goroutines; each link has a
// goroutine of its own, and Close waits for all.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/control"
	"github.com/homeostat/homeostat/host/proxy/spec"
)

// ErrUnknown says that no link of that name has a proxy.
var ErrUnknown = errors.New("no such link with a proxy")

// ErrDown says that the proxy of a link does not run.
var ErrDown = errors.New("the proxy does not run")

// Link is one link that is to have a proxy.
type Link struct {
	spec.Spec
	// Ends says that the proxy ends with the daemon; else it stays.
	Ends bool
}

// Event is something that happened to a link.
type Event struct {
	At       time.Time
	From, To string
	// What is one word: started, adopted, ended, hung, failed, replaced, open,
	// half_open, closed.
	What string
	// Text is a sentence for people.
	Text string
	PID  int
}

// State is what is known of one link.
type State struct {
	Spec spec.Spec
	// Running reports that the proxy answered when it was last asked.
	Running bool
	// Status is what it said then.
	Status control.Status
	// Problem says why it does not run.
	Problem string
}

// Options are what a Set needs.
type Options struct {
	// Dir is a folder of the Set's own, mode 0700.
	Dir string
	Log hclog.Logger
	// Tell receives events, Measured every answer of a proxy, once a second.
	// Both may be called from several goroutines and must return soon.
	Tell     func(Event)
	Measured func(control.Status)
	// Command starts the proxy; what it is to do is appended. Empty means this
	// program's own `proxy --inherited`.
	Command []string
}

// Set keeps the proxies. Use New.
type Set struct {
	opt    Options
	dir    *os.File        // under which the control sockets are reached, however long its path is
	ctx    context.Context // the Set's own life, ended by Close
	cancel context.CancelFunc

	mu      sync.Mutex
	keepers map[string]*keeper // under mu
	closed  bool               // under mu
}

// New opens the folder. Nothing is started before Apply.
func New(opt Options) (*Set, error) {
	dir, err := os.Open(opt.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the proxies: %w", err)
	}
	if len(opt.Command) == 0 {
		opt.Command = []string{"/proc/self/exe", "proxy", "--inherited"}
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Set{opt: opt, dir: dir, ctx: ctx, cancel: cancel, keepers: map[string]*keeper{}}, nil
}

// Apply sets which links have proxies, at the start and after a reload. A link
// whose settings are new gets a new proxy; the old one lets its callers finish.
// It does not wait for proxies to start.
func (s *Set) Apply(links []Link) error {
	var problems []error
	wanted := map[string]Link{}
	for _, l := range links {
		problems = append(problems, l.Validate())
		wanted[l.Name()] = l
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("apply links: the proxies are closed")
	}
	for name, k := range s.keepers {
		next, ok := wanted[name]
		if ok && next == k.link {
			continue
		}
		k.end()
		delete(s.keepers, name)
		if !ok {
			s.dismiss(k.name)
		}
	}
	s.sweep(wanted)
	for name, l := range wanted {
		if s.keepers[name] == nil {
			s.keepers[name] = s.keep(l)
		}
	}
	return nil
}

// Order tells a link to open, to try or to close. The wish is durable before the
// proxy hears of it, so that a proxy which dies comes back as it was told to be.
func (s *Set) Order(ctx context.Context, from, to string, o circuit.Order) (control.Status, error) {
	k := s.of(from, to)
	if k == nil {
		return control.Status{}, fmt.Errorf("link %s: %w; see `homeostat link list`", spec.Name(from, to), ErrUnknown)
	}
	if o.Since.IsZero() {
		o.Since = time.Now()
	}
	return k.order(ctx, o)
}

func (s *Set) of(from, to string) *keeper {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keepers[spec.Name(from, to)]
}

// State returns what is known of one link.
func (s *Set) State(from, to string) (State, bool) {
	k := s.of(from, to)
	if k == nil {
		return State{}, false
	}
	return k.state(), true
}

// Look returns what is known of a link after asking its proxy anew, so that it is not
// up to a second old. Where the proxy does not answer in time it is.
func (s *Set) Look(ctx context.Context, from, to string) (State, bool) {
	k := s.of(from, to)
	if k == nil {
		return State{}, false
	}
	state := k.state()
	if !state.Running {
		return state, true
	}
	if now, err := k.client.Status(ctx); err == nil {
		state.Status = now
	}
	return state, true
}

// States lists all links by name.
func (s *Set) States() []State {
	s.mu.Lock()
	var out []State
	for _, k := range s.keepers {
		out = append(out, k.state())
	}
	s.mu.Unlock()
	slices.SortFunc(out, func(a, b State) int { return strings.Compare(a.Spec.Name(), b.Spec.Name()) })
	return out
}

// Close lets go of the proxies: those that are to end with the daemon are told
// so, the others run on and are returned.
func (s *Set) Close() (left []State) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	keepers := s.keepers
	s.mu.Unlock()
	for _, k := range keepers {
		if st := k.state(); st.Running && !k.link.Ends {
			left = append(left, st)
		}
	}
	s.cancel()
	for _, k := range keepers {
		<-k.done
	}
	s.endThoseThatEnd(keepers)
	s.dir.Close()
	slices.SortFunc(left, func(a, b State) int { return strings.Compare(a.Spec.Name(), b.Spec.Name()) })
	return left
}

// endThoseThatEnd ends the proxies that are to end with the daemon, side by side.
func (s *Set) endThoseThatEnd(keepers map[string]*keeper) {
	var ending sync.WaitGroup
	for _, k := range keepers {
		if k.link.Ends {
			ending.Go(k.finish)
		}
	}
	ending.Wait()
}

// opened reports that a state does not let everything through.
func opened(s breaker.State) bool { return s == breaker.Open || s == breaker.HalfOpen }
