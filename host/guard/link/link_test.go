package link_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/guard/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair returns the guard's end of a pipe and the number of the daemon's, which the Link takes over.
func pair(t *testing.T) (*os.File, int) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	ours := os.NewFile(uintptr(fds[0]), "guard")
	t.Cleanup(func() { ours.Close() })
	return ours, fds[1]
}

func TestADaemonSaysItsWordsOnTheLine(t *testing.T) {
	ours, fd := pair(t)
	name, value, _ := strings.Cut(link.Setting{FD: fd, Pulse: 5 * time.Second, Trial: "mod_1"}.Environment(), "=")
	t.Setenv(name, value)
	l, err := link.Take()
	if err != nil {
		t.Fatal(err)
	}
	if _, still := os.LookupEnv(link.Variable); still {
		t.Error("the variable is still in the environment, where components would find it")
	}
	if !l.Guarded() || l.Trial() != "mod_1" || l.Every() != 5*time.Second {
		t.Errorf("got guarded %v, trial %q, every %v", l.Guarded(), l.Trial(), l.Every())
	}
	for _, say := range []func() error{l.Ready, l.Pulse, l.Stopping, l.Restart, l.Close} {
		if err := say(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for lines := bufio.NewScanner(ours); lines.Scan(); {
		got = append(got, lines.Text())
	}
	want := []string{link.WordReady, link.WordPulse, link.WordStopping, link.WordRestart}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAGuardThatDoesNotReadHoldsUpNobody(t *testing.T) {
	_, fd := pair(t)
	t.Setenv(link.Variable, fmt.Sprintf("%d 5s -", fd))
	l, err := link.Take()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 1 << 16 { // a pipe holds 64 KiB
		if err = l.Pulse(); err != nil {
			return
		}
	}
	t.Error("a full pipe took every word")
}

func TestADaemonWithoutAGuardMayUseItsLineAllTheSame(t *testing.T) {
	l, err := link.Take()
	if err != nil || l.Guarded() || l.Trial() != "" || l.Every() != 0 {
		t.Fatalf("got %v, %v, want no guard", l, err)
	}
	for _, say := range []func() error{l.Ready, l.Pulse, l.Stopping, l.Close} {
		if err := say(); err != nil {
			t.Errorf("got %v, want nothing", err)
		}
	}
	if err := l.Restart(); err == nil || !strings.Contains(err.Error(), "homeostat guard -- run") {
		t.Errorf("a restart without a guard: got %v, want a hint", err)
	}
}

func TestAWrongVariableIsRefused(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, value := range []string{"", "3", "x 5s -", "2 5s -", "3 5 -", "3 0s -", "99999 5s -", fmt.Sprintf("%d 5s -", file.Fd())} {
		t.Setenv(link.Variable, value)
		if l, err := link.Take(); err == nil {
			t.Errorf("%q: got a line, want an error", value)
			l.Close()
		}
	}
}

func FuzzTake(f *testing.F) {
	for _, seed := range []string{"3 5s -", "3 5s mod_1", " ", "999999999999999999999 5s -", "-1 5s -"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsRune(value, 0) {
			return
		}
		// A descriptor that is not ours must not be touched: only numbers that no process has are tried.
		fields := strings.Fields(value)
		if len(fields) > 0 && len(fields[0]) < 6 {
			return
		}
		t.Setenv(link.Variable, value)
		if l, err := link.Take(); err == nil {
			t.Errorf("%q: got %v, want an error", value, l)
		}
	})
}
