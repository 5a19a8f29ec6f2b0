package rescue_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/guard/rescue"
	"github.com/homeostat/homeostat/host/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine does transactions in this process.
type engine struct{ txn.Engine }

func (e engine) Apply(_ context.Context, c txn.Change) (txn.Result, error) { return e.Engine.Apply(c) }
func (e engine) Recover(_ context.Context, roots []string) ([]txn.Result, error) {
	return e.Engine.Recover(roots)
}
func (e engine) Rollback(_ context.Context, id string) (txn.Result, error) {
	return e.Engine.Rollback(id)
}

// house is a state folder and a folder with a file of the daemon's.
type house struct {
	t             *testing.T
	state, folder string
}

func newHouse(t *testing.T) house {
	t.Helper()
	dir := t.TempDir()
	h := house{t, filepath.Join(dir, "state"), filepath.Join(dir, "etc")}
	err := errors.Join(os.MkdirAll(rescue.Journals(h.state), 0o700), os.Mkdir(h.folder, 0o755),
		os.WriteFile(filepath.Join(h.folder, "config.toml"), []byte("old"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h house) engine(gate atomicfile.Gate) engine {
	return engine{txn.Engine{Journals: rescue.Journals(h.state), Ops: atomicfile.Ops{Gate: gate}}}
}

func (h house) rescue(files rescue.Files) rescue.Rescue {
	return rescue.Rescue{State: h.state, Files: files, Retry: time.Millisecond}
}

// apply writes "new" through e.
func (h house) apply(e engine, label string) error {
	_, err := e.Apply(h.t.Context(), txn.Change{
		ID: "mod_1", Root: h.folder, Label: label, Watch: time.Minute,
		Ops: []txn.Op{{Kind: txn.Write, Path: "config.toml", Data: []byte("new")}},
	})
	return err
}

func (h house) wants(content string) {
	h.t.Helper()
	got, err := os.ReadFile(filepath.Join(h.folder, "config.toml"))
	if err != nil || string(got) != content {
		h.t.Errorf("config.toml: got %q, %v, want %q", got, err, content)
	}
}

func TestUndoPutsTheOldFilesBackAndLeavesANoteAndARecord(t *testing.T) {
	h := newHouse(t)
	if err := h.apply(h.engine(nil), txn.LabelSelf); err != nil {
		t.Fatal(err)
	}
	r := h.rescue(h.engine(nil))
	notes, err := r.Undo(t.Context(), "it hung")
	if err != nil || len(notes) != 1 || notes[0].Change != "mod_1" || notes[0].Why != "it hung" || notes[0].Problem != "" {
		t.Fatalf("got %+v, %v, want one note", notes, err)
	}
	h.wants("old")
	kept, err := r.Notes()
	if err != nil || kept["mod_1"].Why != "it hung" || len(kept["mod_1"].Paths) != 1 {
		t.Errorf("kept notes: got %+v, %v", kept, err)
	}
	log, err := journal.Open(filepath.Join(h.state, "audit"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	last, err := log.Tail(1)
	if err != nil || len(last) != 1 || last[0].Kind != "guard.undone" || last[0].Actor != rescue.Actor {
		t.Errorf("audit log: got %+v, %v, want guard.undone", last, err)
	}
	if notes, err := r.Undo(t.Context(), "again"); err != nil || notes != nil {
		t.Errorf("a second time: got %+v, %v, want nothing to do", notes, err)
	}
	if err := errors.Join(r.Told("mod_1"), r.Told("mod_1")); err != nil {
		t.Error(err)
	}
	if kept, err := r.Notes(); err != nil || len(kept) != 0 {
		t.Errorf("after it was told: got %+v, %v, want no note", kept, err)
	}
}

func TestUndoLeavesTheChangesOfOtherRootsAlone(t *testing.T) {
	h := newHouse(t)
	if err := h.apply(h.engine(nil), ""); err != nil {
		t.Fatal(err)
	}
	if notes, err := h.rescue(h.engine(nil)).Undo(t.Context(), "why"); err != nil || notes != nil {
		t.Errorf("got %+v, %v, want nothing to do", notes, err)
	}
	h.wants("new")
}

func TestUndoLeavesAConfirmedChangeAlone(t *testing.T) {
	h := newHouse(t)
	e := h.engine(nil)
	if err := h.apply(e, txn.LabelSelf); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Confirm("mod_1"); err != nil {
		t.Fatal(err)
	}
	if notes, err := h.rescue(e).Undo(t.Context(), "why"); err != nil || notes != nil {
		t.Errorf("got %+v, %v, want nothing to do", notes, err)
	}
	h.wants("new")
}

func TestUndoWithoutAStateFolderDoesNothing(t *testing.T) {
	r := rescue.Rescue{State: filepath.Join(t.TempDir(), "none"), Files: engine{}}
	if notes, err := r.Undo(t.Context(), "why"); err != nil || notes != nil {
		t.Errorf("got %+v, %v, want nothing to do", notes, err)
	}
	if _, err := os.Stat(r.State); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state folder was made: %v", err)
	}
}

func TestUndoRefusesWhileADaemonUsesTheStateFolder(t *testing.T) {
	h := newHouse(t)
	if err := h.apply(h.engine(nil), txn.LabelSelf); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(h.state, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := h.rescue(h.engine(nil)).Undo(t.Context(), "why"); !errors.Is(err, rescue.ErrInUse) {
		t.Errorf("got %v, want %v", err, rescue.ErrInUse)
	}
	h.wants("new")
}

func TestAKillAnywhereInApplyingIsUndoneWithANote(t *testing.T) {
	count := failpoint.Count()
	whole := newHouse(t)
	if err := whole.apply(whole.engine(count), txn.LabelSelf); err != nil {
		t.Fatal(err)
	}
	undone := 0
	for at := 1; at <= len(count.Seen()); at++ {
		h := newHouse(t)
		_ = h.apply(h.engine(failpoint.KillAt(at)), txn.LabelSelf)
		notes, err := h.rescue(h.engine(nil)).Undo(t.Context(), "killed")
		if err != nil {
			t.Fatalf("killed at operation %d: %v", at, err)
		}
		undone += len(notes)
		h.wants("old")
	}
	if undone == 0 {
		t.Error("no kill left anything to undo")
	}
}

func TestAKillAnywhereInUndoingIsMadeGoodByTheNext(t *testing.T) {
	for at := 1; ; at++ {
		h := newHouse(t)
		if err := h.apply(h.engine(nil), txn.LabelSelf); err != nil {
			t.Fatal(err)
		}
		point := failpoint.KillAt(at)
		_, killed := h.rescue(h.engine(point)).Undo(t.Context(), "first")
		notes, err := h.rescue(h.engine(nil)).Undo(t.Context(), "second")
		if err != nil {
			t.Fatalf("killed at operation %d: %v", at, err)
		}
		h.wants("old")
		kept, err := h.rescue(h.engine(nil)).Notes()
		if err != nil || kept["mod_1"].Change == "" {
			t.Errorf("killed at operation %d: got notes %+v, %v (second undo: %+v), want one", at, kept, err, notes)
		}
		if killed == nil {
			return // all points are done
		}
	}
}

func TestANoteTellsWhatCouldNotBeUndone(t *testing.T) {
	h := newHouse(t)
	if err := h.apply(h.engine(nil), txn.LabelSelf); err != nil {
		t.Fatal(err)
	}
	broken := failpoint.KillAt(1)
	notes, err := h.rescue(h.engine(broken)).Undo(t.Context(), "why")
	if err == nil || len(notes) != 1 || !strings.Contains(notes[0].Problem, "killed") {
		t.Errorf("got %+v, %v, want a problem", notes, err)
	}
}

func TestARehearsalPassesWithWorkingFilesAndFailsWithBroken(t *testing.T) {
	dir := t.TempDir()
	files := func(gate atomicfile.Gate) func(string) rescue.Applier {
		return func(journals string) rescue.Applier {
			return engine{txn.Engine{Journals: journals, Ops: atomicfile.Ops{Gate: gate}}}
		}
	}
	count := failpoint.Count()
	if err := rescue.Rehearse(t.Context(), dir, files(count)); err != nil {
		t.Errorf("got %v, want a pass", err)
	}
	if err := rescue.Rehearse(t.Context(), dir, files(failpoint.KillAt(len(count.Seen())/2))); err == nil {
		t.Error("a program that cannot undo passed")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
