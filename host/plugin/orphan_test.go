package plugin

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/homeostat/homeostat/sdk"
)

// hostRole names the variable that makes the test binary a host with plugins in
// the given state folder.
const hostRole = "HOMEOSTAT_TEST_HOST"

// runHost prints the process ids of its plugins and waits for its death.
func runHost(dir string) {
	h, err := New(Options{
		StateDir: dir, SocketDir: filepath.Join(dir, "s"), WriteFile: writeFile, Log: quiet(), Sink: func(sdk.Event) {},
		Specs: []Spec{beast("mute"), beast("deaf"), beast("hangs-in-call")},
	})
	if err == nil {
		err = h.Start(context.Background())
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() { _, _ = h.Detectors()[1].Detect(context.Background(), sdk.Window{Component: "tar"}) }()
	for _, s := range h.Status() {
		fmt.Println(s.PID)
	}
	select {}
}

// TestPluginsDieWithAKilledHost covers the lifeline (a plugin that hangs keeps
// its reader) and the parent-death signal (a plugin that watches nothing).
func TestPluginsDieWithAKilledHost(t *testing.T) {
	dir, err := os.MkdirTemp("", "hst")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	host := exec.Command(testBinary())
	host.Env = append(os.Environ(), hostRole+"="+dir)
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var pids [3]int
	for i := range pids {
		if !lines.Scan() {
			t.Fatal("the host ended early")
		}
		if _, err := fmt.Sscan(lines.Text(), &pids[i]); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	for _, pid := range pids {
		if err := gone(pid); err != nil {
			t.Error(err)
		}
	}
}

// TestUnprivilegedHostRunsPlugins repeats the tests that touch rights as a user
// without any; as such a user it has nothing to add.
func TestUnprivilegedHostRunsPlugins(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the whole suite runs without rights already")
	}
	if raceDetector {
		t.Skip("this is about rights; the race detector has seen the same code as root")
	}
	dir, err := os.MkdirTemp("", "hst")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "plugin.test")
	data, err := os.ReadFile(testBinary())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const tests = "^(TestMirror|TestPluginCannotRead|TestDeathInACall|TestNoProcess|TestStateSurvives|TestCrashesLeave|TestEndlessMemory)"
	run := exec.Command(program, "-test.run", tests)
	run.Dir = "/"
	run.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/"}
	identity, err := identityOf("")
	if err != nil {
		t.Fatal(err)
	}
	run.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: identity.UID, Gid: identity.GID}}
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
