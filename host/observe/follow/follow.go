// Package follow reads growing log files line by line, through rotation.
//
// It owns the position in each file, and keeps it across restarts. It does not
// judge lines and does not keep them. A Set has one goroutine for each file and
// one that hears of changes in their folders; Close waits for all.
//
// What is promised while the Set runs: each line is handed over once, in the
// order of its file, when files are rotated by renaming, however often, as long
// as the rotated file is still there uncompressed when the Set next looks: it
// looks at once where the kernel reports changes, else every second. After a
// restart each line that was added meanwhile is handed over, up to MaxBacklog;
// after a kill those of the last SaveInterval come a second time.
//
// What cannot be promised: a program that copies and truncates a file may lose
// lines itself between the two. Lines that were written between the last look
// and the truncation are read from the copy where there is one beside the file.
// A file that is truncated and grows beyond its old size between two looks is
// recognised by its content, and only as well as its first and last bytes
// differ.
package follow

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/sdk"
)

// Limits and intervals.
const (
	// MaxLine is the most bytes of one line; the rest of it is left out.
	MaxLine = 64 << 10
	// MaxBacklog is the most bytes of a file that are read after a restart;
	// what lies before is left out, with a gap.
	MaxBacklog = 64 << 20
	// SaveInterval is the time between two records of the positions.
	SaveInterval = 2 * time.Second

	rescanInterval = time.Second
	// lookPause is the least time between two looks at one file, so that a busy
	// writer does not wake us for each line.
	lookPause = 20 * time.Millisecond
)

// Sink receives what is read. Its methods are called from several goroutines,
// for one file from one; they must return soon.
type Sink interface {
	// Lines hands over lines in their order; Source and Text are set.
	Lines(component string, lines []sdk.LogLine)
	// Happened reports a rotation (sdk.EventLogRotated) or a loss (sdk.EventGap).
	Happened(component string, what sdk.EventType, text string)
}

// Target is one file to follow. It need not exist.
type Target struct {
	Component string
	Path      string
}

// Options are what a Set needs.
type Options struct {
	Log  hclog.Logger
	Sink Sink
	// StateFile keeps the positions; empty keeps none.
	StateFile string
}

// Set follows the files of all components.
type Set struct {
	opts   Options
	ctx    context.Context // the Set's own life
	cancel context.CancelFunc
	wait   sync.WaitGroup
	notify *fsnotify.Watcher // nil where the kernel has none left

	mu        sync.Mutex
	followers map[Target]*follower
	saved     checkpoints
}

// New returns a Set that follows nothing yet.
func New(opts Options) *Set {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Set{opts: opts, ctx: ctx, cancel: cancel, followers: map[Target]*follower{}, saved: checkpoints{}}
	if opts.StateFile != "" {
		s.saved = loadCheckpoints(opts.StateFile, opts.Log)
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		opts.Log.Warn("the kernel does not report changes of files, log files are looked at every second", "error", err)
	} else {
		s.notify = watcher
		s.spawn(s.listen)
	}
	s.spawn(s.save)
	return s
}

func (s *Set) spawn(f func()) {
	s.wait.Add(1)
	go func() {
		defer s.wait.Done()
		f()
	}()
}

// Apply sets the files that are followed. Files that stay are not disturbed.
func (s *Set) Apply(targets []Target) {
	wanted := map[Target]bool{}
	for _, t := range targets {
		wanted[t] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, f := range s.followers {
		if !wanted[t] {
			f.cancel()
			delete(s.followers, t)
		}
	}
	for t := range wanted {
		if s.followers[t] == nil {
			f := newFollower(s, t)
			s.followers[t] = f
			s.watchFolder(t.Path)
			s.spawn(f.run)
		}
	}
}

func (s *Set) watchFolder(path string) {
	if s.notify == nil {
		return
	}
	if err := s.notify.Add(filepath.Dir(path)); err != nil {
		s.opts.Log.Debug("folder of a log file cannot be watched, it is looked at every second", "path", path, "error", err)
	}
}

// listen wakes followers when something changes in their folders. It ends when
// the watcher is closed.
func (s *Set) listen() {
	again := time.NewTicker(5 * time.Second)
	defer again.Stop()
	for {
		select {
		case e, open := <-s.notify.Events:
			if !open {
				return
			}
			s.wake(e.Name)
		case err, open := <-s.notify.Errors:
			if !open {
				return
			}
			s.opts.Log.Debug("changes of files were missed, looking at all", "error", err)
			s.wake("")
		case <-again.C: // a folder may have been made, or made anew
			for _, t := range s.targets() {
				s.watchFolder(t.Path)
			}
		}
	}
}

func (s *Set) targets() []Target {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Target, 0, len(s.followers))
	for t := range s.followers {
		out = append(out, t)
	}
	return out
}

// wake wakes those who follow the file, or a file in its folder that has its
// name rotated; all when it is empty.
func (s *Set) wake(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, f := range s.followers {
		if path == "" || path == t.Path || filepath.Dir(path) == filepath.Dir(t.Path) && rotatedName(filepath.Base(t.Path), filepath.Base(path)) {
			f.wakeUp()
		}
	}
}

// Close stops following, records the positions and waits for every goroutine.
func (s *Set) Close() {
	s.cancel()
	if s.notify != nil {
		s.notify.Close()
	}
	s.wait.Wait()
	s.saveNow()
}

// save records the positions until the Set is closed.
func (s *Set) save() {
	ticker := time.NewTicker(SaveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-ticker.C:
			s.saveNow()
		}
	}
}

func (s *Set) saveNow() {
	if s.opts.StateFile == "" {
		return
	}
	s.mu.Lock()
	changed := false
	for t, f := range s.followers {
		if c := f.checkpoint(); c != nil && s.saved[t] != *c {
			s.saved[t] = *c
			changed = true
		}
	}
	var data []byte
	if changed {
		data = s.saved.encode()
	}
	s.mu.Unlock()
	if !changed {
		return
	}
	if err := writeFile(s.opts.StateFile, data); err != nil {
		s.opts.Log.Warn("positions in log files cannot be recorded, trying again", "error", err)
	}
}
