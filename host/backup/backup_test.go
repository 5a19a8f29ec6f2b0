package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/backup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func openStore(t testing.TB, dir string, gate atomicfile.Gate) *backup.Store {
	t.Helper()
	s, err := backup.Open(dir, atomicfile.Ops{Gate: gate})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// write puts files, given as path and content, below root.
func write(t testing.TB, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func request(root, id string) backup.Request {
	return backup.Request{ID: id, Root: "shop", RootPath: root, Now: now, Expires: now.Add(7 * 24 * time.Hour)}
}

func create(t testing.TB, s *backup.Store, req backup.Request) backup.Info {
	t.Helper()
	info, err := s.Create(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func memory() *target { return &target{files: map[string]backup.Entry{}, content: map[string]string{}} }

// target keeps what is restored in memory. It fails for the paths in fail.
type target struct {
	files   map[string]backup.Entry
	content map[string]string
	fail    string
}

func (m *target) Restore(_ context.Context, e backup.Entry, content io.Reader) error {
	if m.fail == e.Path {
		return errors.New("no room here")
	}
	if content != nil {
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		m.content[e.Path] = string(data)
	}
	m.files[e.Path] = e
	return nil
}

func restore(t testing.TB, s *backup.Store, id string, paths ...string) *target {
	t.Helper()
	m := memory()
	failed, err := s.Restore(context.Background(), id, paths, m)
	if err != nil || len(failed) > 0 {
		t.Fatalf("restore %s: %v, failed %v", id, err, failed)
	}
	return m
}

func TestBackupGivesBackEverythingAboutEachFile(t *testing.T) {
	root, s := t.TempDir(), openStore(t, t.TempDir(), nil)
	big := strings.Repeat("0123456789abcdef", 600_000) // three pieces
	write(t, root, map[string]string{"a.conf": "listen 80", "sub/b": big, "empty": "", "sub/copy": "listen 80"})
	for _, err := range []error{
		os.Chmod(filepath.Join(root, "a.conf"), 0o750|os.ModeSetuid),
		os.Chmod(filepath.Join(root, "sub"), 0o710),
		os.Symlink("../outside", filepath.Join(root, "link")),
		os.Link(filepath.Join(root, "a.conf"), filepath.Join(root, "twin")),
		unix.Setxattr(filepath.Join(root, "a.conf"), "user.owner", []byte("alice"), 0),
		unix.Mkfifo(filepath.Join(root, "pipe"), 0o600),
		os.WriteFile(filepath.Join(root, "holes"), nil, 0o600),
		os.Truncate(filepath.Join(root, "holes"), 1<<20),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	info := create(t, s, request(root, "b1"))
	if info.Files != 6 || len(info.Skipped) != 1 || !strings.HasPrefix(info.Skipped[0], "pipe") {
		t.Errorf("got %+v, want 6 files and the pipe skipped", info)
	}
	m := restore(t, s, "b1")
	for path, want := range map[string]string{"a.conf": "listen 80", "sub/b": big, "empty": "", "sub/copy": "listen 80"} {
		if m.content[path] != want {
			t.Errorf("%s: got %d bytes, want %d", path, len(m.content[path]), len(want))
		}
	}
	a := m.files["a.conf"]
	if a.Mode != 0o4750 || string(a.Xattrs["user.owner"]) != "alice" || a.MTime == 0 {
		t.Errorf("a.conf: got %+v, want mode 04750, the attribute and a time", a)
	}
	if got := m.files["sub"]; got.Kind != backup.Folder || got.Mode != 0o710 {
		t.Errorf("sub: got %+v, want a folder of mode 0710", got)
	}
	if got := m.files["link"]; got.Kind != backup.Symlink || got.Target != "../outside" {
		t.Errorf("link: got %+v, want the link itself", got)
	}
	if got := m.files["twin"]; got.HardLink != "a.conf" {
		t.Errorf("twin: got %+v, want a further name of a.conf", got)
	}
	if got := m.files["holes"]; !got.Sparse || len(m.content["holes"]) != 1<<20 {
		t.Errorf("holes: got %+v with %d bytes, want a sparse file of 1 MiB", got, len(m.content["holes"]))
	}
}

func TestGivenPathsIncludeAbsentOnes(t *testing.T) {
	root, s := t.TempDir(), openStore(t, t.TempDir(), nil)
	write(t, root, map[string]string{"a": "1", "dir/b": "2", "other": "3"})
	req := request(root, "b1")
	req.Paths = []string{"dir", "a", "new", "no/such/parent", "a"}
	info := create(t, s, req)
	m := restore(t, s, "b1")
	if info.Whole || len(m.files) != 5 || m.content["dir/b"] != "2" || m.content["a"] != "1" {
		t.Errorf("got %v of whole root %t, want a, dir, dir/b and two absent paths", m.files, info.Whole)
	}
	for _, p := range []string{"new", "no/such/parent"} {
		if got := m.files[p].Kind; got != backup.Absent {
			t.Errorf("%s: got %q, want %q", p, got, backup.Absent)
		}
	}
}

func TestWrongRequestsAreRefused(t *testing.T) {
	root, s := t.TempDir(), openStore(t, t.TempDir(), nil)
	write(t, root, map[string]string{"a": "1"})
	os.Symlink("/etc", filepath.Join(root, "etc"))
	create(t, s, request(root, "taken"))
	for name, change := range map[string]func(*backup.Request){
		"taken id":           func(r *backup.Request) { r.ID = "taken" },
		"id with a slash":    func(r *backup.Request) { r.ID = "../b" },
		"empty id":           func(r *backup.Request) { r.ID = "" },
		"no such root":       func(r *backup.Request) { r.RootPath = filepath.Join(root, "none") },
		"path with ..":       func(r *backup.Request) { r.Paths = []string{"../x"} },
		"absolute path":      func(r *backup.Request) { r.Paths = []string{"/etc/passwd"} },
		"path behind a link": func(r *backup.Request) { r.Paths = []string{"etc/passwd"} },
	} {
		req := request(root, "fresh")
		change(&req)
		if _, err := s.Create(context.Background(), req); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
	if got := len(s.List()); got != 1 {
		t.Errorf("got %d backups, want 1", got)
	}
}

func TestEqualContentIsStoredOnce(t *testing.T) {
	root, s := t.TempDir(), openStore(t, t.TempDir(), nil)
	content := strings.Repeat("some text that is the same everywhere ", 1000)
	for i := range 50 {
		write(t, root, map[string]string{fmt.Sprintf("f%d", i): content})
	}
	first := create(t, s, request(root, "b1"))
	if first.Stored > int64(len(content)) {
		t.Errorf("50 equal files of %d bytes took %d, want less than one of them", len(content), first.Stored)
	}
	write(t, root, map[string]string{"moved": content})
	if second := create(t, s, request(root, "b2")); second.Stored != 0 {
		t.Errorf("a further equal file took %d bytes, want 0", second.Stored)
	}
}

// TestChangeWithTheSameTimesAndSizeIsSeenWhileFresh changes a file behind the back of every time stamp but ctime, at once
// after a backup.
func TestChangeWithTheSameTimesAndSizeIsSeenWhileFresh(t *testing.T) {
	root, s := t.TempDir(), openStore(t, t.TempDir(), nil)
	write(t, root, map[string]string{"a": "old"})
	path := filepath.Join(root, "a")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	create(t, s, request(root, "b1"))
	write(t, root, map[string]string{"a": "new"})
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	create(t, s, request(root, "b2"))
	if got := restore(t, s, "b2").content["a"]; got != "new" {
		t.Errorf("got %q, want %q", got, "new")
	}
}

func TestRestoreOfAFileAFolderOrAll(t *testing.T) {
	root, s := t.TempDir(), openStore(t, t.TempDir(), nil)
	write(t, root, map[string]string{"a": "1", "dir/b": "2", "dir/deep/c": "3", "dir2/d": "4"})
	create(t, s, request(root, "b1"))
	for _, c := range []struct {
		paths []string
		want  int
	}{{nil, 7}, {[]string{"a"}, 1}, {[]string{"dir"}, 4}, {[]string{"dir/deep", "a"}, 3}, {[]string{"."}, 7}} {
		if got := restore(t, s, "b1", c.paths...); len(got.files) != c.want {
			t.Errorf("%v: got %d entries %v, want %d", c.paths, len(got.files), got.files, c.want)
		}
	}
	for _, bad := range []string{"none", "../a", "/a", "di"} {
		if _, err := s.Restore(context.Background(), "b1", []string{bad}, memory()); err == nil {
			t.Errorf("restore of %q: got no error, want one", bad)
		}
	}
	if _, err := s.Restore(context.Background(), "b0", nil, memory()); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("unknown backup: got %v, want %v", err, backup.ErrNotFound)
	}
}

func TestR18RestoreGoesOnAfterOneFileFailsAndSaysWhich(t *testing.T) {
	root, s := t.TempDir(), openStore(t, t.TempDir(), nil)
	write(t, root, map[string]string{"a": "1", "b": "2", "c": "3"})
	create(t, s, request(root, "b1"))
	m := memory()
	m.fail = "b"
	failed, err := s.Restore(context.Background(), "b1", nil, m)
	if err != nil || len(failed) != 1 || failed[0].Path != "b" || failed[0].Problem == "" {
		t.Errorf("got %v, %v, want only b to fail", failed, err)
	}
	if m.content["a"] != "1" || m.content["c"] != "3" {
		t.Errorf("got %v, want a and c restored", m.content)
	}
}

func TestListIsNewestFirstAndSurvivesReopening(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	write(t, root, map[string]string{"a": "1"})
	s := openStore(t, dir, nil)
	for i := range 3 {
		req := request(root, fmt.Sprintf("b%d", i))
		req.Now = now.Add(time.Duration(i) * time.Hour)
		create(t, s, req)
	}
	want := fmt.Sprintf("%+v", s.List())
	again := openStore(t, dir, nil)
	if got := fmt.Sprintf("%+v", again.List()); got != want || !strings.Contains(want, "b2") {
		t.Errorf("reopened: got %s, want %s", got, want)
	}
	if list := again.List(); list[0].ID != "b2" || list[2].ID != "b0" {
		t.Errorf("got %+v, want b2 first", list)
	}
	if got := restore(t, again, "b1").content["a"]; got != "1" {
		t.Errorf("got %q, want %q", got, "1")
	}
}

func TestEndedContextStopsABackupWithoutATrace(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	write(t, root, map[string]string{"a": "1", "b": "2", "c": "3"})
	s := openStore(t, dir, nil)
	ctx, cancel := context.WithCancel(context.Background())
	req := request(root, "b1")
	req.Progress = func(p backup.Progress) {
		if p.TotalFiles != 3 {
			t.Errorf("got %+v, want 3 files in all", p)
		}
		cancel()
	}
	if _, err := s.Create(ctx, req); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	packs, err := os.ReadDir(filepath.Join(dir, "packs"))
	if err != nil || len(packs) != 0 || len(s.List()) != 0 {
		t.Errorf("left %v and %v, %v, want nothing", packs, s.List(), err)
	}
}
