package follow

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reader is a Sink that keeps all that it is given.
type reader struct {
	mu     sync.Mutex
	lines  []string
	events []sdk.EventType
	more   chan struct{}
}

func newReader() *reader { return &reader{more: make(chan struct{}, 1)} }

func (r *reader) changed() {
	select {
	case r.more <- struct{}{}:
	default:
	}
}

func (r *reader) Lines(_ string, lines []sdk.LogLine) {
	r.mu.Lock()
	for _, l := range lines {
		r.lines = append(r.lines, l.Text)
	}
	r.mu.Unlock()
	r.changed()
}

func (r *reader) Happened(_ string, what sdk.EventType, _ string) {
	r.mu.Lock()
	r.events = append(r.events, what)
	r.mu.Unlock()
	r.changed()
}

func (r *reader) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

func (r *reader) happened(what sdk.EventType) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.events {
		if e == what {
			n++
		}
	}
	return n
}

// await waits until as many lines have come as are wanted, and compares.
func (r *reader) await(t *testing.T, want []string) {
	t.Helper()
	limit := time.After(time.Minute)
	for len(r.got()) < len(want) {
		select {
		case <-r.more:
		case <-limit:
			t.Fatalf("got %d lines after a minute, want %d; %s", len(r.got()), len(want), difference(r.got(), want))
		}
	}
	if got := r.got(); !slices.Equal(got, want) {
		t.Fatalf("got %d lines, want %d: %s", len(got), len(want), difference(got, want))
	}
}

// difference counts what is missing, doubled or out of order.
func difference(got, want []string) string {
	count := map[string]int{}
	for _, l := range got {
		count[l]++
	}
	lost, doubled, first := 0, 0, ""
	for _, l := range want {
		if count[l] == 0 {
			lost++
			if first == "" {
				first = l
			}
		}
		doubled += max(0, count[l]-1)
	}
	return fmt.Sprintf("%d lost (first %.60q), %d doubled, in order %v", lost, first, doubled, slices.IsSorted(got))
}

type world struct {
	t     *testing.T
	path  string
	state string
	file  *os.File
	n     int
	want  []string
}

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	w := &world{t: t, path: filepath.Join(dir, "web.log"), state: filepath.Join(dir, "positions.json")}
	w.reopen()
	return w
}

func (w *world) reopen() {
	w.t.Helper()
	if w.file != nil {
		w.file.Close()
	}
	f, err := os.OpenFile(w.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	w.file = f
	w.t.Cleanup(func() { f.Close() })
}

// write appends numbered lines.
func (w *world) write(lines int) {
	w.t.Helper()
	for range lines {
		line := fmt.Sprintf("line %06d of a log with some text in it", w.n)
		w.n++
		if _, err := w.file.WriteString(line + "\n"); err != nil {
			w.t.Fatal(err)
		}
		w.want = append(w.want, line)
	}
}

// rotate renames the file to .1, .1 to .2 and so on, up to keep of them.
func (w *world) rotate(keep int) {
	w.t.Helper()
	for i := keep - 1; i >= 1; i-- {
		err := os.Rename(fmt.Sprintf("%s.%d", w.path, i), fmt.Sprintf("%s.%d", w.path, i+1))
		if err != nil && !os.IsNotExist(err) {
			w.t.Fatal(err)
		}
	}
	if err := os.Rename(w.path, w.path+".1"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) follow(r *reader) *Set {
	s := New(Options{Log: hclog.NewNullLogger(), Sink: r, StateFile: w.state})
	w.t.Cleanup(s.Close)
	s.Apply([]Target{{"web", w.path}})
	return s
}

func TestNoLineIsLostOrDoubledThroughManyRotations(t *testing.T) {
	w, r := newWorld(t), newReader()
	w.follow(r)
	w.write(1)
	r.await(t, w.want)
	for i := range 120 {
		w.write(150)
		w.rotate(200)
		if i%3 == 0 {
			w.write(40) // the program has not reopened its log yet
		}
		w.reopen()
		w.write(50)
	}
	if len(w.want) < 20_000 {
		t.Fatalf("only %d lines were written", len(w.want))
	}
	r.await(t, w.want)
	if r.happened(sdk.EventGap) > 0 {
		t.Error("a gap was reported although nothing was lost")
	}
}

func TestEachRotationIsFollowedWhenOnlyTwoFilesAreKept(t *testing.T) {
	w, r := newWorld(t), newReader()
	w.follow(r)
	for range 10 {
		w.write(100)
		r.await(t, w.want)
		w.rotate(2)
		w.reopen()
	}
	w.write(5)
	r.await(t, w.want)
}

func TestCopyAndTruncateLosesNothingThatIsInTheCopy(t *testing.T) {
	w, r := newWorld(t), newReader()
	w.follow(r)
	for i := range 20 {
		w.write(300)
		if i%2 == 0 {
			r.await(t, w.want)
		}
		data, err := os.ReadFile(w.path)
		if err != nil {
			t.Fatal(err)
		}
		os.Rename(w.path+".1", w.path+".2")
		if err := os.WriteFile(w.path+".1", data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(w.path, 0); err != nil {
			t.Fatal(err)
		}
		w.write(10)
		r.await(t, w.want)
	}
	if r.happened(sdk.EventLogRotated) == 0 {
		t.Error("no truncation was reported")
	}
}

func TestTruncatedFileThatHasGrownBeyondItsSizeIsRecognised(t *testing.T) {
	w, r := newWorld(t), newReader()
	s := w.follow(r)
	w.write(10)
	r.await(t, w.want)
	s.Close()
	if err := os.Truncate(w.path, 0); err != nil {
		t.Fatal(err)
	}
	w.write(50)
	again := newReader()
	w.follow(again)
	again.await(t, w.want[10:])
}

func TestFileWhoseHeadBecameAHoleGoesOn(t *testing.T) {
	w, r := newWorld(t), newReader()
	w.follow(r)
	w.write(2000)
	r.await(t, w.want)
	hole, err := os.OpenFile(w.path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer hole.Close()
	err = unix.Fallocate(int(hole.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 64<<10)
	if errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("this file system knows no holes")
	}
	if err != nil {
		t.Fatal(err)
	}
	w.write(10)
	r.await(t, w.want)
	if r.happened(sdk.EventLogRotated) > 0 {
		t.Error("a hole was taken for a truncation")
	}
}

func TestFileThatAppearsLaterIsReadFromItsBeginning(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "made", "later.log")
	r := newReader()
	s := New(Options{Log: hclog.NewNullLogger(), Sink: r})
	t.Cleanup(s.Close)
	s.Apply([]Target{{"web", path}})
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("first\nsecond\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.await(t, []string{"first", "second"})
}

func TestPipeIsNotFollowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := openSource(path); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("got %v, %v, want a refusal", s, err)
	}
}
