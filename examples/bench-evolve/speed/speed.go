// Package speed measures how many evaluations a second the sandbox's pool makes,
// with a small model in text form and with the example model in Go: one evaluation
// is one setting under one stream of random numbers. Each setting has an instance of
// its own, which is asked for each of its streams. Both models are built from source
// first; a tool that is missing leaves its rows out.
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
	// seeds is how many streams of random numbers a search tries a setting with by
	// default, on one instance of the model.
	seeds = 8
	// requests is how many requests examples/model-web simulates in an evaluation.
	requests = 400
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
		for _, streams := range []int{1, seeds} {
			rate, err := measure(ctx, box, candidate{module, []float64{1, 2, 3}, streams})
			if err != nil {
				return nil, err
			}
			rows = append(rows, table.Row{
				Set: "pool", Name: fmt.Sprintf("small model, %d an instance", streams), Figure: rate, Unit: "evaluations/s",
				Bar: fmt.Sprintf("≥ %d", least), Kept: rate >= least, Note: fmt.Sprintf("%.0f settings/s", rate/float64(streams)),
			})
		}
	}
	module, err := build(ctx, dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "left out the model in Go: %v\n", err)
		return rows, nil
	}
	for _, streams := range []int{1, seeds} {
		rate, err := measure(ctx, box, candidate{module, []float64{12, 64, 2}, streams})
		if err != nil {
			return rows, err
		}
		rows = append(rows, table.Row{
			Set: "pool", Name: fmt.Sprintf("examples/model-web, %d an instance", streams), Figure: rate, Unit: "evaluations/s",
			Note: fmt.Sprintf("%.0f settings/s, %.0f simulated requests/s; most of an instance is the start of Go's runtime", rate/float64(streams), rate*requests),
		})
	}
	return rows, nil
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

// candidate is a setting that is judged again and again under so many streams.
type candidate struct {
	module  string
	params  []float64
	streams int
}

func measure(ctx context.Context, box *sandbox.Sandbox, c candidate) (float64, error) {
	pool, err := box.NewPool(ctx, sandbox.Program{Path: c.module}, sandbox.Limits{}, workers)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	e := sandbox.Evaluation{Function: "fitness", Params: c.params}
	for n := range c.streams {
		e.Streams = append(e.Streams, sandbox.Stream{Seed: uint64(n)})
	}
	if r, err := pool.Evaluate(ctx, e); err != nil || len(r.Values) != c.streams {
		return 0, fmt.Errorf("the first evaluation of %s: %s %s: %w", filepath.Base(c.module), r.Ending, r.Message, err)
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
				count.Add(int64(c.streams))
			}
		})
	}
	all.Wait()
	return float64(count.Load()) / time.Since(begun).Seconds(), failed
}
