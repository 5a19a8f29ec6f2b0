package gotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/view"
)

// build is one candidate laid out for the compiler: nothing is copied but the
// staged bytes, which -overlay puts in the place of the live ones.
type build struct {
	dir     string // private, removed afterwards
	overlay string // the file for -overlay
	made    int
}

// maxDenied bounds how many denied files are hidden from the compiler.
const maxDenied = 10_000

// stage writes the staged bytes and the overlay. What the deny list hides from a
// check is hidden from the compiler too: a //go:embed would carry it into the test
// binary.
func (r *Runner) stage(v sandbox.View) (*build, error) {
	if err := os.MkdirAll(r.set.WorkDir, 0o700); err != nil {
		return nil, fmt.Errorf("stage a Go build: %w", err)
	}
	dir, err := os.MkdirTemp(r.set.WorkDir, "build-")
	if err != nil {
		return nil, fmt.Errorf("stage a Go build: %w", err)
	}
	replace, err := stageFiles(v, dir)
	if err == nil {
		err = hideDenied(v, replace)
	}
	var text []byte
	if err == nil {
		text, err = json.Marshal(map[string]any{"Replace": replace})
	}
	b := &build{dir: dir, overlay: filepath.Join(dir, "overlay.json")}
	if err == nil {
		err = os.WriteFile(b.overlay, text, 0o600)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("stage a Go build: %w", err), os.RemoveAll(dir))
	}
	return b, nil
}

func stageFiles(v sandbox.View, dir string) (map[string]string, error) {
	replace := map[string]string{}
	for i, s := range v.Staged {
		live := filepath.Join(v.Lower, filepath.FromSlash(s.Path))
		switch s.Kind {
		case view.Deleted:
			replace[live] = ""
		case view.File:
			copied := filepath.Join(dir, strconv.Itoa(i)+path.Ext(s.Path))
			if err := os.WriteFile(copied, s.Data, 0o600); err != nil {
				return nil, err
			}
			replace[live] = copied
		}
	}
	return replace, nil
}

// hideDenied maps every live file that the deny list names to nothing.
func hideDenied(v sandbox.View, replace map[string]string) error {
	if len(v.Deny) == 0 || v.Lower == "" {
		return nil
	}
	hidden := 0
	return filepath.WalkDir(v.Lower, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read cannot be embedded
		}
		rel, err := filepath.Rel(v.Lower, name)
		if err != nil || rel == "." || d.IsDir() || !view.Denied(v.Deny, filepath.ToSlash(rel)) {
			return err
		}
		if hidden++; hidden > maxDenied {
			return fmt.Errorf("the deny list hides more than %d files of %s", maxDenied, v.Lower)
		}
		replace[name] = ""
		return nil
	})
}

// build compiles the tests of the package in dir. The module is nil when there is
// none: the build failed, as the report says, or the package has no tests.
func (r *Runner) build(ctx context.Context, b *build, s Suite, dir string) ([]byte, sandbox.NativeReport, error) {
	b.made++
	out := filepath.Join(b.dir, "out"+strconv.Itoa(b.made))
	cache := filepath.Join(r.set.WorkDir, "go-build")
	for _, folder := range []string{out, cache} {
		if err := sandbox.MakeWorkerDir(folder); err != nil {
			return nil, sandbox.NativeReport{}, fmt.Errorf("build tests of %s: %w", dir, err)
		}
	}
	binary := filepath.Join(out, "test.wasm")
	report, err := r.sandbox.RunNative(ctx, sandbox.Native{
		Argv: []string{r.set.Go, "test", "-c", "-overlay", b.overlay, "-buildvcs=false", "-o", binary, "./" + dir},
		Env:  r.environment(cache, out),
		Dir:  s.View.Lower,
		Read: []string{s.View.Lower, b.dir, r.set.ModCache}, Write: []string{cache, out},
		Exec:    []string{r.goroot, "/lib", "/lib64", "/usr/lib"},
		Timeout: r.set.Timeout, Memory: r.set.Memory, Output: 1 << 20, Require: s.Limits.Require,
	})
	if err != nil || report.Ending != sandbox.Exited || report.ExitCode != 0 {
		return nil, report, err
	}
	module, err := os.ReadFile(binary)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, report, nil
	}
	return module, report, err
}

// environment is all that the go command gets: no proxy, no cgo, no settings of
// any user, no other toolchain.
func (r *Runner) environment(cache, out string) []string {
	return []string{
		"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0",
		"GOROOT=" + r.goroot, "GOMODCACHE=" + r.set.ModCache, "GOCACHE=" + cache, "GOTMPDIR=" + out, "HOME=" + out, "GOPATH=" + out,
		"GOENV=off", "GOTOOLCHAIN=local", "GOPROXY=off", "GOSUMDB=off", "GOVCS=*:off", "GOTELEMETRY=off", "GOFLAGS=-mod=readonly",
		"PATH=" + filepath.Join(r.goroot, "bin"),
	}
}
