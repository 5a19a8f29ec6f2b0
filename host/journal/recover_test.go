package journal

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
)

// recordTime is the time of records in tests that do not measure it.
var recordTime = time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)

// lastSegment returns the name and content of the newest segment.
func lastSegment(content files) (string, []byte) {
	names := slices.Sorted(maps.Keys(content))
	last := names[len(names)-2] // the last of all is the head file
	return last, content[last]
}

// reopened puts the files into a folder, opens it, and returns the findings and the head before anything was added.
func reopened(t *testing.T, content files) (string, *Journal) {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, content)
	return dir, open(t, dir, Options{SegmentBytes: 700})
}

func TestLineThatACrashLeftIsCutAndRecorded(t *testing.T) {
	whole := written(t, 8)
	name, text := lastSegment(whole)
	for _, rest := range []string{"{", `{"seq":9,"time":"2026`, "\x00\x00\x00", "\n", strings.Repeat("x", MaxRecord+9), "garbage\nand more\n"} {
		dir, j := reopened(t, whole.with(name, append(bytes.Clone(text), rest...)))
		found := j.Findings()
		if len(found) != 1 || found[0].Kind != FindingRepaired || found[0].File != name {
			t.Fatalf("%.20q: got findings %+v, want one repair of %s", rest, found, name)
		}
		records, err := j.Tail(1)
		if err != nil || len(records) != 1 || records[0].Seq != 9 || records[0].Kind != FindingRepaired {
			t.Errorf("%.20q: got %+v and %v, want record 9 that tells of the repair", rest, records, err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		mustBeWhole(t, dir, 9)
	}
}

func TestSegmentThatACrashLeftWithoutARecordIsRemoved(t *testing.T) {
	whole := written(t, 8)
	for _, rest := range []string{"", `{"seq":9,`} {
		dir, j := reopened(t, whole.with(segmentName(9), []byte(rest)))
		if found := j.Findings(); len(found) != 1 || found[0].Kind != FindingRepaired {
			t.Errorf("%q: got findings %+v, want one repair", rest, found)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		mustBeWhole(t, dir, 9)
	}
}

func TestDamageIsKeptAndSteppedOver(t *testing.T) {
	whole := written(t, 8)
	name, text := lastSegment(whole)
	flipped := bytes.Clone(text)
	flipped[10] ^= 1
	withoutLast, withoutHead := maps.Clone(whole), maps.Clone(whole)
	delete(withoutLast, name)
	delete(withoutHead, headFile)
	onlyHead := files{headFile: whole[headFile]}
	for what, content := range map[string]files{
		"flipped":          whole.with(name, flipped),
		"truncated":        whole.with(name, text[:len(text)-5]),
		"emptied":          whole.with(name, nil),
		"segment removed":  withoutLast,
		"head removed":     withoutHead,
		"head edited":      whole.with(headFile, []byte("{}\n")),
		"all but the head": onlyHead,
		"head and tail":    withoutHead.with(name, text[:len(text)-5]),
	} {
		dir, j := reopened(t, content)
		found := j.Findings()
		if len(found) != 1 || found[0].Kind != FindingBroken {
			t.Errorf("%s: got findings %+v, want one break", what, found)
		}
		added := add(t, j, 3)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		report, err := Verify(dir)
		if err != nil || report.Broken == nil && what != "head removed" && what != "head edited" {
			t.Errorf("%s: got %+v and %v after going on, want the old break", what, report, err)
		}
		again, err := Open(dir, Options{})
		if err != nil || len(again.Findings()) != 0 || again.Head() != added[2].head() {
			t.Fatalf("%s: got findings %v and %v at the next start, want none and head %d", what, again.Findings(), err, added[2].Seq)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// script opens a journal, appends records one by one, closes it, and returns the highest number it was told is durable.
func script(dir string, ops atomicfile.Ops) uint64 {
	told := uint64(0)
	for range 2 {
		j, err := Open(dir, Options{SegmentBytes: 500, Ops: ops})
		if err != nil {
			return told
		}
		for range 3 {
			if r, err := j.Append(context.Background(), Entry{Actor: "a", Kind: "k"}); err == nil {
				told = r.Seq
			}
		}
		_ = j.Close()
	}
	return told
}

// fewestOperations is less than the script does; how many exactly depends on when the head file is saved.
const fewestOperations = 30

func TestStopAtEveryFileOperationLosesNothingThatWasTold(t *testing.T) {
	for n := 1; ; n++ {
		dir, gate := t.TempDir(), failpoint.KillAt(n)
		told := script(dir, atomicfile.Ops{Gate: gate})
		if !gate.Reached() {
			if n <= fewestOperations {
				t.Errorf("got %d operations, want more than %d", n-1, fewestOperations)
			}
			return
		}
		j := open(t, dir, Options{})
		for _, f := range j.Findings() {
			if f.Kind == FindingBroken {
				t.Errorf("killed at %d, %v: got %+v, want no break", n, gate.Seen()[n-1], f)
			}
		}
		if report, err := j.Verify(); err != nil || report.Broken != nil || report.Records < told {
			t.Errorf("killed at %d, %v: got %+v and %v, want at least %d whole records", n, gate.Seen()[n-1], report, err, told)
		}
	}
}

func TestOneFailedOperationLeavesAJournalThatGoesOn(t *testing.T) {
	for _, errno := range []error{syscall.ENOSPC, syscall.EIO} {
		for n, reached := 1, true; reached; n++ {
			dir := t.TempDir()
			gate := failpoint.FailAt(n, errno)
			told := script(dir, atomicfile.Ops{Gate: gate})
			if reached = gate.Reached(); !reached && n <= fewestOperations {
				t.Errorf("got %d operations, want more than %d", n-1, fewestOperations)
			}
			j := open(t, dir, Options{})
			add(t, j, 1)
			if report, err := j.Verify(); err != nil || report.Broken != nil || report.Records <= told {
				t.Errorf("%v at %d: got %+v and %v, want more than %d whole records", errno, n, report, err, told)
			}
		}
	}
}

func TestFullDiskIsAnErrorOfOneRecord(t *testing.T) {
	for name, c := range map[string]struct {
		op       string
		lasts    bool
		sentence string
	}{"write": {"write", false, "no space left"}, "sync": {"fsync", true, "look at the disk"}} {
		gate := &failOnce{}
		j := open(t, t.TempDir(), Options{Ops: atomicfile.Ops{Gate: gate}})
		add(t, j, 1)
		gate.arm(c.op)
		_, err := j.Append(context.Background(), Entry{Actor: "a", Kind: "k"})
		if err == nil || !strings.Contains(err.Error(), c.sentence) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: got %v, want the disk's error", name, err)
		}
		_, err = j.Append(context.Background(), Entry{Actor: "a", Kind: "k"})
		if (err != nil) != c.lasts {
			t.Errorf("%s: the next record got %v, want an error: %t", name, err, c.lasts)
		}
	}
}

func TestLinkInPlaceOfASegmentIsNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(outside, []byte("text\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, segmentName(1))); err != nil {
		t.Fatal(err)
	}
	if j, err := Open(dir, Options{}); err == nil {
		t.Errorf("got a journal with head %v, want an error", j.Head())
	}
}
