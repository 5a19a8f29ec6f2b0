// Package logsink turns what a plugin writes to its standard error into lines
// of the daemon's log.
//
// It owns the reading of a stranger's output: lines are bounded, the rate is
// bounded, control characters are made visible, JSON of hclog is understood
// and everything else is logged as it is. It keeps the last words of a plugin
// that died. It never stops reading, so a plugin cannot be blocked by its own
// noise. A Sink may read several streams at once.
package logsink

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/time/rate"
)

// The bounds on what one plugin may write into the log.
const (
	// MaxLine is the longest line that is kept; the rest of it is dropped.
	MaxLine = 64 << 10
	// LinesPerSecond may be written for long, Burst of them at once.
	LinesPerSecond = 50
	Burst          = 500
	// maxPairs is the most facts taken from one line of JSON.
	maxPairs = 32
	// maxShown bounds one message or fact in the log.
	maxShown = 4 << 10
)

// Sink is the log of one plugin.
type Sink struct {
	log     hclog.Logger
	limiter *rate.Limiter

	mu      sync.Mutex
	dropped int
	last    string
	fatal   string
}

// New makes a sink that writes to log.
func New(log hclog.Logger) *Sink {
	return &Sink{log: log, limiter: rate.NewLimiter(LinesPerSecond, Burst)}
}

// Read takes all lines of r until its end or an error.
func (s *Sink) Read(r io.Reader) {
	in := bufio.NewReaderSize(r, MaxLine)
	for {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		if len(line) > 0 {
			s.line(bytes.TrimRight(line, "\r\n"), time.Now())
		}
		if long {
			err = skipLine(in)
		}
		if err != nil {
			s.reportDropped()
			return
		}
	}
}

func skipLine(in *bufio.Reader) error {
	for {
		if _, err := in.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// LastWords is the line that explains the plugin's death best: the first line
// of a crash, else the last line that it wrote.
func (s *Sink) LastWords() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fatal != "" {
		return s.fatal
	}
	return s.last
}

// Forget drops the last words, before a new run of the plugin.
func (s *Sink) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.fatal = "", ""
}

func (s *Sink) line(line []byte, now time.Time) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	entry := parse(line)
	s.remember(entry)
	if !s.limiter.AllowN(now, 1) {
		s.mu.Lock()
		s.dropped++
		s.mu.Unlock()
		return
	}
	s.reportDropped()
	s.log.Log(entry.level, entry.message, entry.pairs...)
}

func (s *Sink) reportDropped() {
	s.mu.Lock()
	n := s.dropped
	s.dropped = 0
	s.mu.Unlock()
	if n > 0 {
		s.log.Warn("plugin writes too much, lines were dropped", "lines", n, "allowed_per_second", LinesPerSecond)
	}
}

func (s *Sink) remember(e entry) {
	const longest = 512
	words := e.message
	if len(words) > longest {
		words = strings.ToValidUTF8(words[:longest], "")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = words
	if s.fatal == "" && slices.ContainsFunc(deathCries, func(cry string) bool { return strings.HasPrefix(words, cry) }) {
		s.fatal = words
	}
}

// deathCries begin the first line that a dying Go program writes; what follows
// are stacks and registers.
var deathCries = []string{"panic: ", "fatal error: ", "runtime: ", "runtime/cgo: ", "SIGABRT: ", "SIGSEGV: "}

type entry struct {
	level   hclog.Level
	message string
	pairs   []any
}

// parse reads one line. It accepts everything: what is not a JSON object with
// text under "@message" is a message of its own.
func parse(line []byte) entry {
	plain := entry{level: hclog.Info, message: show(string(line))}
	if line[0] != '{' {
		return plain
	}
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		return plain
	}
	message, ok := fields["@message"].(string)
	if !ok {
		return plain
	}
	level, _ := fields["@level"].(string)
	out := entry{level: hclog.LevelFromString(level), message: show(message)}
	if out.level == hclog.NoLevel || out.level == hclog.Off {
		out.level = hclog.Info
	}
	out.pairs = pairs(fields)
	return out
}

func pairs(fields map[string]any) []any {
	var out []any
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if strings.HasPrefix(key, "@") {
			continue
		}
		if len(out) == 2*maxPairs {
			break
		}
		out = append(out, show(key), show(fmt.Sprint(fields[key])))
	}
	return out
}

// show bounds a stranger's text and makes its control characters harmless to a
// terminal.
func show(s string) string {
	if len(s) > maxShown {
		s = s[:maxShown] + "…"
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}
