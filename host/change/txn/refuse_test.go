package txn_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/refusal"
)

func write(path string) txn.Op { return txn.Op{Kind: txn.Write, Path: path, Data: []byte("new")} }

// TestWrongChangesAreRefusedBeforeAnythingIsTouched has one wrong operation beside a good one in each case.
func TestWrongChangesAreRefusedBeforeAnythingIsTouched(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		ops        []txn.Op
	}{
		{"path with ..", "path.outside", []txn.Op{write("../etc/passwd")}},
		{".. in the middle", "path.outside", []txn.Op{write("sub/../../x")}},
		{"absolute path", "path.outside", []txn.Op{write("/etc/passwd")}},
		{"empty path", "path.outside", []txn.Op{write("")}},
		{"the root itself", "path.outside", []txn.Op{{Kind: txn.Delete, Path: "."}}},
		{"NUL in the path", "path.outside", []txn.Op{write("a\x00b")}},
		{"not the shortest form", "path.outside", []txn.Op{write("sub//x")}},
		{"behind a link out of the root", "path.parent", []txn.Op{write("out/passwd")}},
		{"behind a link within the root", "path.parent", []txn.Op{write("in/b.conf")}},
		{"below a file", "path.parent", []txn.Op{write("bystander/x")}},
		{"hard link", "path.hard_link", []txn.Op{write("twin")}},
		{"pipe", "path.device", []txn.Op{{Kind: txn.Delete, Path: "pipe"}}},
		{"twice the same path", "path.twice", []txn.Op{write("x"), {Kind: txn.Delete, Path: "x"}}},
		{"below a path that becomes a file", "path.conflict", []txn.Op{write("x"), write("x/y")}},
		{"below a folder that is deleted", "path.conflict", []txn.Op{{Kind: txn.Delete, Path: "sub/gone"}, write("sub/gone/new")}},
		{"folder that is not empty", "path.not_empty", []txn.Op{{Kind: txn.Delete, Path: "sub/gone"}}},
		{"deleting nothing", "path.absent", []txn.Op{{Kind: txn.Delete, Path: "none"}}},
		{"mode of nothing", "path.absent", []txn.Op{{Kind: txn.Mode, Path: "none", Mode: mode(0o600)}}},
		{"mode of a link", "path.link_mode", []txn.Op{{Kind: txn.Mode, Path: "current", Mode: mode(0o600)}}},
		{"file in place of a folder", "path.kind", []txn.Op{write("sub")}},
		{"folder in place of a file", "path.kind", []txn.Op{{Kind: txn.Folder, Path: "bystander"}}},
		{"unknown kind", "change.kind", []txn.Op{{Kind: "chant", Path: "x"}}},
		{"content other than checked", "content.sum", []txn.Op{{Kind: txn.Write, Path: "x", Data: []byte("new"), Sum: strings.Repeat("0", 64)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, t.TempDir())
			for _, err := range []error{
				os.Symlink("/etc", filepath.Join(s.root, "out")),
				os.Symlink("sub", filepath.Join(s.root, "in")),
				os.WriteFile(filepath.Join(s.root, "twin"), nil, 0o600),
				os.Link(filepath.Join(s.root, "twin"), filepath.Join(s.root, "other-twin")),
				unix.Mkfifo(filepath.Join(s.root, "pipe"), 0o600),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			s.wantRefusal(txn.Change{ID: "x", Root: s.root, Ops: append(c.ops, write("a.conf"))}, c.rule)
		})
	}
}

