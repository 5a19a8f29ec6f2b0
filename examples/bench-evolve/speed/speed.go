// Package speed measures how many settings a second the sandbox's pool judges,
// with a small model in text form and with the example model in Go. Both are
// built from source first; a tool that is missing leaves its row out.
//
// The program that calls it must call sandbox.MaybeWorker first.
package speed

import (
	"context"
	_ "embed" // for the source of the small model
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/homeostat/homeostat/examples/bench-evolve/table"
	"github.com/homeostat/homeostat/sandbox"
)

//go:embed small.wat
var small []byte

const (
	workers = 2
	span    = 3 * time.Second
	least   = 1000 // evaluations a second of the small model
)

// Measure builds the models in a temporary folder and evaluates for some seconds
// each. It is to be run in the root of the project.
func Measure(ctx context.Context) ([]table.Row, error) {
	dir, err := os.MkdirTemp("", "bench-evolve")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	box, err := sandbox.Open(sandbox.Settings{CacheDir: filepath.Join(dir, "cache")})
	if err != nil {
		return nil, err
	}
	var rows []table.Row
	if module, err := assemble(ctx, dir); err != nil {
		fmt.Fprintf(os.Stderr, "left out the small model: %v\n", err)
	} else {
		rate, err := measure(ctx, box, module, []float64{1, 2, 3})
		if err != nil {
			return nil, err
		}
		rows = append(rows, table.Row{Set: "pool", Name: "small model", Figure: rate, Unit: "evaluations/s", Bar: fmt.Sprintf("≥ %d", least), Kept: rate >= least})
	}
	module, err := build(ctx, dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "left out the model in Go: %v\n", err)
		return rows, nil
	}
	rate, err := measure(ctx, box, module, []float64{12, 64, 2})
	if err != nil {
		return rows, err
	}
	return append(rows, table.Row{Set: "pool", Name: "examples/model-web", Figure: rate, Unit: "evaluations/s", Note: "a Go program of 2 MB that starts anew for each"}), nil
}

func assemble(ctx context.Context, dir string) (string, error) {
	in, out := filepath.Join(dir, "small.wat"), filepath.Join(dir, "small.wasm")
	if err := os.WriteFile(in, small, 0o600); err != nil {
		return "", err
	}
	said, err := exec.CommandContext(ctx, "wat2wasm", "-o", out, in).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("wat2wasm, of Debian's package wabt: %w %s", err, said)
	}
	return out, err
}

func build(ctx context.Context, dir string) (string, error) {
	out := filepath.Join(dir, "model-web.wasm")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-o", out, "./examples/model-web")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	said, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build ./examples/model-web, in the root of the project: %w %s", err, said)
	}
	return out, err
}

func measure(ctx context.Context, box *sandbox.Sandbox, module string, params []float64) (float64, error) {
	pool, err := box.NewPool(ctx, sandbox.Program{Path: module}, sandbox.Limits{}, workers)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	e := sandbox.Evaluation{Function: "fitness", Params: params, Seed: 1}
	if r, err := pool.Evaluate(ctx, e); err != nil || r.Ending != sandbox.Exited {
		return 0, fmt.Errorf("the first evaluation of %s: %s %s: %w", filepath.Base(module), r.Ending, r.Message, err)
	}
	var count atomic.Int64
	var failed error
	var once sync.Once
	var all sync.WaitGroup
	begun := time.Now()
	for range workers {
		all.Go(func() {
			for time.Since(begun) < span {
				if _, err := pool.Evaluate(ctx, e); err != nil {
					once.Do(func() { failed = err })
					return
				}
				count.Add(1)
			}
		})
	}
	all.Wait()
	return float64(count.Load()) / time.Since(begun).Seconds(), failed
}
