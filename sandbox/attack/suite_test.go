package attack_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/internal/modtest"
)

// attack is one module and what must come of it.
type attack struct {
	name   string
	module func(t testing.TB) []byte
	args   []string
	// endings lists how the run may end; empty means by itself. "refused" stands for
	// a module that is not run at all.
	endings []string
	// compile is set where compiling is the attack: the deadline is then its.
	compile bool
	// more marks an attack that is left to "make attack" and -attack.all.
	more bool
}

const refused = "refused"

// limits of the suite. The memory limit is small so that what leaks shows. The
// deadline is short where the bars are measured, or where an attack ends at its
// deadline in any case; else it is so long that a loaded machine does not reach it.
func limits(a attack) sandbox.Limits {
	timeout := 500 * time.Millisecond
	if !*full && !slices.Contains(a.endings, string(sandbox.AtDeadline)) {
		timeout = 5 * time.Minute
	}
	l := sandbox.Limits{
		Memory: 64 << 20, Timeout: timeout, Disk: 16 << 20, Output: 64 << 10,
		CompileTimeout: 5 * time.Minute, CompileMemory: 1 << 30,
	}
	if a.compile {
		l.CompileTimeout, l.CompileMemory = 2*time.Second, l.Memory
	}
	return l
}

func suite() []attack {
	deadline, memory := string(sandbox.AtDeadline), string(sandbox.OutOfMemory)
	trapped, output, exited := string(sandbox.Trapped), string(sandbox.Flooded), string(sandbox.Exited)
	list := []attack{
		{name: "tight loop", module: wat("loop"), endings: []string{deadline}},
		{name: "loop at instantiation", module: wat("start-loop"), endings: []string{deadline}, more: true},
		{name: "exponential calls", module: wat("calls"), endings: []string{deadline}},
		{name: "straight-line memory.fill", module: text(straightFill), endings: []string{deadline}, more: true},
		{name: "sleep for days", module: wat("sleep"), endings: []string{exited}},
		{name: "clock spin", module: wat("clock"), endings: []string{deadline}, more: true},
		{name: "memory bomb", module: wat("memory-bomb"), endings: []string{deadline, memory, trapped}},
		{name: "4 GiB declared", module: wat("memory-big"), endings: []string{refused}, more: true},
		{name: "table bomb", module: wat("table-bomb"), endings: []string{deadline, memory, trapped}, more: true},
		{name: "deep recursion", module: wat("recursion"), endings: []string{memory, trapped}},
		{name: "stdout flood", module: wat("flood-stdout"), endings: []string{output}},
		{name: "stderr flood", module: wat("flood-stderr"), endings: []string{output}, more: true},
		{name: "random flood", module: wat("random"), endings: []string{deadline}, more: true},
		{name: "sockets", module: wat("sockets"), endings: []string{exited}},
		{name: "thread spawn", module: wat("threads"), endings: []string{refused}},
		{name: "unknown import", module: wat("import"), endings: []string{refused}},
		{name: "signals", module: wat("raise"), endings: []string{deadline}, more: true},
		{name: "wild pointers", module: wat("wild"), endings: []string{exited}},
		{name: "malformed", module: malformed, endings: []string{refused}},
		{name: "truncated", module: truncated, endings: []string{refused}},
		{name: "a million functions", more: true, module: functions, endings: []string{refused}, compile: true},
		{name: "nested 30,000 deep", more: true, module: nested, endings: []string{refused, exited}, compile: true},
		{name: "five million locals", more: true, module: locals, endings: []string{refused, exited}, compile: true},
	}
	for _, name := range []string{"symlink", "hardlink", "rename", "links-read", "links-write", "dotdot", "absolute", "proc",
		"descriptors", "environment", "network", "spawn", "files", "disk", "remove-all"} {
		more := slices.Contains([]string{"rename", "absolute", "environment", "network", "spawn", "remove-all"}, name)
		endings := []string{exited}
		if name == "disk" {
			endings = append(endings, memory) // scratch files are memory, and the guest's own may be what goes beyond
		}
		list = append(list, attack{name: "guest: " + name, module: goGuest, args: []string{name}, endings: endings, more: more})
	}
	return list
}

