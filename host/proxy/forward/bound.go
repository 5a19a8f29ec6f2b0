package forward

import (
	"net"
	"sync"

	"github.com/homeostat/homeostat/host/proxy/stats"
)

// bounded accepts up to limit callers at a time and hangs up on the others. A
// hang-up is quick and cheap; a queue would hide from the caller that it waits.
type bounded struct {
	net.Listener
	stats *stats.Recorder
	free  chan struct{}
}

func newBounded(l net.Listener, limit int, r *stats.Recorder) *bounded {
	return &bounded{Listener: l, stats: r, free: make(chan struct{}, limit)}
}

// Accept returns the next caller for whom there is room.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case b.free <- struct{}{}:
			b.stats.Connected(1)
			return &caller{TCPConn: c.(*net.TCPConn), gone: sync.OnceFunc(func() {
				<-b.free
				b.stats.Connected(-1)
			})}, nil
		default:
			b.stats.Refuse(stats.Full)
			hangUp(c.(*net.TCPConn))
		}
	}
}

// caller is an accepted connection that gives its place back when it is closed.
type caller struct {
	*net.TCPConn
	gone func()
}

// Close closes the connection.
func (c *caller) Close() error {
	defer c.gone()
	return c.TCPConn.Close()
}

// hangUp closes with a reset, which a caller sees at once and cannot take for an
// answer that has ended.
func hangUp(c *net.TCPConn) {
	_ = c.SetLinger(0)
	c.Close()
}
