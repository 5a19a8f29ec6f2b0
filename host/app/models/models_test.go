package models_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/app/models"
	"github.com/homeostat/homeostat/host/evolve"
	"github.com/homeostat/homeostat/sandbox"
)

// TestMain lets the test binary be the worker that the sandbox starts.
func TestMain(m *testing.M) {
	sandbox.MaybeWorker()
	goleak.VerifyTestMain(m)
}

// build makes the example model from source.
func build(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "model.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", out, ".")
	cmd.Dir = filepath.Join("..", "..", "..", "examples", "model-web")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the model: %v\n%s", err, said)
	}
	return out
}

// assemble makes a module from its text; without wat2wasm the test is left out.
func assemble(t *testing.T, text string) string {
	t.Helper()
	if _, err := exec.LookPath("wat2wasm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("wat2wasm is missing: apt-get install wabt")
		}
		t.Skip("needs wat2wasm: apt-get install wabt")
	}
	in, out := filepath.Join(t.TempDir(), "in.wat"), filepath.Join(t.TempDir(), "out.wasm")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("wat2wasm", "-o", out, in).CombinedOutput(); err != nil {
		t.Fatalf("wat2wasm: %v\n%s", err, said)
	}
	return out
}

func open(t *testing.T, module string, timeout time.Duration) *models.Model {
	t.Helper()
	box, err := sandbox.Open(sandbox.Settings{CacheDir: filepath.Join(t.TempDir(), "cache")})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	m, err := models.Open(t.Context(), box, evolve.Target{Component: "web", Module: module, SHA256: hex.EncodeToString(sum[:])}, sandbox.Limits{Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// ask returns the cost under one stream.
func ask(t *testing.T, m *models.Model, params []float64, seed uint64) (float64, error) {
	t.Helper()
	costs, err := m.Evaluate(t.Context(), params, []evolve.Stream{{Seed: seed}})
	if err != nil {
		return 0, err
	}
	return costs[0], nil
}

func TestExampleModelCostsTheSameForTheSameSeed(t *testing.T) {
	m := open(t, build(t), time.Minute)
	first, err := ask(t, m, []float64{12, 64, 2}, 5)
	if err != nil || !(first > 0 && first < 1) {
		t.Fatalf("got %v, %v; want a cost below a second", first, err)
	}
	again, err := ask(t, m, []float64{12, 64, 2}, 5)
	if err != nil || again != first {
		t.Errorf("the same again: got %v, %v; want %v", again, err, first)
	}
	both, err := m.Evaluate(t.Context(), []float64{12, 64, 2}, []evolve.Stream{{Seed: 4}, {Seed: 5}})
	if err != nil || len(both) != 2 || both[0] == first || both[1] != first {
		t.Errorf("after another stream: got %v, %v; want %v second", both, err, first)
	}
	hour := make([]float64, 60)
	for i := range hour {
		hour[i] = 150
	}
	busy, err := m.Evaluate(t.Context(), []float64{2, 64, 2}, []evolve.Stream{{Seed: 1, Series: hour}, {Seed: 2, Series: hour[:9]}})
	if err != nil || len(busy) != 2 || !(busy[0] > 1) || busy[0] == busy[1] {
		t.Errorf("recorded load: got %v, %v; want two costs above a second", busy, err)
	}
	few, err := ask(t, m, []float64{2, 64, 2}, 5)
	if err != nil || few <= first {
		t.Errorf("two workers cost %v, %v; want more than %v", few, err, first)
	}
	if odd, err := ask(t, m, []float64{1, 2, 3, 4}, 5); err != nil || !math.IsNaN(odd) {
		t.Errorf("four parameters instead of three: got %v, %v; want NaN", odd, err)
	}
}

func TestWhatAModelDoesWrongIsTheModels(t *testing.T) {
	body := map[string]string{
		"traps": "unreachable",
		"hangs": "(loop $l (br $l)) (f64.const 0)",
	}
	for name, does := range body {
		m := open(t, assemble(t, `(module (memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) (i32.const 1024))
		  (func (export "fitness") (param i32 i32 i64) (result f64) `+does+`))`), 3*time.Second)
		if cost, err := ask(t, m, []float64{1}, 1); !errors.Is(err, evolve.ErrModel) {
			t.Errorf("a model that %s: got %v, %v; want ErrModel", name, cost, err)
		}
	}
	deaf := open(t, assemble(t, `(module (memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) (i32.const 1024))
	  (func (export "fitness") (param i32 i32 i64) (result f64) (f64.const 0)))`), time.Minute)
	if _, err := deaf.Evaluate(t.Context(), []float64{1}, []evolve.Stream{{Series: []float64{1}}}); !errors.Is(err, evolve.ErrNoReplay) {
		t.Errorf("a module without replay: got %v, want ErrNoReplay", err)
	}
	m := open(t, assemble(t, `(module (memory (export "memory") 1))`), time.Minute)
	if _, err := ask(t, m, []float64{1}, 1); !errors.Is(err, evolve.ErrModel) || !strings.Contains(err.Error(), "fitness") {
		t.Errorf("a module without fitness: got %v", err)
	}
}

func TestModuleThatIsNotThePinnedOneIsRefused(t *testing.T) {
	box, err := sandbox.Open(sandbox.Settings{CacheDir: filepath.Join(t.TempDir(), "cache")})
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.wasm")
	if err := os.WriteFile(other, []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, module := range []string{other, filepath.Join(t.TempDir(), "none.wasm")} {
		_, err := models.Open(t.Context(), box, evolve.Target{Component: "web", Module: module, SHA256: strings.Repeat("ab", 32)}, sandbox.Limits{})
		if !errors.Is(err, evolve.ErrModel) {
			t.Errorf("%s: got %v, want ErrModel", module, err)
		}
	}
}