func wat(name string) func(testing.TB) []byte {
	return func(t testing.TB) []byte {
		t.Helper()
		source, err := os.ReadFile(filepath.Join("testdata", "wat", name+".wat"))
		if err != nil {
			t.Fatal(err)
		}
		return modtest.WAT(t, string(source))
	}
}

func text(generate func() string) func(testing.TB) []byte {
	return func(t testing.TB) []byte { t.Helper(); return modtest.WAT(t, generate()) }
}

// straightFill fills 32 MiB a thousand times without a loop or a call, where
// an engine would look whether it shall stop.
func straightFill() string {
	fill := "(memory.fill (i32.const 0) (i32.const 7) (i32.const 33554432))\n"
	return `(module (memory (export "memory") 512) (func (export "_start") ` + strings.Repeat(fill, 1_000) + "))"
}

func malformed(testing.TB) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), bytes.Repeat([]byte{0x0b, 0xff, 0x80}, 1000)...)
}

func truncated(t testing.TB) []byte {
	whole := wat("sockets")(t)
	return whole[:len(whole)*2/3]
}

// section is one section of a module, with its length in front.
func section(id byte, body []byte) []byte {
	return append(append([]byte{id}, uleb(len(body))...), body...)
}

func uleb(n int) []byte {
	var out []byte
	for {
		b := byte(n & 0x7f)
		if n >>= 7; n == 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

// module puts count functions of the same code into a module that exports the first
// as _start.
func module(count int, code []byte) []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, section(1, []byte{1, 0x60, 0, 0})...)
	out = append(out, section(3, append(uleb(count), make([]byte, count)...))...)
	out = append(out, section(7, append([]byte{1, 6}, "_start\x00\x00"...))...)
	body := append(uleb(len(code)), code...)
	return append(out, section(10, append(uleb(count), bytes.Repeat(body, count)...))...)
}

func functions(testing.TB) []byte { return module(1_000_000, []byte{0, 0x0b}) }

func nested(testing.TB) []byte {
	code := append([]byte{0}, bytes.Repeat([]byte{0x02, 0x40}, 30_000)...)
	return module(1, append(code, bytes.Repeat([]byte{0x0b}, 30_001)...))
}

func locals(testing.TB) []byte {
	code := append([]byte{1}, uleb(49_999)...)
	return module(100, append(code, 0x7e, 0x0b))
}

var built []byte

// goGuest builds the Go program once for all its attacks.
func goGuest(t testing.TB) []byte {
	t.Helper()
	if built == nil {
		built = modtest.Go(t, filepath.Join("testdata", "guest"))
	}
	return built
}

// scene is a live root and what lies outside of it.
type scene struct{ dir, root string }

func newScene(t testing.TB) scene {
	t.Helper()
	s := scene{dir: t.TempDir()}
	s.root = filepath.Join(s.dir, "root")
	for name, text := range map[string]string{
		"root/file.txt": "a file of the root", "root/dir/sub/deep.txt": "deep", "outside/secret": "the outside secret",
	} {
		name = filepath.Join(s.dir, name)
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, []byte(text), 0o666))
	}
	must(t, os.Symlink("../outside/secret", filepath.Join(s.root, "way-out")))
	must(t, os.Symlink("../outside", filepath.Join(s.root, "way-in")))
	must(t, os.Symlink(filepath.Join(s.dir, "outside", "secret"), filepath.Join(s.root, "absolute")))
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// snapshot describes every file of the scene: name, mode, size, time and bytes.
func (s scene) snapshot(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(s.dir, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&all, "%s %v %d %d\n", p, info.Mode(), info.Size(), info.ModTime().UnixNano())
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(p)
			fmt.Fprintf(&all, "%q\n", data)
			return err
		}
		return nil
	})
	must(t, err)
	return all.String()
}
