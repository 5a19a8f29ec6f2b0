package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sandbox/internal/cache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openCache(t *testing.T, most int64) (*cache.Cache, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cache")
	c, err := cache.Open(dir, most)
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

// produce writes one file of code of n bytes.
func produce(n int) func(string) error {
	return func(into string) error {
		return os.WriteFile(filepath.Join(into, "code.bin"), []byte(strings.Repeat("x", n)), 0o600)
	}
}

func add(t *testing.T, c *cache.Cache, sum string, n int) string {
	t.Helper()
	dir, err := c.Add(sum, produce(n))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWhatWasAddedIsFound(t *testing.T) {
	c, _ := openCache(t, 0)
	if _, ok := c.Find("m"); ok {
		t.Fatal("found in an empty cache")
	}
	want := add(t, c, "m", 10)
	if got, ok := c.Find("m"); !ok || got != want {
		t.Fatalf("got %q, %v; want %q", got, ok, want)
	}
}

func TestDamagedCodeIsThrownAway(t *testing.T) {
	for name, damage := range map[string]func(code string) error{
		"flipped": func(code string) error {
			return os.WriteFile(filepath.Join(code, "code.bin"), []byte("yxxxxxxxxx"), 0o600)
		},
		"added":   func(code string) error { return os.WriteFile(filepath.Join(code, "more"), nil, 0o600) },
		"removed": func(code string) error { return os.Remove(filepath.Join(code, "code.bin")) },
		"no sums": func(code string) error { return os.Remove(filepath.Join(code, "..", "sums")) },
		"bad sums": func(code string) error {
			return os.WriteFile(filepath.Join(code, "..", "sums"), []byte("{"), 0o600)
		},
	} {
		c, _ := openCache(t, 0)
		code := add(t, c, "m", 10)
		if err := damage(code); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Find("m"); ok {
			t.Errorf("%s: still found", name)
		}
		add(t, c, "m", 10)
		if _, ok := c.Find("m"); !ok {
			t.Errorf("%s: not found after it was made again", name)
		}
	}
}

func TestFailedCompileLeavesNothing(t *testing.T) {
	c, dir := openCache(t, 0)
	if _, err := c.Add("m", func(string) error { return errors.New("no") }); err == nil {
		t.Fatal("want the error of the compile")
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Fatalf("left behind: %v, %v", list, err)
	}
}

func TestCodeThatIsNoFileIsRefused(t *testing.T) {
	c, _ := openCache(t, 0)
	_, err := c.Add("m", func(into string) error { return os.Symlink("/etc/passwd", filepath.Join(into, "code.bin")) })
	if err == nil {
		t.Fatal("took a symlink for code")
	}
}

func TestCacheStaysWithinItsBound(t *testing.T) {
	c, dir := openCache(t, 25_000)
	for _, sum := range []string{"a", "b", "c"} {
		add(t, c, sum, 10_000)
		old := time.Now().Add(-time.Hour)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries { // what is there now was used an hour ago
			if err := os.Chtimes(filepath.Join(dir, e.Name(), "sums"), old, old); err != nil {
				t.Fatal(err)
			}
		}
		c.Find("a") // but a just now
	}
	for sum, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if _, ok := c.Find(sum); ok != want {
			t.Errorf("%s: found %v, want %v", sum, ok, want)
		}
	}
}

func TestOneModuleIsCompiledOnceAtATime(t *testing.T) {
	c, _ := openCache(t, 0)
	var all sync.WaitGroup
	var made atomic.Int32
	for range 8 {
		all.Go(func() {
			defer c.Lock("m")()
			if _, ok := c.Find("m"); ok {
				return
			}
			made.Add(1)
			if _, err := c.Add("m", produce(1)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Fatalf("compiled %d times, want once", made.Load())
	}
}

func TestFolderOthersCouldWriteIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Open(dir, 0); err == nil || !strings.Contains(err.Error(), "0700") {
		t.Errorf("mode 0755: got %v, want a refusal that says 0700", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Open(link, 0); err == nil {
		t.Error("took a symlink")
	}
	if _, err := cache.Open("", 0); err == nil {
		t.Error("took no folder")
	}
}
