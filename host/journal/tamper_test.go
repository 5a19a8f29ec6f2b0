package journal

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// files is the content of a journal's folder by name.
type files map[string][]byte

// written returns the files of a closed journal with n records in several segments.
func written(t *testing.T, n int) files {
	t.Helper()
	dir := t.TempDir()
	j, err := Open(dir, Options{SegmentBytes: 700})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		entry := Entry{Actor: "uid:0", Kind: "change.applied", Fields: map[string]any{"path": fmt.Sprintf("/etc/é%d", i), "ok": true}}
		if _, err := j.Append(context.Background(), entry); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return readFiles(t, dir)
}

func readFiles(t *testing.T, dir string) files {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := files{}
	for _, e := range entries {
		if out[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// fatal is what the helpers need of *testing.T and *rapid.T.
type fatal interface {
	Helper()
	Fatal(args ...any)
}

// put makes dir hold exactly the given files.
func put(t fatal, dir string, content files) {
	t.Helper()
	old, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range old {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// with returns a copy in which one file is replaced.
func (f files) with(name string, text []byte) files {
	out := maps.Clone(f)
	out[name] = text
	return out
}

// brokenAt verifies the files and returns the first break, which must exist.
func brokenAt(t *testing.T, dir string, content files) Broken {
	t.Helper()
	put(t, dir, content)
	report, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	if report.Broken == nil {
		return Broken{}
	}
	return *report.Broken
}

func TestEveryFlippedByteIsFoundInItsLine(t *testing.T) {
	whole, dir := written(t, 8), t.TempDir()
	for name, text := range whole {
		for i := range text {
			edited := bytes.Clone(text)
			edited[i] ^= byte(1 << (i % 8))
			got := brokenAt(t, dir, whole.with(name, edited))
			line := 1 + bytes.Count(text[:i], []byte("\n"))
			if name == headFile {
				// An edited head is found as such, or by the record that it no longer fits.
				if got.Reason == "" {
					t.Errorf("%s byte %d: nothing found", name, i)
				}
				continue
			}
			if got.File != name || got.Line != line {
				t.Errorf("%s byte %d: got %+v, want line %d", name, i, got, line)
			}
		}
	}
}

func TestEveryCutByteIsFound(t *testing.T) {
	whole, dir := written(t, 8), t.TempDir()
	for name, text := range whole {
		for i := range text {
			if got := brokenAt(t, dir, whole.with(name, slices.Delete(bytes.Clone(text), i, i+1))); got.Reason == "" {
				t.Errorf("%s: byte %d cut, nothing found", name, i)
			}
			if got := brokenAt(t, dir, whole.with(name, bytes.Clone(text[:i]))); got.Reason == "" {
				t.Errorf("%s: truncated to %d bytes, nothing found", name, i)
			}
		}
	}
}

func TestRemovedAndReorderedRecordsAreNamed(t *testing.T) {
	whole, dir := written(t, 8), t.TempDir()
	for name, text := range whole {
		if name == headFile {
			continue
		}
		lines := bytes.SplitAfter(text, []byte("\n"))
		lines = lines[:len(lines)-1]
		for i := range lines {
			removed := brokenAt(t, dir, whole.with(name, bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil)))
			if removed.Seq == 0 {
				t.Errorf("%s line %d removed: got %+v, want a record named", name, i+1, removed)
			}
			doubled := brokenAt(t, dir, whole.with(name, bytes.Join(slices.Insert(slices.Clone(lines), i, lines[i]), nil)))
			if doubled.File != name || doubled.Line != i+2 {
				t.Errorf("%s line %d doubled: got %+v, want line %d", name, i+1, doubled, i+2)
			}
			swapped := slices.Clone(lines)
			other := (i + 1) % len(lines)
			swapped[i], swapped[other] = swapped[other], swapped[i]
			if got := brokenAt(t, dir, whole.with(name, bytes.Join(swapped, nil))); len(lines) > 1 && (got.File != name || got.Line != min(i, other)+1) {
				t.Errorf("%s lines %d and %d swapped: got %+v, want the first of them", name, i+1, other+1, got)
			}
		}
	}
}

func TestRemovedRenamedAndAddedFilesAreFound(t *testing.T) {
	whole, dir := written(t, 8), t.TempDir()
	for name, text := range whole {
		removed := maps.Clone(whole)
		delete(removed, name)
		if got := brokenAt(t, dir, removed); got.Reason == "" {
			t.Errorf("%s removed: nothing found", name)
		}
		renamed := maps.Clone(removed)
		renamed["00000000000000000077"+segmentSuffix] = text
		if got := brokenAt(t, dir, renamed); got.Reason == "" {
			t.Errorf("%s renamed: nothing found", name)
		}
		strange := maps.Clone(removed)
		strange["7"+segmentSuffix] = text
		if got := brokenAt(t, dir, strange); got.File != "7"+segmentSuffix {
			t.Errorf("%s under a strange name: got %+v, want the name", name, got)
		}
	}
}

func TestAnyMixOfEditsIsFound(t *testing.T) {
	whole, dir := written(t, 6), t.TempDir()
	names := slices.Sorted(maps.Keys(whole))
	rapid.Check(t, func(t *rapid.T) {
		edited := maps.Clone(whole)
		for range rapid.IntRange(1, 3).Draw(t, "edits") {
			name := rapid.SampledFrom(names).Draw(t, "file")
			edited[name] = edit(t, edited[name])
		}
		put(t, dir, edited)
		report, err := Verify(dir)
		if err != nil {
			t.Fatal(err)
		}
		if same := maps.EqualFunc(whole, edited, bytes.Equal); same != (report.Broken == nil) {
			t.Errorf("got %v, want a break only where something was edited (unedited: %t)", report.Broken, same)
		}
	})
}

// edit replaces, inserts, removes or moves a few bytes.
func edit(t *rapid.T, text []byte) []byte {
	from := rapid.IntRange(0, len(text)).Draw(t, "from")
	to := min(len(text), from+rapid.IntRange(0, 300).Draw(t, "length"))
	part := bytes.Clone(text[from:to])
	rest := slices.Delete(bytes.Clone(text), from, to)
	if rapid.Bool().Draw(t, "move") {
		return slices.Insert(rest, rapid.IntRange(0, len(rest)).Draw(t, "at"), part...)
	}
	return slices.Insert(rest, from, rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "bytes")...)
}

func TestChainWrittenAnewIsFoundByAnAnchorAlone(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	add(t, j, 5)
	anchor := j.Head()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeWhole(t, dir, 5, anchor)
	put(t, dir, written(t, 9))
	mustBeWhole(t, dir, 9)
	if report, err := Verify(dir, anchor); err != nil || report.Broken == nil || report.Broken.Seq != 5 {
		t.Errorf("written anew: got %+v and %v, want a break at record 5", report, err)
	}
	put(t, dir, written(t, 3))
	if report, err := Verify(dir, anchor); err != nil || report.Broken == nil || !strings.Contains(report.Broken.Reason, "there was a record 5") {
		t.Errorf("cut with its head: got %+v and %v, want records missing", report, err)
	}
}

// FuzzParseLine checks that a line is either refused or exactly what the journal would write for its content.
func FuzzParseLine(f *testing.F) {
	p, err := prepare(Entry{Actor: "a", Kind: "k", Fields: map[string]any{"x": "<&>\u2028", "n": 1.5}})
	if err != nil {
		f.Fatal(err)
	}
	line, _, err := p.line(start(), recordTime)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimSpace(line))
	f.Add([]byte(`{"seq":1` + sealOpen + genesis + sealClose))
	f.Add([]byte(sealOpen + genesis + sealClose))
	f.Fuzz(func(t *testing.T, line []byte) {
		record, err := parseLine(line)
		if err == nil && (record.Seq == 0 || !strings.HasSuffix(string(line), record.Hash+sealClose)) {
			t.Errorf("got %+v from %q, want a number and the hash of the line", record, line)
		}
	})
}
