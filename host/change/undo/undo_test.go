package undo_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/undo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLaterEditAndNothingToDoSpeakAgainstUndoing(t *testing.T) {
	r := record.Record{Paths: []record.Path{{Path: "a", Before: "1", After: "2"}, {Path: "b", Before: "absent", After: "3"}}}
	unreadable := errors.New("unreadable")
	for name, c := range map[string]struct {
		now  map[string]string
		want string
	}{
		"as the change left it":   {map[string]string{"a": "2", "b": "3"}, ""},
		"half undone by hand":     {map[string]string{"a": "1", "b": "3"}, ""},
		"edited":                  {map[string]string{"a": "9", "b": "3"}, "a was edited after it"},
		"removed":                 {map[string]string{"a": "absent", "b": "3"}, "a was edited after it"},
		"undone by hand":          {map[string]string{"a": "1", "b": "absent"}, "as they were before it"},
		"one that cannot be read": {map[string]string{"a": "2"}, "unreadable"},
	} {
		err := undo.Check(r, func(path string) (string, error) {
			if sum, ok := c.now[path]; ok {
				return sum, nil
			}
			return "", unreadable
		})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestEntriesBecomeEditsWithTheirBases(t *testing.T) {
	taker := undo.Taker{Bases: map[string]string{"a": "sum"}}
	for _, e := range []backup.Entry{{Path: ".", Kind: backup.Folder}, {Path: "a", Kind: backup.File, Mode: 0o640, UID: 7}, {Path: "b", Kind: backup.Absent}, {Path: "c", Kind: backup.Symlink, Target: "a"}} {
		if err := taker.Restore(t.Context(), e, bytes.NewReader([]byte("old"))); err != nil {
			t.Errorf("%s: %v", e.Path, err)
		}
	}
	if len(taker.Edits) != 3 {
		t.Fatalf("got %+v, want three edits: the root stays", taker.Edits)
	}
	a := taker.Edits[0]
	if a.Base != "sum" || a.Mode != "0640" || a.Dress.UID != 7 || string(a.Content) != "old" {
		t.Errorf("got %+v, want the file with its dress and base", a)
	}
	if taker.Edits[2].Target != "a" {
		t.Errorf("got %+v, want the link", taker.Edits[2])
	}
	if err := taker.Restore(t.Context(), backup.Entry{Path: "d", Kind: backup.File, HardLink: "a"}, nil); err == nil {
		t.Error("a hard link was taken")
	}
	large := bytes.NewReader(make([]byte, candidate.MaxBytes))
	if err := taker.Restore(t.Context(), backup.Entry{Path: "e", Kind: backup.File}, large); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("got %v, want to be told that it is too large", err)
	}
}

func TestWhatIsAsItShouldBeCountsForNothing(t *testing.T) {
	big := bytes.Repeat([]byte("x"), candidate.MaxBytes/2+1)
	file := func(name string) backup.Entry { return backup.Entry{Path: name, Kind: backup.File, Mode: 0o644} }
	taker := undo.Taker{Needs: func(e candidate.Edit) (bool, error) { return e.Path != "same" && e.Path != "also the same", nil }}
	for _, name := range []string{"same", "also the same", "other"} {
		if err := taker.Restore(t.Context(), file(name), bytes.NewReader(big)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := taker.Restore(t.Context(), file("too much"), bytes.NewReader(big)); err == nil || !strings.Contains(err.Error(), "in parts") {
		t.Errorf("got %v, want to be told to restore in parts", err)
	}
	if err := taker.Restore(t.Context(), file("small"), strings.NewReader("y")); err != nil {
		t.Errorf("got %v for a small file after one that was too much", err)
	}
	if len(taker.Edits) != 2 {
		t.Errorf("got %d edits, want other and small", len(taker.Edits))
	}
}
