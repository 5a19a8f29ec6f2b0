package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
)

// open opens the journal in dir and closes it at the end of the test.
func open(t *testing.T, dir string, options Options) *Journal {
	t.Helper()
	j, err := Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// add appends n entries and returns their records.
func add(t *testing.T, j *Journal, n int) []Record {
	t.Helper()
	list := make([]Record, n)
	for i := range list {
		r, err := j.Append(context.Background(), Entry{Actor: "test", Kind: "counted", Fields: map[string]any{"i": i}})
		if err != nil {
			t.Fatal(err)
		}
		list[i] = r
	}
	return list
}

// mustBeWhole fails unless the journal in dir verifies with n records.
func mustBeWhole(t *testing.T, dir string, n int, anchors ...Head) {
	t.Helper()
	report, err := Verify(dir, anchors...)
	if err != nil || report.Broken != nil || report.Records != uint64(n) {
		t.Errorf("Verify: got %d records, %v, %v, want %d whole ones", report.Records, report.Broken, err, n)
	}
}

func TestRecordsAreChainedAndReadBack(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{SegmentBytes: 700})
	want := add(t, j, 20)
	got, err := j.Records(0, 100)
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d records and %v, want %d", len(got), err, len(want))
	}
	prev := genesis
	for i, r := range got {
		if r.Seq != uint64(i+1) || r.Prev != prev || r.Hash != want[i].Hash || r.Fields["i"] != float64(i) {
			t.Errorf("record %d: got %+v, want number %d after %s", i, r, i+1, prev)
		}
		prev = r.Hash
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix)); len(files) < 3 {
		t.Errorf("got %d segments, want several, because each holds 700 bytes", len(files))
	}
}

func TestPartsAreReadByNumber(t *testing.T) {
	j := open(t, t.TempDir(), Options{SegmentBytes: 700})
	add(t, j, 20)
	for _, c := range []struct {
		from        uint64
		limit       int
		first, last uint64
	}{{1, 1, 1, 1}, {5, 3, 5, 7}, {19, 9, 19, 20}, {20, 1, 20, 20}, {21, 5, 0, 0}, {3, 0, 0, 0}} {
		got, err := j.Records(c.from, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		first, last := ends(got)
		if first != c.first || last != c.last {
			t.Errorf("from %d, limit %d: got %d to %d, want %d to %d", c.from, c.limit, first, last, c.first, c.last)
		}
	}
}

func ends(list []Record) (first, last uint64) {
	if len(list) == 0 {
		return 0, 0
	}
	return list[0].Seq, list[len(list)-1].Seq
}

func TestTailIsReadWithAndWithoutOpening(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{SegmentBytes: 700})
	add(t, j, 20)
	for n, want := range map[int]uint64{1: 20, 3: 18, 20: 1, 99: 1} {
		open, err := j.Tail(n)
		if first, last := ends(open); err != nil || first != want || last != 20 {
			t.Errorf("Tail(%d): got %d to %d and %v, want %d to 20", n, first, last, err, want)
		}
		closed, err := ReadTail(dir, n)
		if first, last := ends(closed); err != nil || first != want || last != 20 {
			t.Errorf("ReadTail(%d): got %d to %d and %v, want %d to 20", n, first, last, err, want)
		}
	}
}

func TestJournalGoesOnAfterReopening(t *testing.T) {
	dir := t.TempDir()
	for range 5 {
		j, err := Open(dir, Options{SegmentBytes: 500})
		if err != nil {
			t.Fatal(err)
		}
		if f := j.Findings(); len(f) > 0 {
			t.Errorf("got findings %v after an orderly close, want none", f)
		}
		add(t, j, 3)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	mustBeWhole(t, dir, 15)
}

func TestManyWritersShareOneChain(t *testing.T) {
	j := open(t, t.TempDir(), Options{SegmentBytes: 4 << 10})
	const writers, each = 16, 25
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			last := uint64(0)
			for i := range each {
				r, err := j.Append(context.Background(), Entry{Actor: fmt.Sprint("writer-", w), Kind: "counted", Fields: map[string]any{"i": i}})
				if err != nil || r.Seq <= last {
					t.Errorf("writer %d: got number %d after %d, and %v", w, r.Seq, last, err)
				}
				last = r.Seq
			}
		})
	}
	group.Wait()
	if report, err := j.Verify(); err != nil || report.Broken != nil || report.Records != writers*each {
		t.Errorf("Verify while open: got %+v and %v, want %d whole records", report, err, writers*each)
	}
}

