package process

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain turns the test binary into a real process with the behaviour that PROCESS_VICTIM names.
func TestMain(m *testing.M) {
	if behaviour := os.Getenv("PROCESS_VICTIM"); behaviour != "" {
		os.Exit(victim(behaviour))
	}
	goleak.VerifyTestMain(m)
}

func victim(behaviour string) int {
	switch behaviour {
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
	case "exit3":
		return 3
	case "listens":
		if _, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return 1
		}
	case "parent", "orphans":
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "PROCESS_VICTIM=deaf")
		child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // leaves the group, not the session
		out, err := child.StdoutPipe()
		if err != nil || child.Start() != nil {
			return 1
		}
		fmt.Fscanln(out, new(string)) // the child is deaf from now on
		if behaviour == "orphans" {
			fmt.Println("ready")
			return 0
		}
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
	return 0
}

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// begin starts a victim and returns when it is ready to misbehave.
func begin(t *testing.T, behaviour string) *Handle {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	h, err := Start(Command{
		Args: []string{self(t)}, Env: []string{"PATH=/usr/bin:/bin", "PROCESS_VICTIM=" + behaviour, "MARK=" + t.Name()}, Output: write,
	})
	write.Close()
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() {
		_ = h.Signal(syscall.SIGKILL) // it may be gone already
		<-h.Done()
		h.Close()
	})
	if behaviour != "exit3" {
		fmt.Fscanln(read, new(string))
	}
	return h
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// familyOf returns the family of a victim as a component would describe it.
func familyOf(t *testing.T, h *Handle) Family {
	return Family{Main: h.ID(), Session: h.ID().PID, Mark: "MARK=" + t.Name()}
}
