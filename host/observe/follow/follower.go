package follow

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// When things count as over.
const (
	// drainTime is how long a rotated file is still read after it last grew:
	// programs go on writing to it until they are told to reopen their log.
	drainTime = time.Minute
	// maxDraining bounds the rotated files that are read at once.
	maxDraining = 8
	// partialWait is how long a line without an end waits for it.
	partialWait = 5 * time.Second
	// youngFile is the age up to which a file that is seen for the first time is
	// read from its beginning: it belongs to what was started just now.
	youngFile = 10 * time.Second
	readSize  = 256 << 10
)

// follower follows one path.
type follower struct {
	set    *Set
	target Target
	ctx    context.Context // the follower's own life
	cancel context.CancelFunc
	wakes  chan struct{}

	mu sync.Mutex
	at *checkpoint

	// Touched by run's goroutine alone.
	current  *source   // what the path names, as far as we know
	draining []*source // what it named before, the oldest first
	seen     map[identity]bool
	// published is the place of the last checkpoint.
	published place
	buf       []byte
	lines     []sdk.LogLine
}

func newFollower(s *Set, t Target) *follower {
	ctx, cancel := context.WithCancel(s.ctx)
	return &follower{
		set: s, target: t, ctx: ctx, cancel: cancel, wakes: make(chan struct{}, 1),
		seen: map[identity]bool{}, buf: make([]byte, readSize),
	}
}

func (f *follower) wakeUp() {
	select {
	case f.wakes <- struct{}{}:
	default: // it is already asked to look
	}
}

func (f *follower) checkpoint() *checkpoint {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// run follows the path until the follower is cancelled.
func (f *follower) run() {
	defer f.close()
	f.begin()
	rescan := time.NewTicker(rescanInterval)
	defer rescan.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		f.look()
		f.publish()
		pause.Reset(lookPause)
		select {
		case <-f.ctx.Done():
			return
		case <-pause.C:
		}
		select {
		case <-f.ctx.Done():
			return
		case <-f.wakes:
		case <-rescan.C:
		}
	}
}

func (f *follower) close() {
	for _, s := range f.draining {
		s.close()
	}
	if f.current != nil {
		f.current.close()
	}
}

// publish records the position for the Set to save.
func (f *follower) publish() {
	if f.current == nil || f.published == f.current.place() {
		return
	}
	f.published = f.current.place()
	c := f.current.checkpoint()
	f.mu.Lock()
	f.at = &c
	f.mu.Unlock()
}

// missing says why the path cannot be read, where that is no ordinary absence.
func (f *follower) missing(err error) {
	if !os.IsNotExist(err) {
		f.set.opts.Log.Debug("log file cannot be read, trying again every second", "path", f.target.Path, "error", err)
	}
}

func (f *follower) happened(what sdk.EventType, text string) {
	f.set.opts.Sink.Happened(f.target.Component, what, text)
}

// look reads all that there is, through rotations.
func (f *follower) look() {
	for f.ctx.Err() == nil {
		f.drain()
		if f.current == nil {
			s, err := openSource(f.target.Path)
			if err != nil {
				f.missing(err)
				return
			}
			f.current = s
		}
		if !f.current.continues() {
			f.truncated()
			f.drain()
		}
		f.readAll(f.current)
		f.flushStale(f.current)
		if !f.rotated() {
			return
		}
	}
}

// readAll reads a source to its end and hands over the lines.
func (f *follower) readAll(s *source) {
	for f.ctx.Err() == nil {
		n, err := s.read(f.buf, f.emit)
		f.hand()
		if err != nil {
			f.set.opts.Log.Debug("log file cannot be read, trying again every second", "path", f.target.Path, "error", err)
		}
		if n == 0 {
			return
		}
	}
}

func (f *follower) emit(text string, truncated bool) {
	f.lines = append(f.lines, sdk.LogLine{Source: f.target.Path, Text: text, Truncated: truncated})
}

func (f *follower) hand() {
	if len(f.lines) > 0 {
		f.set.opts.Sink.Lines(f.target.Component, f.lines)
		f.lines = f.lines[:0]
	}
}

// flushStale hands over a line that has waited long for its end.
func (f *follower) flushStale(s *source) {
	if len(s.split.partial) > 0 && time.Since(s.grown) > partialWait {
		s.split.flush(f.emit)
		f.hand()
	}
}

// drain reads what rotated files still get, and lets go of those that are over.
func (f *follower) drain() {
	for _, s := range f.draining {
		f.readAll(s)
	}
	excess := len(f.draining) - maxDraining
	f.draining = slices.DeleteFunc(f.draining, func(s *source) bool {
		excess--
		if excess < 0 && time.Since(s.grown) < drainTime {
			return false
		}
		if len(s.split.partial) > 0 {
			s.split.flush(f.emit)
			f.hand()
		}
		s.close()
		return true
	})
}