// wantRefusal fails unless the change is refused by the rule, with all that a refusal says, and nothing is touched.
func (s site) wantRefusal(c txn.Change, rule string) {
	s.t.Helper()
	root, err := filepath.EvalSymlinks(s.root)
	if err != nil {
		s.t.Fatal(err)
	}
	before, err := exec.Command("ls", "-laR", "--time-style=full-iso", root).Output()
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = s.engine(nil).Apply(c)
	var list refusal.List
	if !errors.As(err, &list) || list[0].Rule != rule {
		s.t.Fatalf("got %v, want a refusal by %s", err, rule)
	}
	if list[0].Limit == "" || list[0].Hint == "" {
		s.t.Errorf("refusal %+v lacks a limit or a hint", list[0])
	}
	after, err := exec.Command("ls", "-laR", "--time-style=full-iso", root).Output()
	if err != nil || string(before) != string(after) {
		s.t.Errorf("the refused change touched something: %v\n%s\n%s", err, before, after)
	}
	s.wantTidy("after the refusal")
}

func TestWrongRootsAreRefused(t *testing.T) {
	s := newSite(t, t.TempDir())
	for root, rule := range map[string]string{
		"/": "change.root", "relative": "change.root", s.root + "/../root": "change.root", s.root + "/none": "change.root",
		"/proc/sys": "path.forbidden", "/dev": "path.forbidden", "/run": "path.forbidden", "/sys/kernel": "path.forbidden",
	} {
		s.wantRefusal(txn.Change{ID: "x", Root: root, Ops: []txn.Op{write("x")}}, rule)
	}
	s.wantRefusal(txn.Change{ID: "../x", Root: s.root, Ops: []txn.Op{write("x")}}, "change.id")
	s.wantRefusal(txn.Change{ID: "x", Root: filepath.Dir(s.root), Ops: []txn.Op{write("state/x.0.journal")}}, "path.forbidden")
}

func TestIDOfAnOpenChangeIsRefused(t *testing.T) {
	s := newSite(t, t.TempDir())
	s.apply(nil)
	_, err := s.engine(nil).Apply(txn.Change{ID: "mod_1", Root: s.root, Ops: []txn.Op{write("other")}})
	var list refusal.List
	if !errors.As(err, &list) || list[0].Rule != "change.id" {
		t.Errorf("got %v, want a refusal by change.id", err)
	}
	if _, err := s.engine(nil).Rollback("mod_1"); err != nil {
		t.Errorf("rollback of the open change: %v", err)
	}
}

func TestImmutableFileIsRefused(t *testing.T) {
	s := newSite(t, t.TempDir())
	path := filepath.Join(s.root, "bystander")
	if err := exec.Command("chattr", "+i", path).Run(); err != nil {
		t.Skipf("chattr +i: %v", err)
	}
	defer func() {
		if err := exec.Command("chattr", "-i", path).Run(); err != nil {
			t.Error(err)
		}
	}()
	s.wantRefusal(txn.Change{ID: "x", Root: s.root, Ops: []txn.Op{write("bystander")}}, "path.immutable")
}

