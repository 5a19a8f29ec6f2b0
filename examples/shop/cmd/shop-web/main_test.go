package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// asProgram makes the test binary be the program under test.
const asProgram = "SHOP_WEB_TEST_AS_PROGRAM"

// patience is how long a test waits for what must happen, on any machine.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// program is a running shop-web in a folder of its own.
type program struct {
	*exec.Cmd
	admin string
	log   *bufio.Reader
}

// launch starts shop-web on free ports. It returns before it is ready.
func launch(t *testing.T, folder string) *program {
	t.Helper()
	settings := filepath.Join(folder, "web.toml")
	content := "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\ndrain = \"5s\"\n[log]\nfile = \"\"\n"
	if err := os.WriteFile(settings, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &program{Cmd: exec.CommandContext(t.Context(), os.Args[0], "--config", settings)}
	p.Env = append(os.Environ(), asProgram+"=1")
	out, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.log = bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

var adminIn = regexp.MustCompile(`ready: .*admin=(\S+)`)

// ready waits until the program says where it listens.
func (p *program) ready(t *testing.T) *program {
	t.Helper()
	for {
		line, err := p.log.ReadString('\n')
		if err != nil {
			t.Fatalf("shop-web ended before it was ready: %v %s", p.Wait(), line)
		}
		if m := adminIn.FindStringSubmatch(line); m != nil {
			p.admin = "http://" + m[1]
			return p
		}
	}
}

func (p *program) inject(t *testing.T, fault string) {
	t.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Post(p.admin+"/fault/"+fault, "", nil)
	if err != nil {
		t.Fatalf("inject %s: %v", fault, err)
	}
	if err := a.Body.Close(); err != nil || a.StatusCode != http.StatusAccepted {
		t.Fatalf("inject %s: got status %d (%v), want 202", fault, a.StatusCode, err)
	}
}

// end waits for the end of the program and describes it: "exit 0", "signal killed".
func (p *program) end(t *testing.T) string {
	t.Helper()
	if _, err := io.Copy(io.Discard, p.log); err != nil {
		t.Errorf("read the log: %v", err)
	}
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	status := p.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("exit %d", status.ExitStatus())
}

// state waits until the kernel says that the process is in the given state, a
// letter of /proc/PID/stat. There is no event for it.
func (p *program) state(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(b), ") ")
		if strings.HasPrefix(after, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process state: got %.1s, want %s", after, want)
		}
	}
}

func (p *program) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func TestSuddenFaultsEndTheProcess(t *testing.T) {
	for fault, want := range map[string]string{
		"crash":             "signal killed",
		"exit":              "exit 0",
		"crash-loop?for=1h": "signal killed",
	} {
		p := launch(t, t.TempDir()).ready(t)
		p.inject(t, fault)
		if got := p.end(t); got != want {
			t.Errorf("after %s: got %s, want %s", fault, got, want)
		}
	}
}

func TestHangStopsTheProcessUntilItIsContinued(t *testing.T) {
	p := launch(t, t.TempDir()).ready(t)
	for range 2 {
		p.inject(t, "hang")
		p.state(t, "T")
		p.signal(t, syscall.SIGCONT)
	}
	p.signal(t, syscall.SIGKILL)
	if got := p.end(t); got != "signal killed" {
		t.Errorf("after SIGKILL: got %s", got)
	}
}

func TestTermEndsTheProcessInOrder(t *testing.T) {
	for _, fault := range []string{"", "deadlock", "errors", "slow"} {
		p := launch(t, t.TempDir()).ready(t)
		if fault != "" {
			p.inject(t, fault)
		}
		p.signal(t, syscall.SIGTERM)
		if got := p.end(t); got != "exit 0" {
			t.Errorf("after SIGTERM with fault %q: got %s, want exit 0", fault, got)
		}
	}
}

func TestIgnoredTermLeavesOnlyKill(t *testing.T) {
	p := launch(t, t.TempDir()).ready(t)
	p.inject(t, "ignore-term")
	// SigIgn in /proc shows when the fault acts; signal 15 is bit 14.
	for deadline := time.Now().Add(patience); !ignores(t, p.Process.Pid, 14); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("SIGTERM was never ignored")
		}
	}
	p.signal(t, syscall.SIGTERM)
	p.inject(t, "spin") // answered: it lives
	p.signal(t, syscall.SIGKILL)
	if got := p.end(t); got != "signal killed" {
		t.Errorf("after SIGKILL: got %s", got)
	}
}

func ignores(t *testing.T, pid int, bit uint) bool {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	var mask uint64
	_, after, _ := strings.Cut(string(b), "SigIgn:")
	if _, err := fmt.Sscanf(after, "%x", &mask); err != nil {
		t.Fatalf("read SigIgn: %v", err)
	}
	return mask&(1<<bit) != 0
}

func TestCrashLoopFailsStartsUntilItIsCleared(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder).ready(t)
	p.inject(t, "crash-loop?for=1h")
	p.end(t)
	again := launch(t, folder)
	if got := again.end(t); got != "exit 1" {
		t.Errorf("start in the loop: got %s, want exit 1", got)
	}
	if err := os.Remove(filepath.Join(folder, "web.fault.json")); err != nil {
		t.Fatal(err)
	}
	healed := launch(t, folder).ready(t)
	healed.signal(t, syscall.SIGTERM)
	if got := healed.end(t); got != "exit 0" {
		t.Errorf("start after the loop: got %s, want exit 0", got)
	}
}

func TestSlowStartStaysSilentAndCanBeStopped(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder).ready(t)
	p.inject(t, "slow-start?for=1h")
	p.signal(t, syscall.SIGTERM)
	if got := p.end(t); got != "exit 0" {
		t.Fatalf("first run: got %s, want exit 0", got)
	}
	slow := launch(t, folder)
	line, err := slow.log.ReadString('\n')
	if err != nil || !strings.Contains(line, "start is slow") {
		t.Errorf("second start: got log %q (%v), want one that says it is slow", line, err)
	}
	slow.signal(t, syscall.SIGTERM)
	if got := slow.end(t); got != "exit 0" {
		t.Errorf("stopped while starting: got %s, want exit 0", got)
	}
}

func TestWrongCommandLineOrSettingsExitWith2(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong.toml")
	if err := os.WriteFile(wrong, []byte("[server]\nworkers = 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"server.workers":        {"--config", wrong, "--check"},
		"flag provided but not": {"--colour"},
	} {
		c := exec.CommandContext(t.Context(), os.Args[0], args...)
		c.Env = append(os.Environ(), asProgram+"=1")
		out, err := c.CombinedOutput()
		if c.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), want) {
			t.Errorf("shop-web %v: got exit %d (%v) and %q, want 2 and %q", args, c.ProcessState.ExitCode(), err, out, want)
		}
	}
}
