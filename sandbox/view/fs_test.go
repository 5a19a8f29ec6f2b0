package view_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"

	"github.com/homeostat/homeostat/sandbox/view"
)

// recorder keeps what an FS reports, one line each.
type recorder struct{ lines []string }

func (r *recorder) Read(p string)  { r.lines = append(r.lines, "read "+p) }
func (r *recorder) Wrote(p string) { r.lines = append(r.lines, "wrote "+p) }
func (r *recorder) Refused(op, p, why string) {
	r.lines = append(r.lines, "refused "+op+" "+p+": "+why)
}

func (r *recorder) says(part string) bool {
	return slices.ContainsFunc(r.lines, func(l string) bool { return strings.Contains(l, part) })
}

type opened struct {
	*view.FS
	rec *recorder
}

func open(t testing.TB, v view.View, q view.Quota) opened {
	t.Helper()
	loaded, err := v.Load()
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	rec := &recorder{}
	now := int64(0)
	f, err := view.New(loaded, view.Options{Quota: q, Recorder: rec, Now: func() int64 { now++; return now }})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return opened{f, rec}
}

var plenty = view.Quota{Bytes: 1 << 20, Files: 100, Open: 16}

func (o opened) read(p string) (string, sys.Errno) {
	f, eno := o.OpenFile(p, sys.O_RDONLY, 0)
	if eno != 0 {
		return "", eno
	}
	defer f.Close()
	var all []byte
	buf := make([]byte, 1000)
	for {
		n, eno := f.Read(buf)
		if n == 0 || eno != 0 {
			return string(all), eno
		}
		all = append(all, buf[:n]...)
	}
}

func (o opened) write(p, text string) sys.Errno {
	f, eno := o.OpenFile(p, sys.O_WRONLY|sys.O_CREAT|sys.O_TRUNC, 0o644)
	if eno != 0 {
		return eno
	}
	defer f.Close()
	_, eno = f.Write([]byte(text))
	return eno
}

func (o opened) names(p string) string {
	f, eno := o.OpenFile(p, sys.O_DIRECTORY, 0)
	if eno != 0 {
		return eno.Error()
	}
	defer f.Close()
	list, eno := f.Readdir(-1)
	if eno != 0 {
		return eno.Error()
	}
	var names []string
	for _, d := range list {
		names = append(names, d.Name)
	}
	return strings.Join(names, " ")
}

// root makes a live root: a.txt, dir/b.txt, secrets/key, links, a pipe.
func root(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "root")
	for name, text := range map[string]string{"a.txt": "live a", "dir/b.txt": "live b", "secrets/key": "hush", "../outside": "not yours"} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"in": "dir/b.txt", "abs": dir + "/dir/b.txt", "out1": "../outside", "out2": "/etc/passwd", "loop": "loop", "todir": "dir",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLayersMerge(t *testing.T) {
	o := open(t, view.View{Lower: root(t), Staged: []view.Staged{
		{Path: "a.txt", Data: []byte("staged a")},
		{Path: "dir/new/c.txt", Data: []byte("staged c")},
		{Path: "secrets", Kind: view.Deleted},
		{Path: "alias", Kind: view.Symlink, Target: "dir/new"},
	}}, plenty)
	for p, want := range map[string]string{"a.txt": "staged a", "dir/b.txt": "live b", "dir/new/c.txt": "staged c", "alias/c.txt": "staged c", "/dir//./b.txt": "live b", "dir/../a.txt": "staged a"} {
		if got, eno := o.read(p); got != want || eno != 0 {
			t.Errorf("read %s: got %q, %v; want %q", p, got, eno, want)
		}
	}
	for _, p := range []string{"secrets", "secrets/key", "none", "a.txt/x", "dir/none/x"} {
		if got, eno := o.read(p); eno == 0 {
			t.Errorf("read %s: got %q, want nothing there", p, got)
		}
	}
	if got, want := o.names("."), "a.txt abs alias dir in loop out out1 out2 pipe todir"; got != want {
		t.Errorf("list: got %q, want %q", got, want)
	}
	if got, want := o.names("dir"), "b.txt new"; got != want {
		t.Errorf("list dir: got %q, want %q", got, want)
	}
}

