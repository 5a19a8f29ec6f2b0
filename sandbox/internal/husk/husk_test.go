package husk

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// two is (module (func (export "a") (result i32) i32.const 7) (func (export "b")))
// with the custom section "x" in front and a name section behind.
var two = []byte{
	0, 'a', 's', 'm', 1, 0, 0, 0,
	0, 3, 1, 'x', 9,
	1, 8, 2, 0x60, 0, 1, 0x7f, 0x60, 0, 0,
	3, 3, 2, 0, 1,
	7, 9, 2, 1, 'a', 0, 0, 1, 'b', 0, 1,
	10, 9, 2, 4, 0, 0x41, 7, 0x0b, 2, 0, 0x0b,
	0, 10, 4, 'n', 'a', 'm', 'e', 0, 3, 2, 'm', '!',
}

func TestHuskKeepsTheShapeAndLosesTheInstructions(t *testing.T) {
	got := Of(two)
	if bytes.Equal(got, two) || bytes.Contains(got, []byte{0x41, 7}) {
		t.Fatalf("got %x, want a module without the constant 7", got)
	}
	if bytes.Contains(got, []byte{'x', 9}) || !bytes.Contains(got, []byte("name")) {
		t.Errorf("got %x, want the custom section x left out and the names kept", got)
	}
	if whole, cut := shape(t, two), shape(t, got); !slices.Equal(whole, cut) {
		t.Errorf("got exports %v, want %v", cut, whole)
	}
}

func TestHuskOfAGoProgramIsValidAndOffersTheSame(t *testing.T) {
	out := filepath.Join(t.TempDir(), "check.wasm")
	cmd := exec.Command("go", "build", "-o", out, "../../../examples/check-go")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, said)
	}
	module, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got := Of(module)
	if len(got) > len(module)*3/4 {
		t.Errorf("got %d of %d bytes, want most of them gone", len(got), len(module))
	}
	if whole, cut := shape(t, module), shape(t, got); !slices.Equal(whole, cut) {
		t.Errorf("got exports %v, want %v", cut, whole)
	}
}

func TestModulesOfUnknownFormAreLeftAsTheyAre(t *testing.T) {
	cut := two[:len(two)-3]
	wrongCount := slices.Clone(two)
	wrongCount[bytes.Index(two, []byte{10, 9, 2})+2] = 3
	for name, module := range map[string][]byte{
		"nothing": nil, "short": two[:5], "cut off": cut, "more bodies than there are": wrongCount,
		"endless number": append(slices.Clone(two[:8]), 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
	} {
		if got := Of(module); !bytes.Equal(got, module) {
			t.Errorf("%s: got %x, want it unchanged", name, got)
		}
	}
}

// shape lists what a module exports; decoding it proves that it is valid.
func shape(t *testing.T, module []byte) []string {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = rt.Close(ctx) }()
	compiled, err := rt.CompileModule(ctx, module)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	var out []string
	for name, f := range compiled.ExportedFunctions() {
		out = append(out, name+string(f.ParamTypes())+">"+string(f.ResultTypes()))
	}
	for name := range compiled.ExportedMemories() {
		out = append(out, "memory "+name)
	}
	slices.Sort(out)
	return out
}

func FuzzHuskNeverPanicsAndIsStable(f *testing.F) {
	f.Add(two)
	f.Add(two[:20])
	f.Add([]byte{0, 'a', 's', 'm', 1, 0, 0, 0, 10, 1, 0xff})
	f.Fuzz(func(t *testing.T, module []byte) {
		once := Of(module)
		if again := Of(once); !bytes.Equal(again, once) {
			t.Errorf("got %x, then %x", once, again)
		}
	})
}