func TestRecordsThatWaitForADiskShareOneWrite(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		gate := &held{name: "write", release: make(chan struct{})}
		j := open(t, dir, Options{Ops: atomicfile.Ops{Gate: gate}})
		const writers = 16
		var group sync.WaitGroup
		for range writers {
			group.Go(func() { add(t, j, 1) })
		}
		synctest.Wait()
		close(gate.release)
		group.Wait()
		if got := gate.count.Load(); got != 2 {
			t.Errorf("got %d writes, want 2: the one that was held, and one for the %d records behind it", got, writers-1)
		}
	})
}

func TestAppendAnswersAndShowsOnlyWhatIsSynced(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		gate := &held{name: "fsync", release: make(chan struct{})}
		j := open(t, dir, Options{Ops: atomicfile.Ops{Gate: gate}})
		var answered atomic.Bool
		var group sync.WaitGroup
		group.Go(func() {
			add(t, j, 1)
			answered.Store(true)
		})
		synctest.Wait()
		if gate.count.Load() != 1 || answered.Load() || j.Head().Seq != 0 {
			t.Errorf("during the sync: got answered %t and head %d, want neither yet", answered.Load(), j.Head().Seq)
		}
		close(gate.release)
		group.Wait()
		if j.Head().Seq != 1 {
			t.Errorf("after the sync: got head %d, want 1", j.Head().Seq)
		}
	})
}

func TestNewSegmentIsInItsFolderBeforeItIsWritten(t *testing.T) {
	dir := t.TempDir()
	gate := failpoint.Count()
	j := open(t, dir, Options{Ops: atomicfile.Ops{Gate: gate}})
	add(t, j, 1)
	var got []string
	for _, op := range gate.Seen() {
		if op.Path == filepath.Join(dir, segmentName(1)) || op.Name == "fsync" && op.Path == dir {
			got = append(got, op.Name)
		}
	}
	// The first fsync is of the folder for the first head file.
	want := []string{"fsync", "openat", "fsync", "write", "fsync"}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("got %v, want them to begin with %v", got, want)
	}
}

func TestFollowYieldsOldAndNewRecordsUntilClose(t *testing.T) {
	j := open(t, t.TempDir(), Options{SegmentBytes: 700})
	add(t, j, 5)
	seen := make(chan uint64)
	var group sync.WaitGroup
	group.Go(func() {
		defer close(seen)
		for r, err := range j.Follow(context.Background(), 3) {
			if err != nil {
				t.Error(err)
			}
			seen <- r.Seq
		}
	})
	for want := uint64(3); want <= 5; want++ {
		if got := <-seen; got != want {
			t.Errorf("old: got record %d, want %d", got, want)
		}
	}
	add(t, j, 1)
	if got := <-seen; got != 6 {
		t.Errorf("new: got record %d, want 6", got)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if extra, ok := <-seen; ok {
		t.Errorf("got record %d after close, want the end", extra)
	}
	group.Wait()
}

func TestFollowEndsWithItsContext(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for r := range j.Follow(ctx, 1) {
		t.Errorf("got record %d, want none", r.Seq)
	}
}

func TestEntriesThatDoNotFitAreRefused(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	for name, e := range map[string]Entry{
		"no actor":  {Kind: "k"},
		"no kind":   {Actor: "a"},
		"too large": {Actor: "a", Kind: "k", Fields: map[string]any{"text": strings.Repeat("x", MaxRecord)}},
		"long kind": {Actor: "a", Kind: strings.Repeat("\x00", MaxRecord/6)},
		"no JSON":   {Actor: "a", Kind: "k", Fields: map[string]any{"f": func() {}}},
	} {
		if r, err := j.Append(context.Background(), e); err == nil {
			t.Errorf("%s: got record %d, want an error", name, r.Seq)
		}
	}
	if head := j.Head(); head.Seq != 0 {
		t.Errorf("got head %d after refusals, want 0", head.Seq)
	}
}

func TestAppendAfterCloseIsRefused(t *testing.T) {
	j, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(context.Background(), Entry{Actor: "a", Kind: "k"}); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestFilesAreTheDaemonsAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	j := open(t, dir, Options{})
	add(t, j, 1)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v and %v, want 0600", e.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: got %v and %v, want 0700", info.Mode(), err)
	}
}
