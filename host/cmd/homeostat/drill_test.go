package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// drilling is a drill in a folder for temporary files of its own.
func drilling(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, append([]string{"drill"}, args...)...)
	cmd.Args[0] = "homeostat"
	return cmd
}

// processesOf lists the processes whose command line names the folder.
func processesOf(dir string) []string {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []string
	for _, file := range lines {
		if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(dir)) {
			found = append(found, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return found
}

func wantNothingLeft(t *testing.T, dir string) {
	t.Helper()
	if left := processesOf(dir); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

// awaitDaemon waits until a daemon of the drill runs: without one, that none is left shows nothing.
func awaitDaemon(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(patience); len(processesOf(dir)) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("no daemon runs in the middle of the drill")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestInterruptedDrillEnds(t *testing.T) {
	dir := t.TempDir()
	cmd := drilling(t)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	progress, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(progress)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "ok ") {
		t.Errorf("the first row: got %q, want ok", lines.Text())
	}
	awaitDaemon(t, dir)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	said := ""
	for lines.Scan() {
		said = lines.Text()
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(said, "ended before its last row") {
		t.Errorf("got %v, %q, want an error that says that it was ended", err, said)
	}
	wantNothingLeft(t, dir)
}

func TestKilledDrillEnds(t *testing.T) {
	dir := t.TempDir()
	cmd := drilling(t)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitDaemon(t, dir)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for deadline := time.Now().Add(patience); len(processesOf(dir)) > 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	next := drilling(t, "--only", "F10")
	next.Env = append(os.Environ(), "TMPDIR="+dir)
	if out, err := next.CombinedOutput(); err != nil {
		t.Errorf("the next drill: %v\n%s", err, out)
	}
	wantNothingLeft(t, dir)
}