func TestDeletedFolderWithNewContentsShowsOnlyThose(t *testing.T) {
	edits := []view.Staged{{Path: "dir", Kind: view.Deleted}, {Path: "dir/c.txt", Data: []byte("c")}}
	for range 2 {
		o := open(t, view.View{Lower: root(t), Staged: edits}, plenty)
		if got := o.names("dir"); got != "c.txt" {
			t.Errorf("edits in order %v: got %q, want c.txt", edits[0].Kind, got)
		}
		slices.Reverse(edits)
	}
}

func TestLinksStayInside(t *testing.T) {
	o := open(t, view.View{Lower: root(t)}, plenty)
	for p, want := range map[string]string{"in": "live b", "abs": "live b", "todir/b.txt": "live b"} {
		if got, eno := o.read(p); got != want {
			t.Errorf("read %s: got %q, %v; want %q", p, got, eno, want)
		}
	}
	for p, want := range map[string]sys.Errno{"out1": sys.ENOENT, "out2": sys.ENOENT, "loop": sys.ELOOP, "../outside": sys.ENOENT, "dir/../../outside": sys.ENOENT, "pipe": sys.EACCES} {
		if got, eno := o.read(p); eno != want {
			t.Errorf("read %s: got %q, %v; want %v", p, got, eno, want)
		}
	}
	if !o.rec.says("leads above the top") {
		t.Errorf("no refusal for leading outside: %q", o.rec.lines)
	}
}

func TestGuestLinksLeadNowhereElse(t *testing.T) {
	o := open(t, view.View{Lower: root(t)}, plenty)
	for link, target := range map[string]string{"out/e": "/etc/passwd", "out/u": "../../../../etc/passwd", "out/p": "/proc/self/environ"} {
		if eno := o.Symlink(target, link); eno != 0 {
			t.Fatalf("symlink %s: %v", link, eno)
		}
		if got, eno := o.read(link); eno != sys.ENOENT {
			t.Errorf("read %s -> %s: got %q, %v; want ENOENT", link, target, got, eno)
		}
	}
	if eno := o.Link("a.txt", "out/hard"); eno != sys.EPERM {
		t.Errorf("hard link: got %v, want EPERM", eno)
	}
}

func TestDeniedPathsLookAbsent(t *testing.T) {
	o := open(t, view.View{Lower: root(t), Deny: []string{"secrets/**", "**/b.txt"},
		Staged: []view.Staged{{Path: "secrets/new", Data: []byte("n")}, {Path: "way", Kind: view.Symlink, Target: "secrets/key"}}}, plenty)
	for _, p := range []string{"secrets", "secrets/key", "secrets/new", "way", "dir/b.txt", "in", "todir/b.txt"} {
		if got, eno := o.read(p); eno != sys.ENOENT {
			t.Errorf("read %s: got %q, %v; want ENOENT", p, got, eno)
		}
	}
	if got := o.names(".") + o.names("dir"); strings.Contains(got, "secrets") || strings.Contains(got, "b.txt") {
		t.Errorf("listing shows denied names: %q", got)
	}
	if !o.rec.says("refused open secrets") {
		t.Errorf("no refusal recorded: %q", o.rec.lines)
	}
}

func TestReadOnlyViewTakesWritesInScratchOnly(t *testing.T) {
	dir := root(t)
	o := open(t, view.View{Lower: dir}, plenty)
	for name, eno := range map[string]sys.Errno{
		"write": o.write("a.txt", "x"), "create": o.write("x", "x"), "mkdir": o.Mkdir("d", 0o755), "unlink": o.Unlink("a.txt"),
		"rmdir": o.Rmdir("secrets"), "rename": o.Rename("a.txt", "b"), "rename in": o.Rename("a.txt", "out/a"), "utimens": o.Utimens("a.txt", 1, 1), "chmod": o.Chmod("a.txt", 0),
	} {
		if eno == 0 {
			t.Errorf("%s went through on a read-only view", name)
		}
	}
	if eno := o.write("out/x", "hello"); eno != 0 {
		t.Fatalf("write to scratch: %v", eno)
	}
	if got, _ := o.read("out/x"); got != "hello" {
		t.Errorf("scratch: got %q, want hello", got)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a.txt")); string(got) != "live a" || err != nil {
		t.Errorf("the live file is %q, %v", got, err)
	}
}

