package runner

import (
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pumped returns what go-plugin and what the log see of a plugin's output.
func pumped(t *testing.T, stdout string) (handshake, log string) {
	t.Helper()
	var mu sync.Mutex
	p, err := New(Options{Name: "x", Log: func(r io.Reader) {
		text, _ := io.ReadAll(r)
		mu.Lock()
		defer mu.Unlock()
		log += string(text)
	}}, exec.Command("x"))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan string)
	go func() {
		text, _ := io.ReadAll(p.Stdout())
		seen <- string(text)
	}()
	p.pumpStdout(strings.NewReader(stdout))
	p.pumps.Wait()
	_ = p.handshakeWrite.Close()
	handshake = <-seen
	return handshake, log
}

const spoken = "1|1|unix|/run/x|grpc|cert\n"

func TestHandshakeIsFoundAmongNoise(t *testing.T) {
	long := strings.Repeat("x", 3*maxHandshake)
	cases := map[string]struct{ in, handshake, log string }{
		"alone":           {spoken, spoken, ""},
		"after noise":     {"hello\n1|2|3\n" + spoken + "bye\n", spoken, "hello\n1|2|3\nbye\n"},
		"after long line": {long + "\n" + spoken, spoken, long + "\n"},
		"inside a line":   {long + spoken, "", long + spoken},
		"twice":           {spoken + spoken, spoken, spoken},
		"never":           {"nothing here", "", "nothing here"},
		"without an end":  {strings.TrimSpace(spoken), "", strings.TrimSpace(spoken)},
		"empty":           {"", "", ""},
	}
	for name, c := range cases {
		handshake, log := pumped(t, c.in)
		if handshake != c.handshake || log != c.log {
			t.Errorf("%s: got handshake %q and %d bytes of log, want %q and %d", name, handshake, len(log), c.handshake, len(c.log))
		}
	}
}

// FuzzPumpStdout: nothing of the output is lost, and only a handshake is taken
// for one.
func FuzzPumpStdout(f *testing.F) {
	f.Add(spoken)
	f.Add("a\n" + spoken + "b")
	f.Add("|||||\n1|1|1|1|1")
	f.Fuzz(func(t *testing.T, in string) {
		handshake, log := pumped(t, in)
		if len(handshake)+len(log) != len(in) {
			t.Errorf("%q: %d bytes of handshake and %d of log from %d", in, len(handshake), len(log), len(in))
		}
		if handshake != "" && !isHandshake([]byte(handshake)) {
			t.Errorf("%q was taken for a handshake", handshake)
		}
	})
}
