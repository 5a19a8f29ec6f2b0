// Package quota bounds how often one peer may ask something that needs no
// identity yet: to answer by a link, to sign in.
//
// It counts by address in one window after the other, in bounded memory. It
// does not know what is asked. A Quota is safe for concurrent use.
package quota

import (
	"net"
	"sync"
	"time"
)

// Bounds on what one peer may ask. What is guarded cannot be guessed; this is
// so that nobody keeps the daemon busy with trying.
const (
	perWindow = 30
	window    = time.Minute
	maxPeers  = 1024
)

// Quota counts the requests of each peer in the present window.
type Quota struct {
	mu    sync.Mutex
	began time.Time
	count map[string]int
}

// New returns a Quota that has counted nothing.
func New() *Quota { return &Quota{count: map[string]int{}} }

// Wait counts a request and returns how long the peer has to wait, zero when it
// may go on.
func (q *Quota) Wait(peer string, now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Sub(q.began) >= window || now.Before(q.began) {
		q.began = now
		clear(q.count)
	}
	if _, known := q.count[peer]; !known && len(q.count) >= maxPeers {
		peer = "" // strangers beyond that number share one count
	}
	q.count[peer]++
	if q.count[peer] <= perWindow {
		return 0
	}
	return q.began.Add(window).Sub(now)
}

// Peer names who asks by the remote address of the request: a host, or the
// unix socket.
func Peer(remoteAddr string) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		return "the socket"
	}
	return host
}