func TestWritableViewCopiesOnWrite(t *testing.T) {
	dir := root(t)
	o := open(t, view.View{Lower: dir, Writable: true, Staged: []view.Staged{{Path: "s.txt", Data: []byte("staged")}}}, plenty)
	f, eno := o.OpenFile("dir/b.txt", sys.O_RDWR, 0)
	if eno != 0 {
		t.Fatal(eno)
	}
	if _, eno := f.Pwrite([]byte("L"), 0); eno != 0 {
		t.Fatal(eno)
	}
	f.Close()
	for _, op := range []struct {
		name string
		eno  sys.Errno
	}{
		{"rename live file", o.Rename("a.txt", "dir/moved")}, {"rename over", o.Rename("s.txt", "dir/b2.txt")},
		{"unlink", o.Unlink("secrets/key")}, {"rmdir", o.Rmdir("secrets")}, {"mkdir again", o.Mkdir("secrets", 0o755)},
	} {
		if op.eno != 0 {
			t.Errorf("%s: %v", op.name, op.eno)
		}
	}
	for p, want := range map[string]string{"dir/b.txt": "Live b", "dir/moved": "live a", "dir/b2.txt": "staged"} {
		if got, eno := o.read(p); got != want {
			t.Errorf("%s: got %q, %v; want %q", p, got, eno, want)
		}
	}
	if got := o.names("secrets") + "|" + o.names("dir"); got != "|b.txt b2.txt moved" {
		t.Errorf("listings: got %q", got)
	}
	if eno := o.Rename("dir", "dir2"); eno != sys.EPERM {
		t.Errorf("moving a live folder: got %v, want EPERM", eno)
	}
	for p, want := range map[string]string{"a.txt": "live a", "dir/b.txt": "live b", "secrets/key": "hush"} {
		if got, err := os.ReadFile(filepath.Join(dir, p)); string(got) != want {
			t.Errorf("the live %s is %q, %v; want %q", p, got, err, want)
		}
	}
}

func TestRemovedFileStaysReadableWhileOpen(t *testing.T) {
	q := plenty
	o := open(t, view.View{}, q)
	if eno := o.write("out/t", "kept"); eno != 0 {
		t.Fatal(eno)
	}
	f, _ := o.OpenFile("out/t", sys.O_RDONLY, 0)
	if eno := o.Unlink("out/t"); eno != 0 {
		t.Fatal(eno)
	}
	buf := make([]byte, 10)
	if n, eno := f.Read(buf); string(buf[:n]) != "kept" || eno != 0 {
		t.Errorf("got %q, %v; want kept", buf[:n], eno)
	}
	f.Close()
	if got := *o.Quota(); got.Bytes != q.Bytes || got.Files != q.Files || got.Open != q.Open {
		t.Errorf("quota afterwards: got %+v, want all of %+v back", got, q)
	}
}

