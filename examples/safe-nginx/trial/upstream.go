package trial

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// upstreams are the servers behind nginx: one that is well, one that is too slow, and one that is well until some time
// after its first request. Close ends them and waits.
type upstreams struct {
	well, slow, late string // addresses
	after            time.Duration

	running sync.WaitGroup
	servers []*http.Server

	mu    sync.Mutex // guards onset
	onset time.Time  // when late begins to fail; zero before its first request
}

// slowness is longer than the probe waits.
const slowness = 10 * time.Second

func newUpstreams(after time.Duration) (*upstreams, error) {
	u := &upstreams{after: after}
	for _, one := range []struct {
		address *string
		handle  http.HandlerFunc
	}{
		{&u.well, func(http.ResponseWriter, *http.Request) {}},
		{&u.slow, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(slowness):
			case <-r.Context().Done():
			}
		}},
		{&u.late, u.answerLate},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(err, u.Close())
		}
		*one.address = l.Addr().String()
		s := &http.Server{Handler: one.handle, ReadHeaderTimeout: slowness}
		u.servers = append(u.servers, s)
		u.running.Go(func() { _ = s.Serve(l) }) // until Close
	}
	return u, nil
}

func (u *upstreams) answerLate(w http.ResponseWriter, _ *http.Request) {
	if now := time.Now(); now.After(u.failsFrom(now)) {
		http.Error(w, "the late fault", http.StatusInternalServerError)
	}
}

// failsFrom is when the late server begins to fail. The first call sets it.
func (u *upstreams) failsFrom(now time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.onset.IsZero() {
		u.onset = now.Add(u.after)
	}
	return u.onset
}

// Close ends the servers.
func (u *upstreams) Close() error {
	var all error
	for _, s := range u.servers {
		all = errors.Join(all, s.Close())
	}
	u.running.Wait()
	return all
}
