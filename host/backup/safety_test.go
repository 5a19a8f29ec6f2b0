package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
	"github.com/homeostat/homeostat/host/backup"
)

// files lists all regular files below dir.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func verifyAll(t testing.TB, s *backup.Store) []backup.Damage {
	t.Helper()
	damage, err := s.VerifyAll(context.Background(), backup.Part{Number: 1, Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	return damage
}

// TestAnyFlippedByteIsFoundAndNamed flips each byte of each file of a store, both before opening and behind the back of an
// open store.
func TestAnyFlippedByteIsFoundAndNamed(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	write(t, root, map[string]string{"a": "first", "b": strings.Repeat("second ", 20)})
	open := openStore(t, dir, nil)
	create(t, open, request(root, "b1"))
	if damage := verifyAll(t, open); len(damage) != 0 {
		t.Fatalf("an undamaged store has %v, want none", damage)
	}
	for _, path := range files(t, dir) {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range good {
			bad := slices.Clone(good)
			bad[i] ^= 0x10
			flip(t, path, bad)
			fresh, err := backup.Open(dir, atomicfile.Ops{})
			if err != nil {
				t.Fatal(err)
			}
			for name, s := range map[string]*backup.Store{"open": open, "reopened": fresh} {
				if damage := verifyAll(t, s); !names(damage, path) {
					t.Errorf("byte %d of %s, %s store: got %v, want it named", i, filepath.Base(path), name, damage)
				}
			}
			fresh.Close()
		}
		flip(t, path, good)
	}
}

// flip changes the bytes of a file in place.
func flip(t *testing.T, path string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(data, 0); err != nil {
		t.Fatal(err)
	}
}

// names says whether some damage names the file at path, or the backup of which it is the manifest.
func names(damage []backup.Damage, path string) bool {
	id := strings.TrimSuffix(filepath.Base(path), ".manifest")
	return slices.ContainsFunc(damage, func(d backup.Damage) bool {
		return (d.Pack == filepath.Base(path) || d.Backup == id) && d.Problem != "" && d.String() != ""
	})
}

func TestDamagedPieceNamesTheFileThatSuffersAndOnlyThat(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	write(t, root, map[string]string{"a": "AAAA", "b": "BBBB"})
	s := openStore(t, dir, nil)
	create(t, s, request(root, "b1"))
	path := files(t, filepath.Join(dir, "packs"))[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, path, []byte(strings.Replace(string(data), "BBBB", "BxBB", 1)))
	damage, err := s.Verify(context.Background(), "b1")
	if err != nil || len(damage) != 1 || damage[0].Path != "b" {
		t.Errorf("got %v, %v, want b alone", damage, err)
	}
	failed, err := s.Restore(context.Background(), "b1", nil, memory())
	if err != nil || len(failed) != 1 || failed[0].Path != "b" {
		t.Errorf("restore: got %v, %v, want b alone to fail", failed, err)
	}
}

func TestPartsTogetherVerifyEverythingOnce(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	for i := range 40 {
		write(t, root, map[string]string{fmt.Sprintf("f%d", i): fmt.Sprintf("content %d", i)})
	}
	s := openStore(t, dir, nil)
	create(t, s, request(root, "b1"))
	for _, path := range files(t, filepath.Join(dir, "packs")) {
		if err := os.Truncate(path, 8); err != nil {
			t.Fatal(err)
		}
	}
	paths, packs := 0, 0
	for n := 1; n <= 4; n++ {
		damage, err := s.VerifyAll(context.Background(), backup.Part{Number: n, Of: 4})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range damage {
			if d.Pack != "" {
				packs++
			} else {
				paths++
			}
		}
		if len(damage) >= 40 {
			t.Errorf("part %d of 4 found all of the damage, want a share", n)
		}
	}
	if paths != 40 || packs != 1 {
		t.Errorf("got %d files and %d packs, want 40 and 1", paths, packs)
	}
}

// history makes a store with backups of a root that changes, one an hour, the i-th of which holds "version i".
func history(t *testing.T, dir string, n int) {
	t.Helper()
	root, s := t.TempDir(), openStore(t, dir, nil)
	for i := range n {
		write(t, root, map[string]string{"steady": "never changes", "moving": fmt.Sprintf("version %d", i)})
		req := request(root, fmt.Sprintf("b%d", i))
		req.Now = now.Add(time.Duration(i) * time.Hour)
		create(t, s, req)
	}
	s.Close()
}

func ids(s *backup.Store) []string {
	var list []string
	for _, info := range s.List() {
		list = append(list, info.ID)
	}
	return list
}

func TestR17PruneKeepsPinnedAndLastKnownGood(t *testing.T) {
	dir := t.TempDir()
	history(t, dir, 6)
	s := openStore(t, dir, nil)
	for _, err := range []error{s.MarkGood("b0"), s.Pin("b1", "mod_1"), s.Pin("b2", "mod_2"), s.Unpin("b2", "mod_2")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s = openStore(t, dir, nil)
	late := now.Add(365 * 24 * time.Hour)
	removed, err := s.Prune(late, backup.Policy{KeepMax: 3})
	if want := "[b1 b0]"; err != nil || fmt.Sprint(ids(s)) != want || len(removed) != 4 {
		t.Errorf("got %v, removed %v, %v, want %s kept", ids(s), removed, err, want)
	}
	if list := s.List(); !list[1].LastKnownGood || len(list[0].Pins) != 1 {
		t.Errorf("got %+v, want b0 last known good and b1 pinned", list)
	}
	for i, id := range []string{"b0", "b1"} {
		m := restore(t, s, id)
		if want := fmt.Sprintf("version %d", i); m.content["moving"] != want || m.content["steady"] != "never changes" {
			t.Errorf("%s: got %v, want %s", id, m.content, want)
		}
	}
}

func TestPruneKeepsTheNewestAndTheUnexpired(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		max  int
		want string
	}{
		{now, 10, "[b3 b2 b1 b0]"},
		{now, 2, "[b3 b2]"},
		{now.Add(7*24*time.Hour - 1), 10, "[b3 b2 b1 b0]"},
		{now.Add(7 * 24 * time.Hour), 10, "[]"},
	} {
		dir := t.TempDir()
		history(t, dir, 4)
		s := openStore(t, dir, nil)
		if _, err := s.Prune(c.at, backup.Policy{KeepMax: c.max}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(ids(s)); got != c.want {
			t.Errorf("at %v, at most %d: got %s, want %s", c.at.Sub(now), c.max, got, c.want)
		}
		if left := files(t, filepath.Join(dir, "packs")); c.want == "[]" && len(left) != 0 {
			t.Errorf("packs left without backups: %v", left)
		}
		if damage := verifyAll(t, s); len(damage) != 0 {
			t.Errorf("after prune: %v, want no damage", damage)
		}
	}
	if _, err := openStore(t, t.TempDir(), nil).Prune(now, backup.Policy{}); err == nil {
		t.Error("prune with keep_max 0: got no error, want one")
	}
}

// TestPruneStoppedAtAnyOperationLosesNothing also fails each operation, and prunes again after it.
func TestPruneStoppedAtAnyOperationLosesNothing(t *testing.T) {
	points := 0
	for _, point := range []func(int) *failpoint.Points{
		failpoint.KillAt, func(n int) *failpoint.Points { return failpoint.FailAt(n, fs.ErrPermission) },
	} {
		for n := 1; ; n++ {
			dir := t.TempDir()
			history(t, dir, 4)
			gate := point(n)
			_, err := openStore(t, dir, gate).Prune(now, backup.Policy{KeepMax: 2})
			if !gate.Reached() {
				break
			}
			if points++; err == nil {
				t.Errorf("operation %d was stopped and prune reported nothing", n)
			}
			s := openStore(t, dir, nil)
			if got := fmt.Sprint(ids(s)); !strings.HasPrefix(got, "[b3 b2") {
				t.Errorf("operation %d: got %s, want b3 and b2 at least", n, got)
			}
			if damage := verifyAll(t, s); len(damage) != 0 {
				t.Errorf("operation %d: %v, want no damage", n, damage)
			}
			if _, err := s.Prune(now, backup.Policy{KeepMax: 2}); err != nil || fmt.Sprint(ids(s)) != "[b3 b2]" {
				t.Errorf("operation %d: second prune left %v, %v, want b3 and b2", n, ids(s), err)
			}
		}
	}
	if points < 10 {
		t.Errorf("the sweep had %d points, want at least 10", points)
	}
}

// TestCreateStoppedAtAnyOperationLeavesOldBackupsWhole stops a second backup at each of its operations.
func TestCreateStoppedAtAnyOperationLeavesOldBackupsWhole(t *testing.T) {
	for n := 1; ; n++ {
		root, dir := t.TempDir(), t.TempDir()
		write(t, root, map[string]string{"a": "old"})
		create(t, openStore(t, dir, nil), request(root, "b1"))
		write(t, root, map[string]string{"a": "new", "b": "more"})
		gate := failpoint.KillAt(n)
		_, err := openStore(t, dir, gate).Create(context.Background(), request(root, "b2"))
		if !gate.Reached() {
			if n < 10 {
				t.Errorf("the sweep had %d points, want at least 10", n-1)
			}
			return
		}
		if !errors.Is(err, failpoint.ErrKilled) {
			t.Errorf("operation %d: got %v, want %v", n, err, failpoint.ErrKilled)
		}
		s := openStore(t, dir, nil)
		if damage := verifyAll(t, s); len(damage) != 0 {
			t.Errorf("operation %d: %v, want no damage", n, damage)
		}
		if got := restore(t, s, "b1").content["a"]; got != "old" {
			t.Errorf("operation %d: b1 has %q, want %q", n, got, "old")
		}
	}
}

func TestCompactingKeepsWhatLives(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	for i := range 10 {
		write(t, root, map[string]string{fmt.Sprintf("dead%d", i): strings.Repeat(fmt.Sprint("dead", i), 999)})
	}
	write(t, root, map[string]string{"steady": "never changes"})
	s := openStore(t, dir, nil)
	create(t, s, request(root, "b1"))
	for i := range 10 {
		os.Remove(filepath.Join(root, fmt.Sprintf("dead%d", i)))
	}
	req := request(root, "b2")
	req.Now = now.Add(time.Hour)
	create(t, s, req)
	if _, err := s.Prune(now, backup.Policy{KeepMax: 1}); err != nil {
		t.Fatal(err)
	}
	packs := files(t, filepath.Join(dir, "packs"))
	info, err := os.Stat(packs[0])
	if err != nil || len(packs) != 1 || info.Size() > 250 {
		t.Errorf("got packs %v of %d bytes, %v, want one small one", packs, info.Size(), err)
	}
	if got := restore(t, s, "b2").content["steady"]; got != "never changes" {
		t.Errorf("got %q, want %q", got, "never changes")
	}
}
