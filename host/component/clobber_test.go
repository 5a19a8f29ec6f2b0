package component

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component/member"
	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
)

// TestServiceThatOverwritesItsEnvironmentIsFoundByItsOutput uses redis, which puts its title where its environment was, and
// so loses the mark.
func TestServiceThatOverwritesItsEnvironmentIsFoundByItsOutput(t *testing.T) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{
		Name: "store", Kind: Command, Command: []string{program, "--port", port, "--bind", "127.0.0.1", "--save", ""}, Dir: t.TempDir(),
		Probes: []probe.Spec{{Kind: probe.TCP, Address: address, Send: "PING\r\n", Expect: "+PONG", Interval: time.Second}},
	}
	h := newHouse(t)
	h.apply(spec)
	pid := h.awaitType(Ready, 1).PID
	if slices.ContainsFunc(process.Environment(pid), func(e string) bool { return strings.HasPrefix(e, member.MarkKey) }) {
		t.Skip("this redis keeps its environment")
	}
	if _, err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(h.dir, "records", "store.json")); err != nil {
		t.Fatal(err)
	}
	next := openHouse(t, h.dir)
	next.apply(spec)
	if adopted := next.awaitType(Adopted, 1); adopted.PID != pid || next.count(Started) != 0 {
		t.Errorf("without record and mark: adopted %d, started %d; want %d adopted and none started", adopted.PID, next.count(Started), pid)
	}
}