func TestQuotasHold(t *testing.T) {
	for name, c := range map[string]struct {
		quota view.Quota
		act   func(opened) sys.Errno
	}{
		"bytes":   {view.Quota{Bytes: 8192, Files: 9, Open: 9}, func(o opened) sys.Errno { return o.write("out/f", strings.Repeat("x", 8193)) }},
		"sparse":  {view.Quota{Bytes: 4096, Files: 9, Open: 9}, func(o opened) sys.Errno { return twoFarBytes(o) }},
		"files":   {view.Quota{Bytes: 8192, Files: 3, Open: 9}, func(o opened) sys.Errno { return manyFiles(o, 4) }},
		"folders": {view.Quota{Bytes: 8192, Files: 1, Open: 9}, func(o opened) sys.Errno { o.Mkdir("out/a", 0); return o.Mkdir("out/b", 0) }},
		"links":   {view.Quota{Bytes: 8192, Files: 1, Open: 9}, func(o opened) sys.Errno { o.Symlink("x", "out/a"); return o.Symlink("x", "out/b") }},
		"open":    {view.Quota{Bytes: 8192, Files: 9, Open: 2}, openThrice},
		"shared": {view.Quota{Bytes: 8192, Files: 9, Open: 9, Spend: func(n int64) bool { return n <= 0 }},
			func(o opened) sys.Errno { return o.write("out/f", "x") }},
	} {
		o := open(t, view.View{}, c.quota)
		if eno := c.act(o); eno != sys.EIO || !o.Quota().Hit() || !o.rec.says("quota") {
			t.Errorf("%s: got %v, hit %v, %q; want EIO, hit and a refusal", name, eno, o.Quota().Hit(), o.rec.lines)
		}
	}
}

func twoFarBytes(o opened) sys.Errno {
	f, _ := o.OpenFile("out/f", sys.O_RDWR|sys.O_CREAT, 0o644)
	defer f.Close()
	if _, eno := f.Pwrite([]byte("x"), 1<<40); eno != 0 {
		return sys.EINVAL // one page must fit, however far out
	}
	_, eno := f.Pwrite([]byte("x"), 1<<41)
	return eno
}

func manyFiles(o opened, n int) (eno sys.Errno) {
	for i := range n {
		eno = o.write(fmt.Sprintf("out/%d", i), "")
	}
	return eno
}

func openThrice(o opened) (eno sys.Errno) {
	for range 3 {
		_, eno = o.OpenFile("out", sys.O_DIRECTORY, 0)
	}
	return eno
}

func TestDeletingWhiteoutsDoesNotLeakQuota(t *testing.T) {
	o := open(t, view.View{Lower: root(t), Writable: true}, view.Quota{Bytes: 4096, Files: 6, Open: 2})
	for range 50 {
		if eno := o.Unlink("dir/b.txt"); eno != 0 {
			t.Fatalf("unlink: %v, quota %+v", eno, o.Quota())
		}
		if eno := o.write("dir/b.txt", "again"); eno != 0 {
			t.Fatalf("write: %v, quota %+v", eno, o.Quota())
		}
	}
}

func TestTopOfViewStays(t *testing.T) {
	o := open(t, view.View{Lower: root(t), Writable: true}, plenty)
	for name, eno := range map[string]sys.Errno{"rmdir .": o.Rmdir("."), "rmdir out": o.Rmdir("out"), "rename out": o.Rename("out", "x"), "rename .": o.Rename(".", "x")} {
		if eno == 0 {
			t.Errorf("%s went through", name)
		}
	}
}

func TestPseudoFileSystemsBeneathTheRootAreRefused(t *testing.T) {
	o := open(t, view.View{Lower: "/"}, plenty)
	for _, p := range []string{"proc/self/environ", "proc/1/cmdline", "sys/kernel/mm/transparent_hugepage/enabled", "dev/null", "dev/zero"} {
		if got, eno := o.read(p); eno == 0 {
			t.Errorf("read %s: got %q, want a refusal", p, got)
		}
	}
}

func TestStatTellsKinds(t *testing.T) {
	o := open(t, view.View{Lower: root(t)}, plenty)
	for p, want := range map[string]fs.FileMode{"a.txt": 0, "dir": fs.ModeDir, "in": fs.ModeSymlink, "out": fs.ModeDir, ".": fs.ModeDir} {
		st, eno := o.Lstat(p)
		if eno != 0 || st.Mode.Type() != want {
			t.Errorf("lstat %s: got %v, %v; want %v", p, st.Mode, eno, want)
		}
	}
	if st, _ := o.Stat("in"); st.Size != int64(len("live b")) {
		t.Errorf("stat follows: got size %d", st.Size)
	}
}
