package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/internal/modtest"
	"github.com/homeostat/homeostat/sandbox/view"
)

// command is a WASI program in WAT with some imports declared and a memory.
func command(body string) string {
	return `(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
` + body + ")"
}

const helloBody = `(data (i32.const 16) "hello\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 6))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))`

// catBody copies the file "app.toml" of the first preopened folder to stdout.
const catBody = `(data (i32.const 64) "app.toml")
  (func (export "_start")
    (if (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 8) (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 32))
      (then (call $exit (i32.const 1))))
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $read (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.load (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))`

const loopBody = `(func (export "_start") (loop $l (br $l)))`

func exitBody(code int) string {
	return fmt.Sprintf(`(func (export "_start") (call $exit (i32.const %d)))`, code)
}

func run(t *testing.T, body string, l sandbox.Limits, v sandbox.View) sandbox.Report {
	t.Helper()
	if l.Timeout == 0 {
		l.Timeout = 5 * time.Minute // not reached on a loaded machine
	}
	r, err := modtest.Sandbox(t).Run(t.Context(), sandbox.Program{Name: "test", Module: modtest.WAT(t, command(body))}, l, v)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return r
}

func TestProgramRunsAndItsOutputComesBack(t *testing.T) {
	r := run(t, helloBody, sandbox.Limits{}, sandbox.View{})
	if r.Stdout != "hello\n" || r.Verdict != sandbox.Pass || r.Ending != sandbox.Exited {
		t.Fatalf("got %q, %s, %s; want hello, pass, exited", r.Stdout, r.Verdict, r.Ending)
	}
	if r.SHA256 == "" || r.Wall <= 0 || r.CPU <= 0 || r.Resident <= 0 || r.Memory != 64<<10 {
		t.Fatalf("the report lacks facts: %+v", r)
	}
}

func TestExitCodesBecomeVerdicts(t *testing.T) {
	for code, want := range map[int]sandbox.Verdict{0: sandbox.Pass, 1: sandbox.Fail, 2: sandbox.Inconclusive, 77: sandbox.Inconclusive} {
		r := run(t, exitBody(code), sandbox.Limits{}, sandbox.View{})
		if r.Verdict != want || r.ExitCode != code {
			t.Errorf("exit %d: got %s with code %d, want %s", code, r.Verdict, r.ExitCode, want)
		}
	}
}

func TestTrapIsInconclusive(t *testing.T) {
	r := run(t, `(func (export "_start") unreachable)`, sandbox.Limits{}, sandbox.View{})
	if r.Verdict != sandbox.Inconclusive || r.Ending != sandbox.Trapped || !strings.Contains(r.Message, "unreachable") {
		t.Fatalf("got %s, %s, %q", r.Verdict, r.Ending, r.Message)
	}
}

func TestTightLoopEndsAtTheDeadline(t *testing.T) {
	r := run(t, loopBody, sandbox.Limits{Timeout: 200 * time.Millisecond}, sandbox.View{})
	if r.Ending != sandbox.AtDeadline || r.ExitCode != 124 || r.Verdict != sandbox.Inconclusive {
		t.Fatalf("got %s, %d, %s", r.Ending, r.ExitCode, r.Verdict)
	}
}

func TestCancelledRunEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := modtest.Sandbox(t)
	p := sandbox.Program{Module: modtest.WAT(t, command(loopBody))}
	if _, err := s.Run(ctx, p, sandbox.Limits{Timeout: time.Millisecond}, sandbox.View{}); err != nil {
		t.Fatal(err) // compiled now
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	r, err := s.Run(ctx, p, sandbox.Limits{Timeout: time.Hour}, sandbox.View{})
	if err != nil || r.Ending != sandbox.Cancelled {
		t.Fatalf("got %s, %v; want cancelled", r.Ending, err)
	}
}

func TestSameSeedGivesSameBytesAndTimes(t *testing.T) {
	body := `(func (export "_start")
    (drop (call $random (i32.const 1024) (i32.const 32)))
    (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 1056)))
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 40))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))`
	s := modtest.Sandbox(t)
	p := sandbox.Program{Module: modtest.WAT(t, command(body))}
	out := map[uint64][]string{}
	for _, seed := range []uint64{7, 7, 8} {
		p.Seed = seed
		r, err := s.Run(t.Context(), p, sandbox.Limits{}, sandbox.View{})
		if err != nil {
			t.Fatal(err)
		}
		out[seed] = append(out[seed], r.Stdout)
	}
	if out[7][0] != out[7][1] {
		t.Errorf("seed 7 twice: %x and %x", out[7][0], out[7][1])
	}
	if out[7][0][:32] == out[8][0][:32] || out[7][0][32:] != out[8][0][32:] {
		t.Errorf("seeds 7 and 8: want other bytes and the same clock, got %x and %x", out[7][0], out[8][0])
	}
}

func TestCheckSeesTheStagedBytes(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "app.toml"), "old")
	v := sandbox.View{Lower: root, Staged: []sandbox.Staged{{Path: "app.toml", Data: []byte("new"), SHA256: view.Sum([]byte("new"))}}}
	if r := run(t, catBody, sandbox.Limits{}, v); r.Stdout != "new" || len(r.Read) != 1 || r.Read[0] != "app.toml" {
		t.Errorf("candidate: got %q, read %q; want new, [app.toml]", r.Stdout, r.Read)
	}
	if r := run(t, catBody, sandbox.Limits{}, v.Current()); r.Stdout != "old" {
		t.Errorf("current: got %q, want old", r.Stdout)
	}
	v.Deny = []string{"*.toml"}
	if r := run(t, catBody, sandbox.Limits{}, v); r.ExitCode != 1 || len(r.Refused) == 0 {
		t.Errorf("denied: got exit %d, refused %v; want 1 and a refusal", r.ExitCode, r.Refused)
	}
}

