package txn_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
	"github.com/homeostat/homeostat/host/change/txn"
)

// disk is a file system in an image file, whose power can be cut: what was not synced is gone.
type disk struct {
	t      *testing.T
	kind   string
	image  string
	mount  string
	cutter []string // the command that stops the file system without writing anything more
}

// newDisk makes and mounts a file system with a site on it. It skips where that is not possible.
func newDisk(t *testing.T, kind string) disk {
	t.Helper()
	if os.Getenv(sweepVariable) == "" {
		t.Skipf("takes minutes: set %s, as `make sweep` does", sweepVariable)
	}
	dir := t.TempDir()
	d := disk{t: t, kind: kind, image: filepath.Join(dir, "image"), mount: filepath.Join(dir, "mnt")}
	format, size := []string{"mkfs.ext4", "-q", "-F", d.image}, int64(64<<20)
	d.cutter = []string{"xfs_io", "-F", "-x", "-c", "shutdown", d.mount}
	if kind == "xfs" {
		format, size = []string{"mkfs.xfs", "-q", d.image}, int64(320<<20)
		d.cutter = []string{"xfs_io", "-x", "-c", "shutdown", d.mount}
	}
	for _, err := range []error{os.WriteFile(d.image, nil, 0o600), os.Truncate(d.image, size), os.Mkdir(d.mount, 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range [][]string{format, {"mount", "-o", "loop", d.image, d.mount}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("this machine allows no %s on a loop device: %v: %s", kind, err, out)
		}
	}
	t.Cleanup(func() { _ = exec.Command("umount", d.mount).Run() })
	return d
}

func (d disk) run(command ...string) {
	d.t.Helper()
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		d.t.Fatalf("%v: %v: %s", command, err, out)
	}
}

// site makes a fresh site on the disk, durable to the last byte.
func (d disk) site(n int) site {
	d.t.Helper()
	s := newSite(d.t, filepath.Join(d.mount, fmt.Sprint(n)))
	d.run("sync", "-f", d.mount)
	return s
}

// cut cuts the power and switches it on again.
func (d disk) cut() {
	d.t.Helper()
	d.run(d.cutter...)
	d.run("umount", d.mount)
	d.run("mount", "-o", "loop", d.image, d.mount)
}

// cutAt is a gate that fails everything from an operation on, as a disk without power does. Operations of the name skip
// are not done.
type cutAt struct {
	*failpoint.Points
	skip string
}

// Enter implements atomicfile.Gate.
func (c cutAt) Enter(op atomicfile.Op) error {
	if err := c.Points.Enter(op); err != nil {
		return err
	}
	if op.Name == c.skip {
		return atomicfile.ErrSkip
	}
	return nil
}

// syncUnrelated writes and syncs a file that no change touches. That writes the file system's journal, but not the contents
// of other files: a rename then outlives the power cut, and what it put in place may be empty.
func (d disk) syncUnrelated() {
	d.t.Helper()
	f, err := os.Create(filepath.Join(d.mount, "unrelated"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("x"); err != nil {
		d.t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		d.t.Fatal(err)
	}
}

// powerCut applies the change of a fresh site, cuts the power before operation n, recovers, and says what was wrong.
func (d disk) powerCut(n int, unrelated, skip string) (problem string, reached bool) {
	d.t.Helper()
	s := d.site(n)
	before := snapshot(d.t, s.root)
	gate := cutAt{failpoint.KillAt(n), skip}
	_, err := txn.Engine{Journals: s.journals, Ops: atomicfile.Ops{Gate: gate}}.Apply(s.change())
	if err == nil && gate.Reached() {
		return "apply reported success without power", true
	}
	if unrelated != "" {
		d.syncUnrelated()
	}
	d.cut()
	rs, err := txn.Engine{Journals: s.journals}.Recover([]string{s.root})
	if err != nil {
		return fmt.Sprintf("recover: %v", err), gate.Reached()
	}
	want := before
	if len(rs) == 1 && rs[0].State == txn.Applied {
		want = afterOf(d.t)
	}
	return diff(snapshot(d.t, s.root), want), gate.Reached()
}

// afterOf is what a site looks like after the change.
func afterOf(t *testing.T) map[string]string {
	t.Helper()
	_, after := images(t)
	return after
}

// sweepPower cuts the power at each operation and returns the number of points and of bad ends.
func (d disk) sweepPower(unrelated, skip string) (points int, bad []string) {
	d.t.Helper()
	for n := 1; ; n++ {
		problem, reached := d.powerCut(n, unrelated, skip)
		if problem != "" {
			bad = append(bad, fmt.Sprintf("%s, cut before operation %d: %s", d.kind, n, problem))
		}
		if !reached {
			return n, bad
		}
		if err := os.RemoveAll(filepath.Join(d.mount, fmt.Sprint(n))); err != nil {
			d.t.Fatal(err)
		}
	}
}

func TestSweepPowerCutLeavesOldOrNew(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs"} {
		for _, unrelated := range []string{"", "after the sync of an unrelated file"} {
			t.Run(kind+" "+unrelated, func(t *testing.T) {
				points, bad := newDisk(t, kind).sweepPower(unrelated, "")
				for _, b := range bad {
					t.Error(b)
				}
				t.Logf("%d points, %d bad", points, len(bad))
			})
		}
	}
}

// TestSweepPowerCutWithoutFsyncIsCaught is the control: the same sweep must find fault with a change that syncs nothing.
func TestSweepPowerCutWithoutFsyncIsCaught(t *testing.T) {
	caught := 0
	for _, kind := range []string{"ext4", "xfs"} {
		points, bad := newDisk(t, kind).sweepPower("after the sync of an unrelated file", "fsync")
		t.Logf("%s: %d points, %d bad", kind, points, len(bad))
		caught += len(bad)
	}
	if caught == 0 {
		t.Error("power cuts without fsync did no harm: the sweep proves nothing")
	}
}
