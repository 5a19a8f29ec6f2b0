package observe

import (
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/observe/follow"
	"github.com/homeostat/homeostat/host/observe/loglevel"
	"github.com/homeostat/homeostat/sdk"
)

const (
	// pressBytes of log lines push a window, so that a flood is read before it
	// falls off the tape.
	pressBytes = 2 << 20
	// erringTicks is for how many samples after the last error line windows are
	// still pushed, so that a detector sees the burst end as well.
	erringTicks = 5
)

// positions names the file that keeps the positions in log files.
func positions(dir string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "log-positions.json")
}

func logFiles(components []Component) []follow.Target {
	var out []follow.Target
	for _, c := range components {
		for _, path := range c.Logs {
			out = append(out, follow.Target{Component: c.Name, Path: filepath.Clean(path)})
		}
	}
	return out
}

// logBook takes what the followers read, puts it on the tape and counts.
type logBook struct {
	observer *Observer

	mu     sync.Mutex
	counts map[string]*logCount
}

// logCount is what was read of one component's logs since the last sample.
type logCount struct {
	lines, errors int
	bytes         int
	since         time.Time
	calm          int // samples since the last error
}

func newLogBook(o *Observer) *logBook { return &logBook{observer: o, counts: map[string]*logCount{}} }

// Lines takes lines in.
func (b *logBook) Lines(component string, lines []sdk.LogLine) {
	errors, bytes := 0, 0
	for _, l := range lines {
		bytes += len(l.Text)
		if loglevel.IsError(l.Text) {
			errors++
		}
	}
	b.observer.tape.AddLines(readClocks(), component, lines)
	if b.count(component, len(lines), errors, bytes) {
		b.observer.push(component)
	}
}

// count adds to the counts and reports whether a window should be pushed.
func (b *logBook) count(component string, lines, errors, bytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts[component]
	if c == nil {
		c = &logCount{calm: erringTicks}
		b.counts[component] = c
	}
	c.lines += lines
	c.errors += errors
	c.bytes += bytes
	press := c.bytes >= pressBytes
	if press {
		c.bytes = 0
	}
	return press
}

// Happened puts a rotation or a loss on the tape.
func (b *logBook) Happened(component string, what sdk.EventType, text string) {
	b.observer.Event(sdk.Event{Time: time.Now(), Component: component, Type: what, Text: text})
}

// keep forgets all components but the named ones.
func (b *logBook) keep(names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name := range b.counts {
		if !slices.Contains(names, name) {
			delete(b.counts, name)
		}
	}
}

// rates returns the lines and error lines a second since the last call,
// negative at the first and for a component whose logs gave nothing yet.
func (b *logBook) rates(component string, now time.Time) (lines, errors float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts[component]
	if c == nil {
		return -1, -1
	}
	elapsed := now.Sub(c.since).Seconds()
	if c.since.IsZero() || elapsed <= 0 {
		elapsed = SampleInterval.Seconds()
	}
	lines, errors = float64(c.lines)/elapsed, float64(c.errors)/elapsed
	c.calm++
	if c.errors > 0 {
		c.calm = 0
	}
	c.lines, c.errors, c.since = 0, 0, now
	return lines, errors
}

// erring returns the components whose logs held errors in one of the last few
// samples. Errors are looked at with each sample and not only when the
// detection interval is over.
func (b *logBook) erring() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for name, c := range b.counts {
		if c.calm < erringTicks {
			out = append(out, name)
		}
	}
	return out
}
