package fault

import (
	"net/http"
	"time"
)

func (s *Switches) deadlock(Order) error {
	s.locked.Store(true)
	return nil
}

func (s *Switches) errors(Order) error {
	s.failed.Store(true)
	return nil
}

func (s *Switches) slow(o Order) error {
	s.delay.Store(int64(o.For))
	return nil
}

// spellDelay is how late answers are during a slow spell.
const spellDelay = 3 * time.Second

// slowSpell begins a spell that ends by itself, as that of a neighbor who uses
// the disk up for a while: nothing that is done to the process shortens it.
func (s *Switches) slowSpell(o Order) error {
	s.delay.Store(int64(spellDelay))
	s.leaves.Go(func() { // ends with the spell or with Close
		select {
		case <-time.After(o.For):
		case <-s.ctx.Done():
		}
		s.delay.Store(0)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.on, SlowSpell)
	})
	return nil
}

// Gate puts the faults that concern answers (Deadlock, Errors, Slow) in front
// of next.
func (s *Switches) Gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.locked.Load() {
			<-s.ctx.Done() // deaf to the client, as a goroutine that waits for a mutex is
		}
		if d := time.Duration(s.delay.Load()); d > 0 {
			s.wait(r, d)
		}
		if s.failed.Load() {
			s.log.Error("request failed", "path", r.URL.Path, "reason", "fault errors is on")
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// wait ends early when the client has gone or the process is closing.
func (s *Switches) wait(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
}
