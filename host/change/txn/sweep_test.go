package txn_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
	"github.com/homeostat/homeostat/host/change/txn"
)

func callAt(n int, call func()) *failpoint.Points { return failpoint.CallAt(n, call) }

func sumOf(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if target, linkErr := os.Readlink(path); linkErr == nil {
		data, err = []byte(target), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

// sweepVariable, set to anything, has every sweep visit all of its points, and runs those that need strace or loop
// devices. `make sweep` sets it.
const sweepVariable = "HOMEOSTAT_SWEEP"

// stride is the step from one point of a large sweep to the next: 1 in a full sweep, else n.
func stride(n int) int {
	if os.Getenv(sweepVariable) != "" {
		return 1
	}
	return n
}

// operations counts the file operations of act on a fresh site that setup prepared.
func operations(t *testing.T, setup func(site), act func(site, atomicfile.Gate) error) int {
	t.Helper()
	s, count := newSite(t, t.TempDir()), failpoint.Count()
	setup(s)
	if err := act(s, count); err != nil {
		t.Fatal(err)
	}
	return len(count.Seen())
}

func fresh(site) {}

func applied(s site) { s.apply(nil) }

func apply(s site, gate atomicfile.Gate) error {
	_, err := s.engine(gate).Apply(s.change())
	return err
}

func rollback(s site, gate atomicfile.Gate) error {
	_, err := s.engine(gate).Rollback("mod_1")
	return err
}

func confirm(s site, gate atomicfile.Gate) error {
	_, err := s.engine(gate).Confirm("mod_1")
	return err
}

// wantOldOrNew recovers and fails unless the root is wholly old, or wholly new and still to be decided. In the second
// case it rolls back, after which it must be old. It says which it was.
func (s site) wantOldOrNew(when string, before, after map[string]string) txn.State {
	s.t.Helper()
	state := txn.RolledBack
	for _, r := range s.recover(when) {
		state = r.State
		if len(r.Conflicts) > 0 || r.State == txn.Stuck {
			s.t.Errorf("%s: recover: got %+v, want no conflict", when, r)
		}
	}
	if state == txn.Applied {
		s.wantFiles(when+", applied", after)
		if err := rollback(s, nil); err != nil {
			s.t.Errorf("%s: rollback: %v", when, err)
		}
	}
	s.wantFiles(when, before)
	s.wantTidy(when)
	return state
}

func TestKillAtEachOperationOfApplyLeavesOldOrNew(t *testing.T) {
	before, after := images(t)
	n, seen := operations(t, fresh, apply), map[txn.State]int{}
	for i := 1; i <= n; i++ {
		s := newSite(t, t.TempDir())
		if err := apply(s, failpoint.KillAt(i)); !errors.Is(err, failpoint.ErrKilled) {
			t.Errorf("operation %d: got %v, want %v", i, err, failpoint.ErrKilled)
		}
		seen[s.wantOldOrNew(fmt.Sprintf("killed at operation %d", i), before, after)]++
	}
	if seen[txn.Applied] == 0 || seen[txn.RolledBack] < 50 {
		t.Errorf("got %v, want points before and after the commit", seen)
	}
	t.Logf("%d points: %v", n, seen)
}

func TestErrorAtEachOperationOfApplyLeavesOldOrNew(t *testing.T) {
	before, after := images(t)
	n := operations(t, fresh, apply)
	points := 0
	for e, errno := range []unix.Errno{unix.EIO, unix.ENOSPC, unix.EROFS} {
		for i := 1 + 2*e; i <= n; i += stride(7) {
			points++
			s := newSite(t, t.TempDir())
			when := fmt.Sprintf("%v at operation %d", errno, i)
			// An error of a hint or of the last tidying up is none of the change.
			if err := apply(s, failpoint.FailAt(i, errno)); err != nil && !errors.Is(err, txn.ErrUnfinished) {
				s.wantFiles(when+", before recovery", before)
			}
			s.wantOldOrNew(when, before, after)
		}
	}
	t.Logf("%d points", points)
}

func TestInterruptAtEachOperationIsHarmless(t *testing.T) {
	_, after := images(t)
	n := operations(t, fresh, apply)
	for i := 1; i <= n; i += stride(7) {
		s := newSite(t, t.TempDir())
		if err := apply(s, failpoint.FailAt(i, unix.EINTR)); err != nil {
			t.Errorf("EINTR at operation %d: %v, want success", i, err)
		}
		s.wantFiles(fmt.Sprintf("EINTR at operation %d", i), after)
	}
}

func TestKillAndErrorAtEachOperationOfRollbackLeaveOldOrNew(t *testing.T) {
	before, after := images(t)
	points, n := 0, operations(t, applied, rollback)
	for i := 1; i <= n; i++ {
		gates := []*failpoint.Points{failpoint.KillAt(i), failpoint.FailAt(i, unix.EIO)}
		for k := i % stride(2); k < len(gates); k += stride(2) {
			gate := gates[k]
			points++
			s := newSite(t, t.TempDir())
			s.apply(nil)
			_ = rollback(s, gate)
			s.wantOldOrNew(fmt.Sprintf("rollback stopped at operation %d", i), before, after)
		}
	}
	t.Logf("%d points", points)
}

func TestKillAtEachOperationOfConfirmLeavesNew(t *testing.T) {
	_, after := images(t)
	n := operations(t, applied, confirm)
	for i := 1; i <= n; i++ {
		s := newSite(t, t.TempDir())
		s.apply(nil)
		_ = confirm(s, failpoint.KillAt(i))
		when := fmt.Sprintf("confirm killed at operation %d", i)
		for _, r := range s.recover(when) {
			if r.State == txn.Applied {
				if err := confirm(s, nil); err != nil {
					t.Errorf("%s: %v", when, err)
				}
			}
		}
		s.wantFiles(when, after)
		s.wantTidy(when)
	}
	t.Logf("%d points", n)
}

// TestKillInsideRecoveryIsHarmless kills an apply at each rename, then the recovery at each of its operations.
func TestKillInsideRecoveryIsHarmless(t *testing.T) {
	before, after := images(t)
	points := 0
	all := renames(t)
	for k := 1; k < len(all); k += stride(5) {
		first := all[k]
		for i := 1; ; i += stride(3) {
			s, gate := newSite(t, t.TempDir()), failpoint.KillAt(i)
			_ = apply(s, failpoint.KillAt(first))
			_, _ = s.engine(gate).Recover([]string{s.root})
			if !gate.Reached() {
				break
			}
			points++
			s.wantOldOrNew(fmt.Sprintf("apply killed at %d, recovery at %d", first, i), before, after)
		}
	}
	if points < 30 {
		t.Errorf("got %d points, want at least 30", points)
	}
	t.Logf("%d points", points)
}

// renames are the numbers of the operations after each rename of an apply.
func renames(t *testing.T) []int {
	t.Helper()
	count := failpoint.Count()
	if err := apply(newSite(t, t.TempDir()), count); err != nil {
		t.Fatal(err)
	}
	var list []int
	for i, op := range count.Seen() {
		if op.Name == "renameat2" {
			list = append(list, i+2)
		}
	}
	return list
}

// weaker is a gate for a file system without flags of renameat2, behind which there is another gate.
type weaker struct {
	noLinks bool
	next    atomicfile.Gate
	mu      sync.Mutex
	probed  bool
}

// Enter fails the exchange by which prepare probes, and if noLinks every hard link.
func (w *weaker) Enter(op atomicfile.Op) error {
	if w.next != nil {
		if err := w.next.Enter(op); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if op.Name == "renameat2" && !w.probed {
		w.probed = true
		return unix.EINVAL
	}
	if op.Name == "linkat" && w.noLinks {
		return unix.EPERM
	}
	return nil
}

func TestFileSystemWithoutExchangeKeepsOldOrNewAndSaysThatItIsWeaker(t *testing.T) {
	before, after := images(t)
	for _, noLinks := range []bool{false, true} {
		count := failpoint.Count()
		s := newSite(t, t.TempDir())
		if r := s.apply(&weaker{noLinks: noLinks, next: count}); !r.Weaker {
			t.Errorf("got %+v, want it to say that it is weaker", r)
		}
		s.wantFiles("without exchange", after)
		n := len(count.Seen())
		for i := 1; i <= n; i += stride(5) {
			s := newSite(t, t.TempDir())
			_ = apply(s, &weaker{noLinks: noLinks, next: failpoint.KillAt(i)})
			s.wantOldOrNew(fmt.Sprintf("without exchange, no links %t, killed at operation %d", noLinks, i), before, after)
		}
		t.Logf("%d points", n)
	}
}