func TestSlotsThatOthersMadeAreRefused(t *testing.T) {
	s := newSite(t, t.TempDir())
	slots := filepath.Join(filepath.Dir(s.root), ".homeostat-root")
	if err := os.Mkdir(slots, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(slots, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := s.engine(nil).Apply(txn.Change{ID: "x", Root: s.root, Ops: []txn.Op{write("x")}})
	var list refusal.List
	if !errors.As(err, &list) || list[0].Rule != "slots.owner" {
		t.Errorf("got %v, want a refusal by slots.owner", err)
	}
}

func TestDamagedJournalStopsRecoveryAndIsNotGuessed(t *testing.T) {
	s := newSite(t, t.TempDir())
	s.apply(nil)
	after := snapshot(t, s.root)
	path := filepath.Join(s.journals, "mod_1.0.journal")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(good); i += 1 + len(good)/200 {
		bad := append([]byte(nil), good...)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		rs, err := s.engine(nil).Recover([]string{s.root})
		if err == nil || len(rs) != 1 || rs[0].State != txn.Stuck || rs[0].Problem == "" {
			t.Fatalf("byte %d flipped: got %+v, %v, want stuck", i, rs, err)
		}
	}
	s.wantFiles("with a damaged journal", after)
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := s.engine(nil).Rollback("mod_1"); err != nil || r.State != txn.RolledBack {
		t.Errorf("with the journal mended: got %+v, %v, want rolled back", r, err)
	}
}

func TestRollbackNeedsNoFreeSpace(t *testing.T) {
	s := newSite(t, t.TempDir())
	before := snapshot(t, s.root)
	s.apply(nil)
	if _, err := s.engine(noSpace{}).Rollback("mod_1"); err != nil {
		t.Errorf("rollback on a full disk: %v", err)
	}
	s.wantFiles("after rollback on a full disk", before)
}

// noSpace fails all that needs a new block.
type noSpace struct{}

// Enter implements atomicfile.Gate.
func (noSpace) Enter(op atomicfile.Op) error {
	switch op.Name {
	case "write", "mkdir", "mkdirat", "symlinkat", "fsetxattr":
		return fmt.Errorf("%s: %w", op.Name, unix.ENOSPC)
	}
	return nil
}

func TestSourceFileIsPinnedByItsSum(t *testing.T) {
	s := newSite(t, t.TempDir())
	source := filepath.Join(t.TempDir(), "candidate")
	if err := os.WriteFile(source, []byte("checked"), 0o600); err != nil {
		t.Fatal(err)
	}
	op := txn.Op{Kind: txn.Write, Path: "a.conf", Source: source, Sum: sumOf(t, source)}
	if err := os.WriteFile(source, []byte("swapped"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.engine(nil).Apply(txn.Change{ID: "x", Root: s.root, Ops: []txn.Op{op}})
	var list refusal.List
	if !errors.As(err, &list) || list[0].Rule != "content.sum" {
		t.Errorf("got %v, want a refusal by content.sum", err)
	}
	if err := os.WriteFile(source, []byte("checked"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine(nil).Apply(txn.Change{ID: "y", Root: s.root, Ops: []txn.Op{op}}); err != nil {
		t.Fatal(err)
	}
	if got := found(t, filepath.Join(s.root, "a.conf")); got != "checked" {
		t.Errorf("a.conf: got %q, want %q", got, "checked")
	}
}

func TestMountPointsAreRefused(t *testing.T) {
	s := newSite(t, t.TempDir())
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "file"), []byte("mounted"), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{filepath.Join(other, "file"): "bystander", other: "sub/gone"} {
		target := filepath.Join(s.root, to)
		if err := unix.Mount(from, target, "", unix.MS_BIND, ""); err != nil {
			t.Skipf("this machine allows no bind mount: %v", err)
		}
		defer func() {
			if err := unix.Unmount(target, 0); err != nil {
				t.Error(err)
			}
		}()
	}
	s.wantRefusal(txn.Change{ID: "x", Root: s.root, Ops: []txn.Op{write("bystander")}}, "path.mounted")
	s.wantRefusal(txn.Change{ID: "x", Root: s.root, Ops: []txn.Op{write("sub/gone/file")}}, "path.parent")
}

func TestCheckRefusesWhatApplyWouldAndTouchesNothing(t *testing.T) {
	s := newSite(t, t.TempDir())
	engine := txn.Engine{Journals: s.journals}
	before := snapshot(t, s.root)
	if err := engine.Check(s.change()); err != nil {
		t.Errorf("a change that applies: got %v, want nil", err)
	}
	bad := s.change()
	bad.Ops = append(bad.Ops, txn.Op{Kind: txn.Delete, Path: "no-such-file"}, txn.Op{Kind: txn.Write, Path: "../out"})
	var checked, applied refusal.List
	if err := engine.Check(bad); !errors.As(err, &checked) {
		t.Fatalf("got %v, want refusals", err)
	}
	if _, err := engine.Apply(bad); !errors.As(err, &applied) || len(applied) != len(checked) || applied[0] != checked[0] {
		t.Errorf("check said %v, apply said %v, want the same", checked, applied)
	}
	s.wantFiles("after checks", before)
	s.wantTidy("after checks")
}
