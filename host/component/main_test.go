package component

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain turns the test binary into a victim when asked by the environment: a real service with real faults.
func TestMain(m *testing.M) {
	if address := os.Getenv("VICTIM_LISTEN"); address != "" {
		os.Exit(victim(address))
	}
	if plan := os.Getenv("DAEMON_PLAN"); plan != "" {
		os.Exit(daemon(plan))
	}
	goleak.VerifyTestMain(m)
}

// victim serves /health. Its faults are switched by the environment, its end by /exit?code=N.
func victim(address string) int {
	if os.Getenv("VICTIM_DEAF") != "" {
		signal.Ignore(syscall.SIGTERM)
	}
	if d, err := time.ParseDuration(os.Getenv("VICTIM_SLOW")); err == nil {
		time.Sleep(d)
	}
	// A second one at the same time would be a grave fault of the host, so it leaves a trace even if it fails at once.
	if path := os.Getenv("VICTIM_TRACE"); path != "" {
		if err := trace(path); err != nil {
			fmt.Println("trace:", err)
			return 1
		}
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Println("listen:", err)
		return 1
	}
	fmt.Println("victim serves")
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") })
	http.HandleFunc("/exit", func(_ http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		os.Exit(code)
	})
	fmt.Println(http.Serve(listener, nil))
	return 1
}

func trace(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	word := "alone"
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		word = "TWICE"
	}
	_, err = fmt.Fprintln(file, word, os.Getpid()) // the file stays open, and with it the lock, to the end of the process
	return err
}
