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

	"github.com/landlock-lsm/go-landlock/landlock"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	wsys "github.com/tetratelabs/wazero/sys"
	"golang.org/x/sys/unix"
)

// The control runs the same module with wazero's stock settings in a child of its
// own, which beats every 2 ms so that the parent sees when it freezes. Stock settings
// really let a guest out, so the child is held by the kernel: it may write nowhere but
// in its scene, has no rights of root, and proves both before it starts. Where that
// cannot be had there is no control.

// controlName is the argv[0] of the control's process.
const controlName = "attack-control"

// controlUser is nobody.
const controlUser = 65534

// maybeControl does the control's work when this process is one.
func maybeControl() {
	if os.Args[0] != controlName {
		return
	}
	module, scene, canary := os.Args[1], os.Args[2], os.Args[3]
	if why := holdBack(scene, canary); why != "" {
		fmt.Println("left-out", why)
		os.Exit(0)
	}
	go func() {
		for {
			fmt.Println("beat")
			time.Sleep(2 * time.Millisecond)
		}
	}()
	fmt.Println("ended", stock(module, filepath.Join(scene, "root"), os.Args[4:]))
	os.Exit(0)
}

// holdBack bounds what an escape can do and says why it could not. The canary is a
// file outside of the scene that anybody may write: only the kernel's rules keep
// this process from it.
func holdBack(scene, canary string) string {
	if os.Geteuid() == 0 {
		return "runs as root"
	}
	for resource, most := range map[int]uint64{unix.RLIMIT_FSIZE: 256 << 20, unix.RLIMIT_DATA: 4 << 30, unix.RLIMIT_CORE: 0} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return "no rlimits: " + err.Error()
		}
	}
	if err := landlock.V3.RestrictPaths(landlock.RODirs("/"), landlock.RWDirs(scene).WithRefer()); err != nil {
		return "no landlock: " + err.Error()
	}
	f, err := os.OpenFile(canary, os.O_WRONLY, 0)
	if err == nil {
		_ = f.Close() // nothing was written
		return "can write outside of its scene"
	}
	return ""
}

// stock is how wazero's documentation shows to run a WASI program with a folder,
// and a context with a timeout.
func stock(module, root string, args []string) string {
	code, err := os.ReadFile(module)
	if err != nil {
		return err.Error()
	}
	fmt.Println("compile")
	ctx, cancel := context.WithTimeout(context.Background(), compileDeadline)
	defer cancel()
	rt := wazero.NewRuntime(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	compiled, err := rt.CompileModule(ctx, code)
	if err != nil {
		return refused
	}
	fmt.Println("begin")
	ctx, cancel = context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
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
	place, aside := newScene(t), t.TempDir()
	file, canary := filepath.Join(aside, "module.wasm"), filepath.Join(aside, "canary")
	must(t, os.WriteFile(file, a.module(t), 0o644))
	must(t, os.WriteFile(canary, nil, 0o666))
	must(t, os.Chmod(canary, 0o666))
	must(t, os.Chmod(filepath.Dir(aside), 0o755)) // the test's own folder, which nobody must pass
	must(t, os.Mkdir(filepath.Join(place.root, "out"), 0o755))
	cmd := exec.Command("/proc/self/exe")
	cmd.Args, cmd.Env = append([]string{controlName, file, place.dir, canary}, a.args...), []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: controlUser, Gid: controlUser}
		giveAway(t, place.dir)
	}
	before := place.snapshot(t)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	h := watchHost(controlName)
	must(t, cmd.Start())
	seen := listen(stdout, cmd.Process.Pid, a)
	_ = cmd.Wait() // killed, or ended by itself
	h.end()
	after := withoutOut(place.snapshot(t), place.root)
	return seen.failures(h, after != withoutOut(before, place.root))
}

// giveAway makes the scene the control's own.
func giveAway(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, controlUser, controlUser)
	}))
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

// compileDeadline is that of the attacks on the compiler; others may take longer.
const compileDeadline = 2 * time.Second

// observed is what the parent saw of a control.
type observed struct {
	leftOut string // why there is no control
	ended   string
	killed  bool
	gap     time.Duration
	late    time.Duration // beyond the deadline of the part that is the attack
}

// listen follows the child and kills it 2 s after the deadline of its attack.
func listen(r io.Reader, pid int, a attack) observed {
	var o observed
	const patience = 2 * time.Second
	kill := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(-pid, syscall.SIGKILL) })
	defer kill.Stop()
	last := time.Now()
	deadline := last.Add(time.Minute)
	begin := func(now time.Time, d time.Duration) {
		last, o.gap, deadline = now, 0, now.Add(d)
		kill.Reset(d + patience)
	}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		now := time.Now()
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch {
		case word == "compile" && a.compile:
			begin(now, compileDeadline)
		case word == "begin":
			begin(now, 500*time.Millisecond)
		case word == "beat":
			o.gap = max(o.gap, now.Sub(last))
			last = now
		case word == "left-out":
			o.leftOut = rest
			return o
		case word == "ended":
			o.ended, o.late, o.gap = rest, now.Sub(deadline), max(o.gap, now.Sub(last))
			return o
		}
	}
	o.killed, o.gap = true, max(o.gap, time.Since(last))
	return o
}

func (o observed) failures(h *host, touched bool) string {
	if o.leftOut != "" {
		return "(no control: " + o.leftOut + ")"
	}
	var by []string
	switch {
	case o.killed:
		by = append(by, "does not end")
	case o.late > barLate:
		by = append(by, fmt.Sprintf("ends %d ms late", o.late.Milliseconds()))
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
