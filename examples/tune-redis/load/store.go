package load

import (
	"context"
	"sync"
	"time"
)

// The store behind the cache: so many fetches at a time, each of which takes so
// long. What waits beyond waiting is given up.
const (
	fetches   = 4
	fetchTime = 20 * time.Millisecond
	waiting   = 512
)

// store fetches what is not in the cache. What is wanted by several is fetched
// once.
type store struct {
	load *Load
	jobs chan thing

	mu    sync.Mutex
	wants map[thing][]request // under mu: who waits for what is queued
}

// thing is what can be fetched.
type thing struct {
	kind kind
	key  int
}

func newStore(l *Load) *store {
	return &store{load: l, jobs: make(chan thing, waiting), wants: map[thing][]request{}}
}

// fetch queues a lookup that missed.
func (s *store) fetch(q request) {
	it := thing{q.kind, q.key}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wants[it]) == 0 {
		select {
		case s.jobs <- it:
		default:
			s.load.late(q)
			return
		}
	}
	s.wants[it] = append(s.wants[it], q)
}

// served takes away those who wait for a thing.
func (s *store) served(it thing) []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.wants[it]
	delete(s.wants, it)
	return who
}

// wanted says that somebody still waits, or else that all have given up.
func (s *store) wanted(it thing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.wants[it]
	return len(who) > 0 && time.Since(who[len(who)-1].meant) < Deadline
}

// serve does one fetch after the other until the context ends. What was fetched
// is put into the cache, and users wait for the fetch alone.
func (s *store) serve(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case it := <-s.jobs:
			if !s.wanted(it) {
				for _, q := range s.served(it) {
					s.load.late(q)
				}
				continue
			}
			timer.Reset(fetchTime)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			now := time.Now()
			who := s.served(it)
			for _, q := range who {
				s.load.done(q, now)
			}
			s.load.fill(who[0])
		}
	}
}

// fill puts what was fetched into the cache, a hash once at a time.
func (l *Load) fill(q request) {
	key := -1
	if q.kind == wide {
		key = q.key
		if _, busy := l.filling.LoadOrStore(key, true); busy {
			return
		}
	}
	one := request{kind: fill, key: key, mix: q.mix, meant: time.Now(), bytes: filling(q)}
	select {
	case l.queue <- one:
	default:
		l.filled(one) // the cache is too busy; the next miss tries again
	}
}
