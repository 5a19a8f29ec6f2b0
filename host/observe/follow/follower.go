package follow

import (
	"context"
	"fmt"
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
	buf      []byte
	lines    []sdk.LogLine
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
	if f.current == nil {
		return
	}
	c := f.current.checkpoint()
	f.mu.Lock()
	f.at = &c
	f.mu.Unlock()
}

// begin finds the place to start from.
func (f *follower) begin() {
	beside := siblings(f.target.Path)
	defer f.remember(beside)
	f.set.mu.Lock()
	c, known := f.set.saved[f.target]
	f.set.mu.Unlock()
	if known {
		f.resume(c, beside)
		return
	}
	s, err := openSource(f.target.Path)
	if err != nil {
		f.missing(err)
		return
	}
	f.current = s
	s.seek(s.first(time.Now()))
}

// missing says why the path cannot be read, where that is no ordinary absence.
func (f *follower) missing(err error) {
	if !os.IsNotExist(err) {
		f.set.opts.Log.Debug("log file cannot be read, trying again every second", "path", f.target.Path, "error", err)
	}
}

// resume goes on at a checkpoint: in the file of that name, or in a rotated
// one and then in all that are newer.
func (f *follower) resume(c checkpoint, beside []sibling) {
	if s := f.openIf(f.target.Path, c, true); s != nil {
		f.current = s
		f.goOn(s, c)
		return
	}
	at, s := f.search(c, beside)
	if s != nil {
		f.draining = append(f.draining, s)
		f.goOn(s, c)
		for _, newer := range beside[at+1:] {
			if s, err := openSource(newer.path); err == nil {
				f.draining = append(f.draining, s)
			}
		}
	}
	next, err := openSource(f.target.Path)
	if err != nil {
		f.missing(err)
		return
	}
	f.current = next
	if s == nil {
		f.happened(sdk.EventGap, fmt.Sprintf("%s: the file that was read before is gone; lines that were added to it since are lost", f.target.Path))
	}
	f.bound(next)
}

// search finds the rotated file, or the copy, that a checkpoint was taken of.
func (f *follower) search(c checkpoint, beside []sibling) (int, *source) {
	for _, same := range []bool{true, false} {
		for i := len(beside) - 1; i >= 0; i-- {
			if s := f.openIf(beside[i].path, c, same); s != nil {
				return i, s
			}
		}
	}
	return 0, nil
}

// openIf opens a file if it holds what the checkpoint says; when same is set it
// must be the very file and no copy of it.
func (f *follower) openIf(path string, c checkpoint, same bool) *source {
	s, err := openSource(path)
	if err != nil {
		return nil
	}
	if s.holds(c) && (s.id == c.ID || !same && c.Offset > 0) {
		return s
	}
	s.close()
	return nil
}

// goOn moves a source to a checkpoint.
func (f *follower) goOn(s *source, c checkpoint) {
	s.seek(c.Offset)
	s.split.skipping = c.Skipping
	f.bound(s)
}

// bound leaves out what is more than MaxBacklog behind the end.
func (f *follower) bound(s *source) {
	behind := s.size() - s.offset
	if behind <= MaxBacklog {
		return
	}
	s.seek(s.size() - MaxBacklog)
	f.happened(sdk.EventGap, fmt.Sprintf("%s: %d bytes were added while nobody looked, the first %d are left out",
		f.target.Path, behind, behind-MaxBacklog))
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

// rotated looks whether the path names another file now. If so, that becomes
// the current one, and the one before and those in between are drained first.
func (f *follower) rotated() bool {
	id, err := identifyPath(f.target.Path)
	if err != nil || id == f.current.id {
		return false // between renaming and creating, the file that we have goes on
	}
	next, err := openSource(f.target.Path)
	if err != nil {
		return false
	}
	before := f.current.checkpoint()
	f.draining = append(f.draining, f.current)
	f.remember(f.between(next.id, before))
	f.current = next
	f.happened(sdk.EventLogRotated, f.target.Path+" was rotated")
	return true
}

// between drains the files that were created and rotated since the last look
// and before the next file, and returns all rotated files up to that. Those
// behind it, when it has been rotated itself by now, come with the next look.
// Names move while they are read, so it begins again until each name led to the
// file that was listed under it.
func (f *follower) between(next identity, before checkpoint) []sibling {
	for {
		beside := stableSiblings(f.target.Path)
		if at := slices.IndexFunc(beside, func(b sibling) bool { return b.id == next }); at >= 0 {
			beside = beside[:at+1]
		}
		stable := true
		for _, b := range beside {
			if !f.seen[b.id] && b.id != next && !f.isDraining(b.id) {
				stable = stable && f.drainUnseen(b, before)
			}
		}
		if stable || f.ctx.Err() != nil {
			return beside
		}
	}
}

// drainUnseen takes a rotated file into draining, unless it is a copy of what
// was read. It is false when the name leads elsewhere by now.
func (f *follower) drainUnseen(b sibling, before checkpoint) bool {
	s, err := openSource(b.path)
	if err != nil {
		return !os.IsNotExist(err)
	}
	if s.id != b.id {
		s.close()
		return false
	}
	if before.Offset > 0 && s.holds(before) {
		s.close()
		return true
	}
	f.draining = append(f.draining, s)
	return true
}

func (f *follower) isDraining(id identity) bool {
	return slices.ContainsFunc(f.draining, func(s *source) bool { return s.id == id })
}

// remember notes the rotated files that need not be read again.
func (f *follower) remember(beside []sibling) {
	clear(f.seen)
	for _, b := range beside {
		f.seen[b.id] = true
	}
}

// truncated starts the current file anew, after reading the rest of a copy that
// was made before the truncation.
func (f *follower) truncated() {
	c := f.current.checkpoint()
	beside := siblings(f.target.Path)
	if c.Offset > 0 {
		if _, s := f.search(c, beside); s != nil {
			f.goOn(s, c)
			f.draining = append(f.draining, s)
			f.current.split = splitter{}
		}
	}
	if len(f.current.split.partial) > 0 {
		f.current.split.flush(f.emit)
		f.hand()
	}
	f.current.seek(0)
	f.remember(beside)
	f.happened(sdk.EventLogRotated, f.target.Path+" was truncated")
}