func TestAllGuardsAreReported(t *testing.T) {
	r := run(t, exitBody(0), sandbox.Limits{}, sandbox.View{})
	if n := len(r.Guards.On) + len(r.Guards.Missing); n != 6 {
		t.Fatalf("want each of 6 guards on or missing with a reason, got %+v", r.Guards)
	}
}

func TestRequiredGuardThatIsMissingRefuses(t *testing.T) {
	r := run(t, exitBody(0), sandbox.Limits{}, sandbox.View{})
	p := sandbox.Program{Module: modtest.WAT(t, command(exitBody(0)))}
	for _, g := range r.Guards.On {
		if _, err := modtest.Sandbox(t).Run(t.Context(), p, sandbox.Limits{Require: []sandbox.Guard{g}}, sandbox.View{}); err != nil {
			t.Errorf("require %s, which stands: %v", g, err)
		}
	}
	for g := range r.Guards.Missing {
		_, err := modtest.Sandbox(t).Run(t.Context(), p, sandbox.Limits{Require: []sandbox.Guard{g}}, sandbox.View{})
		var refused *sandbox.Refused
		if !errors.As(err, &refused) {
			t.Errorf("require %s, which is missing: got %v, want a refusal", g, err)
		}
	}
}

func TestWrongInputIsRefusedInOneSentence(t *testing.T) {
	good := modtest.WAT(t, command(exitBody(0)))
	wat := func(text string) []byte { return modtest.WAT(t, text) }
	for name, c := range map[string]struct {
		program sandbox.Program
		limits  sandbox.Limits
		view    sandbox.View
		want    string
	}{
		"no such module":   {program: sandbox.Program{Path: "/no/such.wasm"}, want: "no such module"},
		"a folder":         {program: sandbox.Program{Path: t.TempDir()}, want: "is a folder"},
		"nothing":          {program: sandbox.Program{}, want: "is empty"},
		"not WASM":         {program: sandbox.Program{Module: []byte("#!/bin/sh\n")}, want: "not WASM"},
		"truncated header": {program: sandbox.Program{Module: good[:6]}, want: "truncated"},
		"truncated body":   {program: sandbox.Program{Module: good[:len(good)-5]}, want: "module.wasm:"},
		"component":        {program: sandbox.Program{Module: []byte("\x00asm\x0d\x00\x01\x00")}, want: "component (WASI preview 2)"},
		"preview 2 import": {program: sandbox.Program{Module: wat(`(module (import "wasi:cli/run@0.2.0" "run" (func)) (func (export "_start")))`)}, want: "preview 2"},
		"preview 0 import": {program: sandbox.Program{Module: wat(`(module (import "wasi_unstable" "fd_write" (func)) (func (export "_start")))`)}, want: "preview 0"},
		"unknown import":   {program: sandbox.Program{Module: wat(`(module (import "env" "system" (func)) (func (export "_start")))`)}, want: "imports env.system"},
		"no start":         {program: sandbox.Program{Module: wat(`(module)`)}, want: "no _start"},
		"wrong hash":       {program: sandbox.Program{Module: good, SHA256: strings.Repeat("0", 64)}, want: "sha256 want 0000"},
		"bad variable":     {program: sandbox.Program{Module: good, Env: map[string]string{"A=B": "c"}}, want: "malformed"},
		"memory too small": {program: sandbox.Program{Module: good}, limits: sandbox.Limits{Memory: 1}, want: "limit memory"},
		"time too long":    {program: sandbox.Program{Module: good}, limits: sandbox.Limits{Timeout: 48 * time.Hour}, want: "limit timeout"},
		"module needs more": {program: sandbox.Program{Module: wat(`(module (memory 32) (func (export "_start")))`)},
			limits: sandbox.Limits{Memory: 1 << 20}, want: "memory"},
		"relative root":   {program: sandbox.Program{Module: good}, view: sandbox.View{Lower: "etc"}, want: "absolute"},
		"other bytes":     {program: sandbox.Program{Module: good}, view: sandbox.View{Staged: []sandbox.Staged{{Path: "a", Data: []byte("x"), SHA256: "00"}}}, want: "changed after they were pinned"},
		"path leads away": {program: sandbox.Program{Module: good}, view: sandbox.View{Staged: []sandbox.Staged{{Path: "../a"}}}, want: "without"},
	} {
		_, err := modtest.Sandbox(t).Run(t.Context(), c.program, c.limits, c.view)
		var refused *sandbox.Refused
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v; want a refusal in one line that says %q", name, err, c.want)
		}
	}
}

func TestSymlinkedRootWorks(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "real", "app.toml"), "here")
	if err := os.Symlink("real", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if r := run(t, catBody, sandbox.Limits{}, sandbox.View{Lower: filepath.Join(root, "link")}); r.Stdout != "here" {
		t.Fatalf("got %q, refused %v, want here", r.Stdout, r.Refused)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
