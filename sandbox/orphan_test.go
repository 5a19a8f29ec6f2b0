package sandbox_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/internal/modtest"
)

// hostName is the argv[0] of a process that runs an endless guest until it is killed.
const hostName = "doomed-host"

// maybeHost is such a process.
func maybeHost() {
	if os.Args[0] != hostName {
		return
	}
	s, err := sandbox.Open(sandbox.Settings{CacheDir: os.Args[2]})
	if err == nil {
		p := sandbox.Program{Path: os.Args[1]}
		_, _ = s.Run(context.Background(), p, sandbox.Limits{Timeout: time.Millisecond}, sandbox.View{}) // compiles
		fmt.Println("running")
		_, err = s.Run(context.Background(), p, sandbox.Limits{Timeout: time.Hour}, sandbox.View{})
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestWorkerDiesWithAKilledHost(t *testing.T) {
	dir := t.TempDir()
	module := dir + "/loop.wasm"
	if err := os.WriteFile(module, modtest.WAT(t, command(loopBody)), 0o600); err != nil {
		t.Fatal(err)
	}
	host := exec.Command("/proc/self/exe")
	host.Args = []string{hostName, module, dir + "/cache"}
	said, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 16)); err != nil {
		t.Fatalf("the host said nothing: %v", err)
	}
	worker := childOf(t, host.Process.Pid)
	fd, err := unix.PidfdOpen(worker, 0)
	if err != nil {
		t.Fatalf("worker %d: %v", worker, err)
	}
	defer unix.Close(fd)
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait() // killed
	ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 60_000)
	if ready != 1 || err != nil {
		_ = unix.Kill(worker, unix.SIGKILL)
		t.Fatalf("the worker outlived its host by a minute: %d, %v", ready, err)
	}
}

// childOf waits until process parent has a worker and returns its id.
func childOf(t *testing.T, parent int) int {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		list, err := os.ReadDir("/proc")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			pid, err := strconv.Atoi(d.Name())
			if err != nil {
				continue
			}
			stat, _ := os.ReadFile("/proc/" + d.Name() + "/stat") // gone is no child
			_, rest, _ := bytes.Cut(stat, []byte(") "))
			fields := strings.Fields(string(rest))
			if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
				return pid
			}
		}
	}
	t.Fatalf("process %d has no worker", parent)
	return 0
}
