package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestExitOfAChildIsToldWithItsStatus(t *testing.T) {
	h := begin(t, "exit3")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	exit, err := h.Wait(ctx)
	if want := (Exit{Known: true, Code: 3}); err != nil || exit != want {
		t.Errorf("Wait: got %+v, %v; want %+v", exit, err, want)
	}
}

func TestHandleOfAStrangersChildSeesItsEnd(t *testing.T) {
	stranger := exec.Command("/bin/sh", "-c", "sleep 600 & echo $!; wait")
	out, err := stranger.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Wait() }() // it ends with its child, the status does not matter
	buffer := make([]byte, 32)
	n, err := out.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	for _, digit := range buffer[:n-1] {
		pid = pid*10 + int(digit-'0')
	}
	id, err := Identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(id)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer h.Close()
	if err := h.Signal(syscall.SIGKILL); err != nil {
		t.Fatalf("Signal: %v", err)
	}
	select {
	case <-h.Done():
	case <-time.After(patience):
		t.Fatal("the end of another one's child was not seen")
	}
	if exit := h.Exit(); exit.Known && exit.Signal != int(syscall.SIGKILL) {
		t.Errorf("exit: got %v, want unknown or SIGKILL", exit)
	}
}

func TestOpenRefusesAProcessThatOnlyHasTheNumber(t *testing.T) {
	id, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]ID{
		"started later": {PID: id.PID, Ticks: id.Ticks - 1, Boot: id.Boot},
		"another boot":  {PID: id.PID, Ticks: id.Ticks, Boot: "00000000-0000-0000-0000-000000000000"},
		"no such pid":   {PID: 1 << 22, Ticks: id.Ticks, Boot: id.Boot},
	} {
		if h, err := Open(other); !errors.Is(err, ErrGone) {
			t.Errorf("%s: Open(%+v): got %v, %v; want ErrGone", name, other, h, err)
		}
	}
}

func TestClosedHandleLeavesTheProcessAlone(t *testing.T) {
	h := begin(t, "sleeps")
	second, err := Open(h.ID())
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Errorf("second Close: got %v, want nil", err)
	}
	if !h.ID().Alive() {
		t.Error("the process ended when a handle was closed")
	}
}

func TestHandlesLeakNoDescriptors(t *testing.T) {
	h := begin(t, "sleeps")
	before := descriptors(t)
	for range 500 {
		again, err := Open(h.ID())
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := descriptors(t); after > before {
		t.Errorf("descriptors after 500 handles: got %d, want at most the %d of before", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestRunKillsAtTheDeadline(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	exit, err := Run(ctx, Command{Args: []string{"/bin/sleep", "600"}, Output: null})
	if !errors.Is(err, context.DeadlineExceeded) || exit.Signal != int(syscall.SIGKILL) {
		t.Errorf("Run past its deadline: got %v, %v; want killed by SIGKILL and DeadlineExceeded", exit, err)
	}
}

func TestStartExplainsWhatItCannotFind(t *testing.T) {
	for name, c := range map[string]Command{
		"empty":          {},
		"not in PATH":    {Args: []string{"no-such-program"}, Env: []string{"PATH=/usr/bin"}},
		"relative PATH":  {Args: []string{"true"}, Env: []string{"PATH=bin"}, Dir: "/usr"},
		"no such file":   {Args: []string{"/no/such/file"}},
		"no such folder": {Args: []string{"/bin/true"}, Dir: "/no/such/folder"},
	} {
		if h, err := Start(c); err == nil {
			h.Close()
			t.Errorf("%s: Start(%q): got no error", name, c.Args)
		}
	}
}

func TestAgeGrowsFromTheStart(t *testing.T) {
	h := begin(t, "sleeps")
	first, err := h.ID().Age()
	if err != nil || first > patience {
		t.Fatalf("age of a fresh process: got %v, %v", first, err)
	}
	one, err := Identify(1)
	if err != nil {
		t.Fatal(err)
	}
	if oldest, err := one.Age(); err != nil || oldest < first {
		t.Errorf("age of process 1: got %v, %v; want more than %v", oldest, err, first)
	}
}
