package load

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"
)

// connect keeps one connection to the server until the context ends.
func (l *Load) connect(ctx context.Context) {
	for ctx.Err() == nil {
		c, err := (&net.Dialer{Timeout: hang}).DialContext(ctx, "tcp", l.address)
		if err == nil {
			l.serve(ctx, c)
		}
		l.refuse(ctx)
	}
}

// refuse fails what comes while there is no connection.
func (l *Load) refuse(ctx context.Context) {
	over := time.NewTimer(redial)
	defer over.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case q := <-l.queue:
			l.lost(q)
		}
	}
}

// serve sends requests over a connection until it breaks or the context ends. It
// closes the connection.
func (l *Load) serve(ctx context.Context, c net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // what the two below wait for ends with it
	defer stop()
	flying := make(chan request, inFlight)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer cancel()
		l.read(c, flying)
	})
	l.write(ctx, c, flying)
	close(flying)
	cancel()
	_ = c.Close() // the reader ends with it
	reading.Wait()
}

// write sends what is queued, as much at once as waits and may be in flight.
func (l *Load) write(ctx context.Context, c net.Conn, flying chan<- request) {
	out := bufio.NewWriter(c)
	for {
		var q request
		select {
		case <-ctx.Done():
			return
		case q = <-l.queue:
		}
		if q.measured() && time.Since(q.meant) >= Deadline {
			l.late(q)
			continue
		}
		if len(flying) == cap(flying) && flush(c, out) != nil { // or it would wait for answers to what was not sent
			l.lost(q)
			return
		}
		select {
		case flying <- q:
		case <-ctx.Done():
			l.lost(q)
			return
		}
		_, err := out.Write(q.bytes)
		if err == nil && (len(l.queue) == 0 || len(flying) == cap(flying)) {
			err = flush(c, out)
		}
		if err != nil {
			return
		}
	}
}

func flush(c net.Conn, out *bufio.Writer) error {
	if err := c.SetWriteDeadline(time.Now().Add(hang)); err != nil {
		return err
	}
	return out.Flush()
}

// lost notes that a request will never be answered.
func (l *Load) lost(q request) {
	l.fail(q)
	l.filled(q)
}

// read takes the answers in the order of the requests. When the connection has
// ended, what is in flight has failed.
func (l *Load) read(c net.Conn, flying <-chan request) {
	in := bufio.NewReader(c)
	broken := false
	for q := range flying {
		var a reply
		if !broken {
			err := c.SetReadDeadline(time.Now().Add(hang))
			if err == nil {
				a, err = readReply(in)
			}
			if err != nil {
				broken = true
				_ = c.Close() // the writer ends with it
			}
		}
		if broken {
			l.lost(q)
			continue
		}
		l.answered(q, a)
	}
}

// measured says that users wait for the request.
func (q request) measured() bool { return q.kind == get || q.kind == wide }

// answered takes in an answer.
func (l *Load) answered(q request, a reply) {
	l.filled(q)
	switch {
	case a.failed != "":
		l.fail(q)
		if q.kind == fill {
			l.refused()
		}
		return
	case !q.measured():
		return
	}
	l.looked(a)
	if a.missing {
		l.store.fetch(q)
		return
	}
	l.done(q, time.Now())
}

// refused notes that what was fetched could not be put into the cache: it is a
// request of the service's own that failed.
func (l *Load) refused() {
	l.window.add(time.Now(), func(c *cut) { c.figures.Failed++ })
}

// filled notes that a hash is no longer being filled.
func (l *Load) filled(q request) {
	if q.kind == fill && q.key >= 0 {
		l.filling.Delete(q.key)
	}
}
