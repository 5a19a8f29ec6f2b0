package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
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
