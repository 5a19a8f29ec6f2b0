package txn_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/refusal"
)

const edit = "typed by a person\n"

// edits are the ways in which somebody else changes the file at path. What a reader then finds there is wanted later.
var edits = map[string]func(path string) error{
	"in place": func(path string) error { return os.WriteFile(path, []byte(edit), 0o644) },
	"by rename": func(path string) error {
		if err := os.WriteFile(path+".tmp", []byte(edit), 0o600); err != nil {
			return err
		}
		return os.Rename(path+".tmp", path)
	},
	"deleted": func(path string) error {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	},
}

// found is what a reader finds at path, "nothing" included.
func found(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "nothing"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestOutsideEditInEachGapIsNeverLost edits each file of a change before each operation of act, and expects the edit to
// be there after act, after recovery, and after a rollback.
func TestOutsideEditInEachGapIsNeverLost(t *testing.T) {
	points, kept := 0, 0
	for _, act := range []struct {
		name  string
		setup func(site)
		run   func(site, atomicfile.Gate) error
	}{{"apply", fresh, apply}, {"rollback", applied, rollback}} {
		n := operations(t, act.setup, act.run)
		for how, change := range edits {
			for _, rel := range []string{"a.conf", "sub/b.conf"} {
				for i := 1 + points%stride(17); i <= n; i += stride(17) {
					s := newSite(t, t.TempDir())
					act.setup(s)
					path := filepath.Join(s.root, rel)
					_ = act.run(s, callAt(i, func() {
						if err := change(path); err != nil {
							t.Error(err)
						}
					}))
					points++
					kept += s.wantEdit(fmt.Sprintf("%s edited %s before operation %d of %s", rel, how, i, act.name), path, how)
				}
			}
		}
	}
	t.Logf("%d gaps, %d edits lost", points, points-kept)
}

// wantEdit fails if the edit is not at path, now and after all that can happen to the change. It returns 1 if it was.
func (s site) wantEdit(when, path, how string) int {
	want := edit
	if how == "deleted" {
		want = "nothing"
	}
	for _, then := range []func(){
		func() {}, func() { s.recover(when) }, func() { _ = rollback(s, nil) }, func() { s.recover(when) },
	} {
		then()
		if got := found(s.t, path); got != want {
			s.t.Errorf("%s: got %q, want %q", when, got, want)
			return 0
		}
	}
	return 1
}

func TestR19EditDuringTheWatchIsKeptAndNamedAndTheRestIsRestored(t *testing.T) {
	s := newSite(t, t.TempDir())
	before := snapshot(t, s.root)
	s.apply(nil)
	edited := filepath.Join(s.root, "a.conf")
	if err := os.WriteFile(edited, []byte(edit), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := s.engine(nil).Rollback("mod_1")
	if err != nil || len(r.Conflicts) != 1 || r.Conflicts[0].Path != "a.conf" || r.Conflicts[0].Found == "" {
		t.Errorf("got %+v, %v, want one conflict on a.conf", r, err)
	}
	if got := found(t, edited); got != edit {
		t.Errorf("a.conf: got %q, want the edit", got)
	}
	after := snapshot(t, s.root)
	after["a.conf"] = before["a.conf"]
	if d := diff(after, before); d != "" {
		t.Errorf("the rest: %s", d)
	}
}

func TestFileThatAppearsInANewFolderIsKept(t *testing.T) {
	s := newSite(t, t.TempDir())
	s.apply(nil)
	path := filepath.Join(s.root, "fresh/notes")
	if err := os.WriteFile(path, []byte(edit), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := s.engine(nil).Rollback("mod_1")
	if err != nil || len(r.Conflicts) != 1 || r.Conflicts[0].Path != "fresh" || found(t, path) != edit {
		t.Errorf("got %+v, %v and %q, want a conflict on fresh and the file kept", r, err, found(t, path))
	}
}

// TestWriterWithAnOldDescriptorLosesNothing writes to the replaced file through a descriptor that was open before.
func TestWriterWithAnOldDescriptorLosesNothing(t *testing.T) {
	for _, confirmed := range []string{"confirm", "rollback"} {
		s := newSite(t, t.TempDir())
		f, err := os.OpenFile(filepath.Join(s.root, "a.conf"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.apply(nil)
		if _, err := f.WriteString(edit); err != nil {
			t.Fatal(err)
		}
		f.Close()
		end := map[string]func(string) (txn.Result, error){"confirm": s.engine(nil).Confirm, "rollback": s.engine(nil).Rollback}[confirmed]
		r, err := end("mod_1")
		if err != nil {
			t.Fatal(err)
		}
		if confirmed == "rollback" {
			if got := found(t, filepath.Join(s.root, "a.conf")); got != "old a\n"+edit {
				t.Errorf("after rollback: got %q, want the old content with the edit", got)
			}
			continue
		}
		if len(r.Conflicts) != 1 || found(t, r.Conflicts[0].Kept) != "old a\n"+edit {
			t.Errorf("after confirm: got %+v, want the written file kept apart", r)
		}
	}
}

func TestAuthorWhoSawSomethingElseIsRefused(t *testing.T) {
	for name, base := range map[string]*txn.Base{"another content": {Sum: strings.Repeat("0", 64)}, "nothing": {Absent: true}} {
		s := newSite(t, t.TempDir())
		before := snapshot(t, s.root)
		_, err := s.engine(nil).Apply(txn.Change{ID: "x", Root: s.root, Ops: []txn.Op{
			{Kind: txn.Write, Path: "sub/b.conf", Data: []byte("new")},
			{Kind: txn.Write, Path: "a.conf", Data: []byte("new"), Base: base},
		}})
		var list refusal.List
		if !errors.As(err, &list) || len(list) != 1 || list[0].Rule != "base.changed" {
			t.Errorf("author saw %s: got %v, want one refusal by base.changed", name, err)
		}
		s.wantFiles("after the refusal", before)
		s.wantTidy("after the refusal")
	}
}

func TestR08FailingRollbackIsTriedABoundedNumberOfTimes(t *testing.T) {
	s := newSite(t, t.TempDir())
	_ = apply(s, failpoint.KillAt(renames(t)[3]))
	tries := 0
	for range 2 * txn.MaxAttempts {
		gate := &failAlways{name: "renameat2"}
		rs, err := s.engine(gate).Recover([]string{s.root})
		if err == nil || len(rs) != 1 || rs[0].State != txn.Stuck || rs[0].Problem == "" {
			t.Fatalf("got %+v, %v, want stuck with a problem", rs, err)
		}
		tries += min(gate.met, 1)
	}
	if tries != txn.MaxAttempts {
		t.Errorf("undoing was tried %d times, want %d", tries, txn.MaxAttempts)
	}
}

// failAlways fails every operation of a name.
type failAlways struct {
	name string
	met  int
}

// Enter implements atomicfile.Gate.
func (f *failAlways) Enter(op atomicfile.Op) error {
	if op.Name != f.name {
		return nil
	}
	f.met++
	return os.ErrPermission
}
