package recent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func names(edits []Edit, dir string) string {
	var out []string
	for _, e := range edits {
		out = append(out, strings.TrimPrefix(e.Path, dir+"/"))
	}
	return strings.Join(out, " ")
}

func TestEditsAreFoundBelowFoldersAndLogsAreNot(t *testing.T) {
	dir := t.TempDir()
	log := write(t, filepath.Join(dir, "web.log"), "line")
	write(t, filepath.Join(dir, "conf.d", "web.toml"), "workers = 3")
	if err := os.Symlink("/etc", filepath.Join(dir, "conf.d", "link")); err != nil {
		t.Fatal(err)
	}
	l := Look{Paths: []string{dir, filepath.Join(dir, "conf.d"), filepath.Join(dir, "gone")}, Except: []string{log}, Since: time.Now().Add(-time.Minute)}
	got, whole := Files(t.Context(), l)
	if !strings.Contains(names(got, dir), "conf.d/web.toml") || strings.Contains(names(got, dir), "web.log") || len(got) != 2 || !whole {
		t.Errorf("edits %q, whole %v; want web.toml and the link, each once, without the log", names(got, dir), whole)
	}
	l.Since = time.Now().Add(time.Minute)
	if got, _ := Files(t.Context(), l); len(got) != 0 {
		t.Errorf("edits %v since the future, want none", got)
	}
}

func TestEditThatSetsItsTimeBackIsSeen(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a"), "x")
	old := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if got, _ := Files(t.Context(), Look{Paths: []string{path}, Since: time.Now().Add(-time.Minute)}); len(got) != 1 {
		t.Errorf("edits %v, want the file whose modification time was set back", got)
	}
}

const dpkgLog = `2026-01-02 09:00:00 startup archives unpack
2026-01-02 09:00:01 upgrade nginx:amd64 1.22.1-9 1.22.1-9+deb12u1
2026-01-02 09:00:02 status half-configured nginx:amd64 1.22.1-9
2026-01-02 10:00:00 install redis-server:amd64 <none> 5:7.0.15
2026-01-02 10:00:99 remove broken:amd64 1 <none>
`

const aptLog = `
Start-Date: 2026-01-02  10:00:00
Commandline: apt-get install redis-server
Requested-By: ann (1000)
Install: redis-server:amd64 (5:7.0.15), redis-tools:amd64 (5:7.0.15, automatic)
End-Date: 2026-01-02  10:00:03
`

func TestPackageLogsAreReadInBothForms(t *testing.T) {
	dir := t.TempDir()
	logs := []string{write(t, filepath.Join(dir, "dpkg.log"), dpkgLog), write(t, filepath.Join(dir, "history.log"), aptLog), filepath.Join(dir, "none.log")}
	since := time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)
	got, err := Packages(logs, since, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{
		{since.Add(time.Hour), "install redis-server:amd64 <none> → 5:7.0.15", ""},
		{since.Add(time.Hour), "apt-get install redis-server: install redis-server:amd64 (5:7.0.15), redis-tools:amd64 (5:7.0.15, automatic)", "ann (1000)"},
		{since.Add(time.Second), "upgrade nginx:amd64 1.22.1-9 → 1.22.1-9+deb12u1", ""},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d acts, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if !got[i].At.Equal(want[i].At) || got[i].Text != want[i].Text || got[i].By != want[i].By {
			t.Errorf("act %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestLogThatWasRotatedLatelyAndALongOneAreRead(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "dpkg.log.1"), dpkgLog)
	long := strings.Repeat("2026-01-02 08:00:00 status installed x:amd64 1\n", 2*tailBytes/47) + "2026-01-02 11:00:00 purge x:amd64 1 <none>\n"
	got, err := Packages([]string{write(t, filepath.Join(dir, "dpkg.log"), long)}, time.Date(2026, 1, 2, 9, 30, 0, 0, time.UTC), time.UTC)
	if err != nil || len(got) != 2 || !strings.HasPrefix(got[0].Text, "purge x") || !strings.HasPrefix(got[1].Text, "install redis") {
		t.Errorf("got %+v, %v; want the purge of the long log and the install of the rotated one", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(dpkgLog))
	f.Add([]byte(aptLog))
	f.Add([]byte("Start-Date: \nEnd-Date: x\n\xff\xfe: \n2026-01-02 10:00:00 install a b c"))
	since := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, p := range parse(text, since, time.UTC) {
			if !p.At.After(since) || len([]rune(p.Text)) > maxText || p.Text == "" {
				t.Errorf("%q gives %+v", text, p)
			}
		}
	})
}
