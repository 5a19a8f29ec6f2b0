package answer

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// Bounds on what one peer may ask. Links cannot be guessed; this is so that
// nobody keeps the daemon busy with trying.
const (
	perWindow = 30
	window    = time.Minute
	maxPeers  = 1024
)

// limiter counts the requests of each peer in the present window.
type limiter struct {
	mu    sync.Mutex
	began time.Time
	count map[string]int
}

func newLimiter() *limiter { return &limiter{count: map[string]int{}} }

// wait returns how long the peer has to wait, zero when it may go on.
func (l *limiter) wait(peer string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.began) >= window || now.Before(l.began) {
		l.began = now
		clear(l.count)
	}
	if _, known := l.count[peer]; !known && len(l.count) >= maxPeers {
		peer = "" // strangers beyond that number share one count
	}
	l.count[peer]++
	if l.count[peer] <= perWindow {
		return 0
	}
	return l.began.Add(window).Sub(now)
}

// peer names who asks: an address, or the unix socket.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "the socket"
	}
	return host
}
