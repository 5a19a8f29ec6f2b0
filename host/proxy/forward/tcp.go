package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/stats"
)

func (f *Forwarder) serveTCP(l net.Listener) error {
	b := newBounded(l, f.spec.MaxConnections, f.stats)
	for {
		c, err := b.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			// Out of descriptors, most likely; some will come free.
			time.Sleep(10 * time.Millisecond)
			continue
		}
		pass, _, ok := f.circuit.Allow(time.Now())
		if !ok {
			f.stats.Refuse(stats.Open)
			hangUp(c.(*caller).TCPConn)
			c.(*caller).gone()
			continue
		}
		f.wait.Add(1)
		go func() { // ends with the connection
			defer f.wait.Done()
			f.connect(c.(*caller), pass)
		}()
	}
}

// connect carries one connection from its acceptance to its end.
func (f *Forwarder) connect(c *caller, pass circuit.Pass) {
	defer c.Close()
	ctx, cancel := context.WithCancelCause(f.ctx)
	defer cancel(nil)
	v := &verdict{pass: pass}
	defer v.cancel()
	r := &run{generation: pass.Generation, cut: cancel}
	f.enter(r)
	defer f.leave(r)
	call := f.stats.Begin()
	target, err := f.dial(ctx)
	if err != nil {
		class := stats.Dial
		if context.Cause(ctx) != nil {
			class = stats.Cut
		}
		call.End(class, time.Now())
		v.after(class, false)
		hangUp(c.TCPConn)
		return
	}
	p := &pipe{f: f, caller: c.TCPConn, target: target, call: call, verdict: v, trial: pass.Trial}
	p.run(ctx, cancel)
}

// pipe is one connection with both its ends.
type pipe struct {
	f              *Forwarder
	caller, target *net.TCPConn
	call           *stats.Call
	verdict        *verdict
	trial          bool

	waiting, replied atomic.Bool  // the caller has asked, the target has answered
	over             atomic.Bool  // both directions are to end
	moved            atomic.Int64 // when something moved last, in Unix nanoseconds
}

// run moves bytes both ways until both ends have finished or one is broken.
func (p *pipe) run(ctx context.Context, cancel context.CancelCauseFunc) {
	stop := context.AfterFunc(ctx, p.breakOff)
	defer stop()
	p.moved.Store(time.Now().UnixNano())
	if p.trial {
		timer := time.AfterFunc(p.f.spec.MaxLatency, func() { p.overdue(cancel) })
		defer timer.Stop()
	}
	var back sync.WaitGroup
	ends := make(chan stats.Class, 2)
	back.Go(func() { ends <- p.move(p.caller, p.target, p.reply, stats.Broken) })
	ends <- p.move(p.target, p.caller, p.ask, stats.Abandoned)
	back.Wait()
	class := first(<-ends, <-ends)
	if class == stats.OK && !p.replied.Load() {
		class = stats.Abandoned // it ended without a word of the target
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errCut):
		class = stats.Cut
	case errors.Is(cause, errTrial):
		class = stats.Timeout
	}
	p.call.End(class, time.Now())
	p.verdict.after(class, false)
	if class == stats.OK || class == stats.Abandoned {
		p.target.Close()
		return
	}
	hangUp(p.target)
	_ = p.caller.SetLinger(0) // the caller's Close follows
}

// first prefers the end that is not a good one.
func first(a, b stats.Class) stats.Class {
	if a == stats.OK {
		return b
	}
	return a
}

func (p *pipe) ask() {
	if !p.waiting.Swap(true) {
		p.call.Ask(time.Now())
	}
}

func (p *pipe) reply() {
	if !p.replied.Swap(true) {
		p.call.Answer(stats.OK, time.Now())
		p.verdict.succeed()
	}
}

// overdue ends a trial that nobody has answered. A caller that has not asked
// for anything yet may go on, and decides nothing.
func (p *pipe) overdue(cancel context.CancelCauseFunc) {
	switch {
	case p.replied.Load():
	case p.waiting.Load():
		p.verdict.fail()
		cancel(errTrial)
	default:
		p.verdict.cancel()
	}
}

// breakOff wakes both directions up for good.
func (p *pipe) breakOff() {
	p.over.Store(true)
	_ = p.caller.SetDeadline(past)
	_ = p.target.SetDeadline(past)
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// move passes bytes on until the source has finished, and tells the other end.
// Each portion is as large as what waits in the kernel, so that splice neither
// blocks nor keeps a pipe for a connection on which nothing moves, and that
// bytes are counted when they move. blame is what a broken source means.
func (p *pipe) move(to, from *net.TCPConn, note func(), blame stats.Class) stats.Class {
	source, err := newSource(from)
	if err != nil {
		return blame
	}
	count := p.f.stats.Sent
	if from == p.target {
		count = p.f.stats.Received
	}
	_ = from.SetReadDeadline(time.Now().Add(p.f.spec.IdleTimeout))
	for {
		n, err := source.await()
		switch {
		case isTimeout(err) && p.stillAlive(from):
			continue
		case err != nil:
			p.breakOff()
			if isTimeout(err) {
				return stats.OK // both directions were idle, or are to end
			}
			return blame
		case n == 0:
			_ = to.CloseWrite()
			return stats.OK
		}
		note()
		now := time.Now()
		p.moved.Store(now.UnixNano())
		_ = to.SetWriteDeadline(now.Add(p.f.spec.IdleTimeout))
		if p.over.Load() {
			return stats.OK // breakOff may have come before the new deadline
		}
		copied, err := io.CopyN(to, from, int64(n))
		count(copied)
		if err != nil && !p.over.Load() {
			p.breakOff()
			return other(blame)
		}
	}
}

// other is whose fault a failed write is, when blame is that of a failed read.
func other(blame stats.Class) stats.Class {
	if blame == stats.Broken {
		return stats.Abandoned
	}
	return stats.Broken
}

// stillAlive gives an idle direction more time while the other one moves.
func (p *pipe) stillAlive(from *net.TCPConn) bool {
	ends := time.Unix(0, p.moved.Load()).Add(p.f.spec.IdleTimeout)
	if p.over.Load() || !ends.After(time.Now()) {
		return false
	}
	err := from.SetReadDeadline(ends)
	if p.over.Load() { // breakOff may have come before the new deadline
		err = from.SetReadDeadline(past)
	}
	return err == nil
}
