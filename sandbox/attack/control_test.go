package attack_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	wsys "github.com/tetratelabs/wazero/sys"
)

// The control runs the same module with wazero's stock settings in a child of its
// own, which beats every 2 ms so that the parent sees when it freezes.

// controlName is the argv[0] of the control's process.
const controlName = "attack-control"

// maybeControl does the control's work when this process is one.
func maybeControl() {
	if os.Args[0] != controlName {
		return
	}
	go func() {
		for {
			fmt.Println("beat")
			time.Sleep(2 * time.Millisecond)
		}
	}()
	fmt.Println("ended", stock(os.Args[1], os.Args[2], os.Args[3:]))
	os.Exit(0)
}

// stock is how wazero's documentation shows to run a WASI program with a folder,
// and a context with a timeout.
func stock(module, root string, args []string) string {
	code, err := os.ReadFile(module)
	if err != nil {
		return err.Error()
	}
	fmt.Println("begin")
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	rt := wazero.NewRuntime(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	compiled, err := rt.CompileModule(ctx, code)
	if err != nil {
		return refused
	}
	fmt.Println("begin")
	out := &lastBytes{}
	config := wazero.NewModuleConfig().WithArgs(append([]string{"guest"}, args...)...).WithEnv("OUTSIDE", filepath.Dir(root)).WithEnv("PWD", "/").
		WithStdout(out).WithStderr(io.Discard).WithSysWalltime().WithSysNanotime().WithSysNanosleep().
		WithFSConfig(wazero.NewFSConfig().WithDirMount(root, "/"))
	_, err = rt.InstantiateModule(ctx, compiled, config)
	var exit *wsys.ExitError
	switch {
	case strings.Contains(out.text, "ESCAPED") || (errors.As(err, &exit) && exit.ExitCode() == 3):
		return "escaped"
	case err == nil, errors.As(err, &exit):
		return "exited"
	}
	return "trapped"
}

// lastBytes keeps what a guest wrote first; a real program would keep all of it.
type lastBytes struct{ text string }

func (l *lastBytes) Write(p []byte) (int, error) {
	if len(l.text) < 1<<16 {
		l.text += string(p)
	}
	return len(p), nil
}

// control runs a in a stock child, kills it 2 s after its deadline and says by what
// it failed, or "-".
func control(t *testing.T, a attack) string {
	t.Helper()
	place := newScene(t)
	file := filepath.Join(t.TempDir(), "module.wasm")
	must(t, os.WriteFile(file, a.module(t), 0o600))
	must(t, os.Mkdir(filepath.Join(place.root, "out"), 0o755))
	before := place.snapshot(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = append([]string{controlName, file, place.root}, a.args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	h := watchHost(controlName)
	must(t, cmd.Start())
	seen := listen(stdout, cmd.Process.Pid)
	_ = cmd.Wait() // killed, or ended by itself
	h.end()
	after := withoutOut(place.snapshot(t), place.root)
	return seen.failures(h, after != withoutOut(before, place.root))
}

// withoutOut leaves the scratch folder, which the control has for real, and the
// time of the folder above it out of the comparison.
func withoutOut(snapshot, root string) string {
	var kept []string
	for _, line := range strings.Split(snapshot, "\n") {
		if !strings.HasPrefix(line, root+"/out") && !strings.HasPrefix(line, root+" ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// observed is what the parent saw of a control.
type observed struct {
	ended  string
	killed bool
	gap    time.Duration
	took   time.Duration // from the last "begin"
}

func listen(r io.Reader, pid int) observed {
	var o observed
	const patience = 2500 * time.Millisecond // the deadline and 2 s
	begun := time.Now()
	kill := time.AfterFunc(20*time.Second, func() { _ = syscall.Kill(-pid, syscall.SIGKILL) })
	defer kill.Stop()
	last := begun
	for lines := bufio.NewScanner(r); lines.Scan(); {
		now := time.Now()
		switch word, rest, _ := strings.Cut(lines.Text(), " "); word {
		case "begin":
			begun, last, o.gap = now, now, 0
			kill.Reset(patience)
		case "beat":
			o.gap = max(o.gap, now.Sub(last))
			last = now
		case "ended":
			o.ended = rest
			o.took = now.Sub(begun)
			o.gap = max(o.gap, now.Sub(last))
			return o
		}
	}
	o.killed, o.took = true, time.Since(begun)
	o.gap = max(o.gap, time.Since(last))
	return o
}

func (o observed) failures(h *host, touched bool) string {
	var by []string
	switch {
	case o.killed:
		by = append(by, "does not end")
	case o.took > 500*time.Millisecond+barLate:
		by = append(by, fmt.Sprintf("ends %d ms late", (o.took-500*time.Millisecond).Milliseconds()))
	}
	if o.gap > 10*barGap { // the beat itself is slow
		by = append(by, fmt.Sprintf("freezes %d ms", o.gap.Milliseconds()))
	}
	if most := int64(64<<20 + barMemory); h.memory > most {
		by = append(by, fmt.Sprintf("%d MiB", h.memory>>20))
	}
	if o.ended == "escaped" {
		by = append(by, "escapes")
	}
	if touched {
		by = append(by, "changes the live tree")
	}
	if len(by) == 0 {
		return "-"
	}
	return strings.Join(by, ", ")
}
