package txn_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/change/txn/worker"
)

// TestMain is also the program that the tests run as a worker.
func TestMain(m *testing.M) {
	if worker.Asked() {
		os.Exit(worker.Main(os.Stdin, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

// site is a place for changes: a root with files of every kind, and a folder of journals.
type site struct {
	t        testing.TB
	root     string
	journals string
}

// newSite makes a site below dir.
func newSite(t testing.TB, dir string) site {
	t.Helper()
	s := site{t: t, root: filepath.Join(dir, "root"), journals: filepath.Join(dir, "state")}
	for _, err := range []error{
		os.MkdirAll(filepath.Join(s.root, "sub/gone"), 0o755),
		os.MkdirAll(s.journals, 0o700),
		os.WriteFile(filepath.Join(s.root, "a.conf"), []byte("old a\n"), 0o640),
		os.WriteFile(filepath.Join(s.root, "sub/b.conf"), []byte("old b\n"), 0o644),
		os.WriteFile(filepath.Join(s.root, "script"), []byte("#!/bin/sh\n"), 0o644),
		os.WriteFile(filepath.Join(s.root, "sub/gone/c"), []byte("old c\n"), 0o600),
		os.WriteFile(filepath.Join(s.root, "bystander"), []byte("not part of it\n"), 0o644),
		os.Symlink("a.conf", filepath.Join(s.root, "current")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func mode(m uint32) *uint32 { return &m }

// change has an operation of every kind.
func (s site) change() txn.Change {
	return txn.Change{ID: "mod_1", Root: s.root, Ops: []txn.Op{
		{Kind: txn.Write, Path: "a.conf", Data: []byte("new a, which is longer\n"), Base: s.base("a.conf")},
		{Kind: txn.Write, Path: "sub/b.conf", Data: []byte("new b\n"), Base: s.base("sub/b.conf")},
		{Kind: txn.Write, Path: "fresh/deep/d.conf", Data: []byte("new d\n"), Mode: mode(0o600)},
		{Kind: txn.Delete, Path: "sub/gone/c", Base: s.base("sub/gone/c")},
		{Kind: txn.Delete, Path: "sub/gone"},
		{Kind: txn.Link, Path: "current", Data: []byte("sub/b.conf"), Base: s.base("current")},
		{Kind: txn.Mode, Path: "script", Mode: mode(0o755), Base: s.base("script")},
		{Kind: txn.Folder, Path: "sub", Mode: mode(0o750)},
	}}
}

// base is what an author sees at the path now.
func (s site) base(rel string) *txn.Base {
	return &txn.Base{Sum: sumOf(s.t, filepath.Join(s.root, rel))}
}

// engine is an engine whose operations pass the gate, which may be nil. It does not wait for fsync: what that is good for
// is shown by the power cuts.
func (s site) engine(gate atomicfile.Gate) txn.Engine {
	return txn.Engine{Journals: s.journals, Ops: atomicfile.Ops{Gate: noSync{gate}}}
}

// noSync skips every fsync, and the hint that begins one, after asking the next gate.
type noSync struct{ next atomicfile.Gate }

// Enter implements atomicfile.Gate.
func (n noSync) Enter(op atomicfile.Op) error {
	if n.next != nil {
		if err := n.next.Enter(op); err != nil {
			return err
		}
	}
	if op.Name == "fsync" || op.Name == "sync_file_range" {
		return atomicfile.ErrSkip
	}
	return nil
}

// snapshot describes everything below a folder that a reader could see, one line a path.
func snapshot(t testing.TB, root string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		seen[rel], err = describe(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func describe(path string) (string, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return "", err
	}
	content := ""
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		data, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		content = string(data)
	case unix.S_IFLNK:
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		return "link to " + target, nil
	}
	return fmt.Sprintf("mode %o owner %d:%d content %q", st.Mode, st.Uid, st.Gid, content), nil
}

// diff tells how two snapshots differ, empty if they do not.
func diff(got, want map[string]string) string {
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] {
			lines = append(lines, fmt.Sprintf("%s: got %q, want %q", path, got[path], want[path]))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[path]; !ok {
			lines = append(lines, fmt.Sprintf("%s: got %q, want nothing", path, got[path]))
		}
	}
	return strings.Join(lines, "; ")
}

// wantFiles fails unless the root is as want.
func (s site) wantFiles(when string, want map[string]string) {
	s.t.Helper()
	if d := diff(snapshot(s.t, s.root), want); d != "" {
		s.t.Errorf("%s: %s", when, d)
	}
}

// wantTidy fails if a change left anything behind, in the journals or beside the root.
func (s site) wantTidy(when string) {
	s.t.Helper()
	for _, dir := range []string{s.journals, filepath.Join(filepath.Dir(s.root), ".homeostat-root")} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "lock" {
				s.t.Errorf("%s: %s was left behind", when, filepath.Join(dir, e.Name()))
			}
		}
	}
}

// images returns what the root looks like before and after the change of a site.
func images(t testing.TB) (before, after map[string]string) {
	t.Helper()
	s := newSite(t, t.TempDir())
	before = snapshot(t, s.root)
	s.apply(nil)
	return before, snapshot(t, s.root)
}

// apply applies the change, which must succeed.
func (s site) apply(gate atomicfile.Gate) txn.Result {
	s.t.Helper()
	r, err := s.engine(gate).Apply(s.change())
	if err != nil || r.State != txn.Applied {
		s.t.Fatalf("apply: got %+v, %v, want applied", r, err)
	}
	return r
}

// recover recovers without a gate, and must succeed.
func (s site) recover(when string) []txn.Result {
	s.t.Helper()
	rs, err := s.engine(nil).Recover([]string{s.root})
	if err != nil {
		s.t.Errorf("%s: recover: %v", when, err)
	}
	return rs
}

func TestApplyMakesEveryKindOfOperationVisible(t *testing.T) {
	s := newSite(t, t.TempDir())
	if err := unix.Setxattr(filepath.Join(s.root, "a.conf"), "user.note", []byte("keep me"), 0); err != nil {
		t.Fatal(err)
	}
	r := s.apply(nil)
	got := snapshot(t, s.root)
	for path, want := range map[string]string{
		"a.conf":            `mode 100640 owner 0:0 content "new a, which is longer\n"`,
		"sub/b.conf":        `mode 100644 owner 0:0 content "new b\n"`,
		"fresh":             `mode 40755 owner 0:0 content ""`,
		"fresh/deep/d.conf": `mode 100600 owner 0:0 content "new d\n"`,
		"current":           "link to sub/b.conf",
		"script":            `mode 100755 owner 0:0 content "#!/bin/sh\n"`,
		"sub":               `mode 40750 owner 0:0 content ""`,
		"sub/gone":          "",
		"sub/gone/c":        "",
	} {
		want = strings.Replace(want, "owner 0:0", fmt.Sprintf("owner %d:%d", os.Geteuid(), os.Getegid()), 1)
		if got[path] != want {
			t.Errorf("%s: got %s, want %s", path, got[path], want)
		}
	}
	note := make([]byte, 32)
	n, err := unix.Getxattr(filepath.Join(s.root, "a.conf"), "user.note", note)
	if err != nil || string(note[:n]) != "keep me" {
		t.Errorf("attribute of a.conf: got %q, %v, want it taken over", note[:max(n, 0)], err)
	}
	if r.Mark == nil || r.Mark.BootID == "" || r.Mark.SinceBoot <= 0 || len(r.Paths) < 8 || r.Weaker {
		t.Errorf("got %+v, want a mark with all clocks, the paths and the full promise", r)
	}
}

func TestRollbackRestoresEverything(t *testing.T) {
	s := newSite(t, t.TempDir())
	before := snapshot(t, s.root)
	s.apply(nil)
	r, err := s.engine(nil).Rollback("mod_1")
	if err != nil || r.State != txn.RolledBack || len(r.Conflicts) != 0 {
		t.Errorf("got %+v, %v, want rolled back without conflicts", r, err)
	}
	s.wantFiles("after rollback", before)
	s.wantTidy("after rollback")
}

func TestConfirmKeepsTheNewFilesAndEndsTheChange(t *testing.T) {
	s := newSite(t, t.TempDir())
	s.apply(nil)
	after := snapshot(t, s.root)
	r, err := s.engine(nil).Confirm("mod_1")
	if err != nil || r.State != txn.Confirmed {
		t.Errorf("got %+v, %v, want confirmed", r, err)
	}
	s.wantFiles("after confirm", after)
	s.wantTidy("after confirm")
	if _, err := s.engine(nil).Rollback("mod_1"); !errors.Is(err, txn.ErrUnknown) {
		t.Errorf("rollback after confirm: got %v, want %v", err, txn.ErrUnknown)
	}
}

func TestR01RestartFindsAnAppliedChangeStillToBeDecided(t *testing.T) {
	s := newSite(t, t.TempDir())
	applied := s.apply(nil)
	after := snapshot(t, s.root)
	for range 3 {
		rs := s.recover("restart")
		if len(rs) != 1 || rs[0].State != txn.Applied || rs[0].Mark == nil || *rs[0].Mark != *applied.Mark {
			t.Errorf("got %+v, want the change still applied with its mark", rs)
		}
	}
	s.wantFiles("after restarts", after)
	if _, err := s.engine(nil).Rollback("mod_1"); err != nil {
		t.Error(err)
	}
	s.wantTidy("after rollback")
}

func TestChangeThatChangesNothingLeavesNoTrace(t *testing.T) {
	s := newSite(t, t.TempDir())
	before := snapshot(t, s.root)
	r, err := s.engine(nil).Apply(txn.Change{ID: "mod_1", Root: s.root, Ops: []txn.Op{
		{Kind: txn.Write, Path: "a.conf", Data: []byte("old a\n")},
		{Kind: txn.Link, Path: "current", Data: []byte("a.conf")},
		{Kind: txn.Folder, Path: "sub"},
		{Kind: txn.Delete, Path: "none", Base: &txn.Base{Absent: true}},
	}})
	if err != nil || r.State != txn.Unchanged {
		t.Errorf("got %+v, %v, want unchanged", r, err)
	}
	s.wantFiles("after a change of nothing", before)
	s.wantTidy("after a change of nothing")
}

func TestSecondProcessIsRefused(t *testing.T) {
	s := newSite(t, t.TempDir())
	var second error
	gate := callAt(1, func() { _, second = s.engine(nil).Apply(s.change()) })
	s.apply(gate)
	if !errors.Is(second, txn.ErrBusy) {
		t.Errorf("apply during apply: got %v, want %v", second, txn.ErrBusy)
	}
}

func TestTenThousandOperationsInOneChange(t *testing.T) {
	s := newSite(t, t.TempDir())
	before := snapshot(t, s.root)
	c := txn.Change{ID: "many", Root: s.root}
	for i := range 10_000 {
		c.Ops = append(c.Ops, txn.Op{Kind: txn.Write, Path: fmt.Sprintf("many/%d/%d", i%50, i), Data: fmt.Append(nil, i)})
	}
	if r, err := s.engine(nil).Apply(c); err != nil || r.State != txn.Applied {
		t.Fatalf("got %v, %v, want applied", r.State, err)
	}
	if got := len(snapshot(t, s.root)); got != len(before)+10_000+51 {
		t.Errorf("got %d paths, want %d", got, len(before)+10_000+51)
	}
	if _, err := s.engine(nil).Rollback("many"); err != nil {
		t.Fatal(err)
	}
	s.wantFiles("after rollback", before)
}

func TestSparseFileStaysSparseAndKeepsItsTime(t *testing.T) {
	s := newSite(t, t.TempDir())
	content := make([]byte, 1<<20)
	copy(content[1<<19:], "in the middle")
	const when = 1_700_000_000_000_000_000
	_, err := s.engine(nil).Apply(txn.Change{ID: "x", Root: s.root, Ops: []txn.Op{
		{Kind: txn.Write, Path: "holes", Data: content, Sparse: true, MTime: when},
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.root, "holes")
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	if found(t, path) != string(content) || st.Blocks*512 > 1<<16 || st.Mtim.Nano() != when {
		t.Errorf("got %d bytes in %d blocks of time %d, want 1 MiB in few blocks of time %d", st.Size, st.Blocks, st.Mtim.Nano(), int64(when))
	}
}
