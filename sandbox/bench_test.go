package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/internal/modtest"
)

const benchDir = "testdata/bench"

// rounds is the work of the benchmarks that compare with native code.
const rounds = "100000"

func benchRun(b *testing.B, s *sandbox.Sandbox, p sandbox.Program) {
	b.Helper()
	r, err := s.Run(b.Context(), p, sandbox.Limits{}, sandbox.View{})
	if err != nil || r.ExitCode != 0 {
		b.Fatalf("got exit %d, %s, %v", r.ExitCode, r.Stderr, err)
	}
}

// BenchmarkColdRun compiles a Go program of 2.7 MB and runs it.
func BenchmarkColdRun(b *testing.B) {
	p := sandbox.Program{Name: "bench", Module: modtest.Go(b, benchDir)}
	for b.Loop() {
		benchRun(b, modtest.Sandbox(b), p)
	}
}

// BenchmarkCachedRun runs the same program from the compile cache: the warm check.
func BenchmarkCachedRun(b *testing.B) {
	s, p := modtest.Sandbox(b), sandbox.Program{Name: "bench", Module: modtest.Go(b, benchDir)}
	benchRun(b, s, p)
	for b.Loop() {
		benchRun(b, s, p)
	}
}

// BenchmarkCachedSmallRun is the same for a module of 300 bytes: the worker's own cost.
func BenchmarkCachedSmallRun(b *testing.B) {
	s, p := modtest.Sandbox(b), sandbox.Program{Name: "small", Module: modtest.WAT(b, command(exitBody(0)))}
	benchRun(b, s, p)
	for b.Loop() {
		benchRun(b, s, p)
	}
}

// BenchmarkPooledGoProgram evaluates the Go program in a pool, with an instance for
// each evaluation.
func BenchmarkPooledGoProgram(b *testing.B) {
	p, err := modtest.Sandbox(b).NewPool(b.Context(), sandbox.Program{Name: "bench", Module: modtest.Go(b, benchDir)}, sandbox.Limits{}, 2)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := p.Evaluate(b.Context(), sandbox.Evaluation{}); err != nil || r.ExitCode != 0 {
				b.Errorf("got exit %d, %v", r.ExitCode, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "evaluations/s")
}

// BenchmarkWorkInside and BenchmarkWorkNative do 100,000 rounds of SHA-256.
func BenchmarkWorkInside(b *testing.B) {
	s, p := modtest.Sandbox(b), sandbox.Program{Name: "bench", Module: modtest.Go(b, benchDir), Args: []string{rounds}}
	benchRun(b, s, p)
	for b.Loop() {
		benchRun(b, s, p)
	}
}

func BenchmarkWorkNative(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "bench")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir, build.Env = benchDir, append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, said)
	}
	for b.Loop() {
		if err := exec.Command(binary, rounds).Run(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInstantiate and BenchmarkCall are wazero's own share, in this process.
func BenchmarkInstantiate(b *testing.B) {
	ctx := b.Context()
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	compiled, err := rt.CompileModule(ctx, modtest.Go(b, benchDir))
	if err != nil {
		b.Fatal(err)
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	for b.Loop() {
		mod, err := rt.InstantiateModule(ctx, compiled, config)
		if err != nil {
			b.Fatal(err)
		}
		mod.Close(ctx)
	}
}

func BenchmarkCall(b *testing.B) {
	ctx := b.Context()
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	mod, err := rt.Instantiate(ctx, modtest.WAT(b, `(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`))
	if err != nil {
		b.Fatal(err)
	}
	add := mod.ExportedFunction("add")
	for b.Loop() {
		if _, err := add.Call(ctx, 1, 2); err != nil {
			b.Fatal(err)
		}
	}
}
