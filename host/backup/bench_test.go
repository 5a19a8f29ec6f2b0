package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/backup"
)

// tenThousand makes 10,000 files of 1 to 8 KiB, half text and half noise, in 100 folders, old enough to be trusted.
func tenThousand(b *testing.B) string {
	b.Helper()
	root, random := b.TempDir(), rand.New(rand.NewPCG(1, 2))
	for i := range 10_000 {
		content := make([]byte, 1024+random.IntN(7*1024))
		for j := range content {
			content[j] = "etaoin shrdlu\n"[random.IntN(14)]
		}
		half := content[:len(content)/2]
		for j := range half {
			half[j] = byte(random.Uint32())
		}
		write(b, root, map[string]string{fmt.Sprintf("d%02d/f%d", i%100, i): string(content)})
	}
	time.Sleep(2100 * time.Millisecond) // beyond the age below which time stamps prove nothing
	return root
}

// BenchmarkStore measures 10,000 files: a first backup into an empty store, a second one without changes, and reading
// all back.
func BenchmarkStore(b *testing.B) {
	root := tenThousand(b)
	b.Run("create", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			s := openStore(b, filepath.Join(b.TempDir(), fmt.Sprint(i)), nil)
			b.StartTimer()
			create(b, s, request(root, "b1"))
		}
	})
	s := openStore(b, b.TempDir(), nil)
	create(b, s, request(root, "first"))
	b.Run("unchanged", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			req := request(root, fmt.Sprint("again", b.N, "x", i, "x", time.Now().UnixNano()))
			req.Progress = func(p backup.Progress) { b.Errorf("an unchanged file was read: %+v", p) }
			create(b, s, req)
		}
	})
	b.Run("read-back", func(b *testing.B) {
		for b.Loop() {
			failed, err := s.Restore(context.Background(), "first", nil, writer{b.TempDir()})
			if err != nil || len(failed) > 0 {
				b.Fatal(err, failed)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if damage, err := s.Verify(context.Background(), "first"); err != nil || len(damage) > 0 {
				b.Fatal(err, damage)
			}
		}
	})
}

// writer is a Target that writes plain files, as restic and borg do when they restore.
type writer struct{ dir string }

func (w writer) Restore(_ context.Context, e backup.Entry, content io.Reader) error {
	path := filepath.Join(w.dir, e.Path)
	if e.Kind == backup.Folder {
		return os.Mkdir(path, 0o755)
	}
	var data bytes.Buffer
	if _, err := data.ReadFrom(content); err != nil {
		return err
	}
	return os.WriteFile(path, data.Bytes(), 0o644)
}

// peer is another backup program: the commands of the same three acts on a folder and a repository. {n} is a fresh name.
type peer struct {
	program, home                 string
	prepare, create, again, fetch []string
}

var peers = []peer{
	{"restic", "",
		[]string{"restic", "-q", "init", "-r", "{repo}"},
		[]string{"restic", "-q", "backup", "-r", "{repo}", "{root}"},
		[]string{"restic", "-q", "backup", "-r", "{repo}", "{root}"},
		[]string{"restic", "-q", "restore", "latest", "-r", "{repo}", "--target", "{out}"}},
	{"borg", "",
		[]string{"borg", "init", "-e", "none", "{repo}"},
		[]string{"borg", "create", "--compression", "zstd,1", "{repo}::{n}", "{root}"},
		[]string{"borg", "create", "--compression", "zstd,1", "{repo}::{n}", "{root}"},
		[]string{"borg", "extract", "{repo}::again-0"}},
}

// BenchmarkPeers measures the programs that are installed on the same files as BenchmarkStore.
func BenchmarkPeers(b *testing.B) {
	root := tenThousand(b)
	for _, p := range peers {
		if _, err := exec.LookPath(p.program); err != nil {
			b.Logf("%s is not installed", p.program)
			continue
		}
		p.home = b.TempDir() // with the caches of all runs
		p.measure(b, root)
	}
}

func (p peer) measure(b *testing.B, root string) {
	b.Helper()
	repo := ""
	fresh := func(i int) {
		repo = filepath.Join(b.TempDir(), fmt.Sprint("repo", i))
		p.run(b, p.prepare, "{repo}", repo)
	}
	b.Run(p.program+"/create", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			fresh(i)
			b.StartTimer()
			p.run(b, p.create, "{repo}", repo, "{root}", root, "{n}", "first")
		}
	})
	repo = filepath.Join(b.TempDir(), "repo")
	p.run(b, p.prepare, "{repo}", repo)
	p.run(b, p.create, "{repo}", repo, "{root}", root, "{n}", "again-0")
	b.Run(p.program+"/unchanged", func(b *testing.B) {
		for b.Loop() {
			p.run(b, p.again, "{repo}", repo, "{root}", root, "{n}", fmt.Sprint("n", time.Now().UnixNano()))
		}
	})
	b.Run(p.program+"/read-back", func(b *testing.B) {
		for b.Loop() {
			p.run(b, p.fetch, "{repo}", repo, "{out}", b.TempDir())
		}
	})
}

// run runs a command with the given pairs replaced, in a folder of its own.
func (p peer) run(b *testing.B, command []string, pairs ...string) {
	b.Helper()
	replace, args := strings.NewReplacer(pairs...), make([]string, len(command))
	for i, arg := range command {
		args[i] = replace.Replace(arg)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = b.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+p.home, "BORG_BASE_DIR="+p.home,
		"RESTIC_PASSWORD=x", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v: %s", args, err, out)
	}
}
