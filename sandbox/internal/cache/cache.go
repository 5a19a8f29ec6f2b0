// Package cache keeps the native code of compiled WASM modules between runs.
//
// It owns one private folder: an entry for each module with the code, as wazero
// laid it out, and the SHA-256 of every file in it. Code whose sums do not hold is
// thrown away and made again. It does not own compiling: a callback does that. A
// Cache is safe for concurrent use, also by several processes.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/sandbox/internal/confine"
)

// defaultBytes bounds the compile cache unless Settings says otherwise.
const defaultBytes = 512 << 20

// Cache is one folder of compiled modules. It is private, for whoever writes it
// decides what workers run.
type Cache struct {
	dir  string
	most int64
	key  string // what beside the module decides the code

	mu   sync.Mutex
	busy map[string]*sync.Mutex // per module; guarded by mu
}

// Open makes the folder dir if it is absent and refuses one that others could
// write. The entries together hold at most most bytes; 0 means 512 MiB.
func Open(dir string, most int64) (*Cache, error) {
	if dir == "" {
		return nil, errors.New("open sandbox: no folder given for compiled modules")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("open sandbox: %s holds code that is run: it must be a folder of this user with mode 0700, has %s", dir, info.Mode())
	}
	if most == 0 {
		most = defaultBytes
	}
	return &Cache{dir: dir, most: most, key: codeKey(), busy: map[string]*sync.Mutex{}}, nil
}

// layout counts the ways in which an entry was laid out, so that a newer binary
// does not take over what an older one left.
const layout = 2

// codeKey names what the native code depends on beside the module: the compiler's
// version, the processor, and how the code is filed.
func codeKey() string {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "github.com/tetratelabs/wazero" {
				version = dep.Version
			}
		}
	}
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, layout, version, runtime.GOARCH, cpuFlags()) // never returns an error
	return hex.EncodeToString(h.Sum(nil))
}

// cpuFlags returns the processor's feature line, or "" where there is none: a wrong
// guess costs one compile.
func cpuFlags() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "flags") || strings.HasPrefix(line, "Features") {
			return line
		}
	}
	return ""
}

// Lock serves one compile of a module at a time; the others then find it.
func (c *Cache) Lock(sum string) (unlock func()) {
	c.mu.Lock()
	m := c.busy[sum]
	if m == nil {
		m = &sync.Mutex{}
		c.busy[sum] = m
	}
	c.mu.Unlock()
	m.Lock()
	return m.Unlock
}

func (c *Cache) entry(sum string) string { return filepath.Join(c.dir, sum+"-"+c.key) }

const (
	codeFolder = "code"
	sumsFile   = "sums"
)

// Find returns the folder of a module's code when it is there and whole.
func (c *Cache) Find(sum string) (string, bool) {
	entry := c.entry(sum)
	want, err := readSums(filepath.Join(entry, sumsFile))
	if err != nil {
		_ = os.RemoveAll(entry) // absent or damaged: made again either way
		return "", false
	}
	code := filepath.Join(entry, codeFolder)
	got, err := sumFiles(code)
	if err != nil || !sameSums(want, got) {
		_ = os.RemoveAll(entry)
		return "", false
	}
	now := time.Now()
	_ = os.Chtimes(filepath.Join(entry, sumsFile), now, now) // only orders the eviction
	return code, true
}

// Add makes a module's code with compile, which is handed an empty folder that a
// worker can write, and puts it in its place.
func (c *Cache) Add(sum string, compile func(into string) error) (dir string, err error) {
	building, err := os.MkdirTemp(c.dir, buildingPrefix)
	if err != nil {
		return "", fmt.Errorf("compile cache: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(building))
		}
	}()
	code := filepath.Join(building, codeFolder)
	if err := makeWorkerDir(code); err != nil {
		return "", fmt.Errorf("compile cache: %w", err)
	}
	if err := compile(code); err != nil {
		return "", err
	}
	if err := seal(building); err != nil {
		return "", fmt.Errorf("compile cache: %w", err)
	}
	entry := c.entry(sum)
	if err := os.Rename(building, entry); err != nil {
		if _, found := c.Find(sum); !found { // another process may have been faster
			return "", fmt.Errorf("compile cache: %w", err)
		}
		_ = os.RemoveAll(building)
	}
	c.evict(entry)
	return filepath.Join(entry, codeFolder), nil
}

// makeWorkerDir makes a folder that belongs to the user of the workers.
func makeWorkerDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if uid, gid := confine.WorkerOwner(confine.Current()); uid >= 0 {
		return os.Chown(dir, uid, gid)
	}
	return nil
}

// seal takes the code over from the worker's user and writes down its sums.
func seal(building string) error {
	code := filepath.Join(building, codeFolder)
	err := filepath.WalkDir(code, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && !d.Type().IsRegular() {
			return fmt.Errorf("%s is no regular file", name)
		}
		return os.Lchown(name, os.Geteuid(), os.Getegid())
	})
	if err != nil {
		return err
	}
	sums, err := sumFiles(code)
	if err != nil {
		return err
	}
	text, err := json.Marshal(sums)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(building, sumsFile), text, 0o600)
}

func readSums(name string) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	return sums, json.Unmarshal(text, &sums)
}

// sumFiles hashes every regular file beneath dir.
func sumFiles(dir string) (map[string]string, error) {
	sums := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close() // read-only: nothing to lose
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		sums[rel] = hex.EncodeToString(h.Sum(nil))
		return err
	})
	return sums, err
}

func sameSums(want, got map[string]string) bool {
	if len(want) != len(got) || len(want) == 0 {
		return false
	}
	for name, sum := range want {
		if got[name] != sum {
			return false
		}
	}
	return true
}
