package logsink

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logged returns what a stream becomes in the log.
func logged(stream string) (string, *Sink) {
	var out bytes.Buffer
	s := New(hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: &out, DisableTime: true}))
	s.Read(strings.NewReader(stream))
	return out.String(), s
}

func TestLinesBecomeLogLines(t *testing.T) {
	cases := map[string]string{
		"hello": "[INFO]  hello\n",
		`{"@level":"warn","@message":"disk is slow","ms":12,"@timestamp":"x","disk":"sda"}`: "[WARN]  disk is slow: disk=sda ms=12\n",
		`{"@message":1}`:                   "[INFO]  {\"@message\":1}\n",
		`{"@message":"m","@level":5}`:      "[INFO]  m\n",
		`{"@message":"m","@level":"loud"}`: "[INFO]  m\n",
		`{"@message":"m","@level":"off"}`:  "[INFO]  m\n",
		`{broken`:                          "[INFO]  {broken\n",
		"":                                 "",
		"   ":                              "",
		"red \x1b[31m text\a":              "[INFO]  red \uFFFD[31m text\uFFFD\n",
		"bad \xff byte":                    "[INFO]  bad \uFFFD byte\n",
	}
	for in, want := range cases {
		if got, _ := logged(in + "\n"); got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", in, got, want)
		}
	}
}

func TestEndlessLineIsCutAndTheNextOneIsWhole(t *testing.T) {
	got, _ := logged(strings.Repeat("x", 10*MaxLine) + "\nnext\n")
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 2 || len(lines[0]) > MaxLine || !strings.HasSuffix(lines[1], "next") {
		t.Errorf("got %d lines, the first of %d bytes, want the cut line and the next", len(lines), len(lines[0]))
	}
}

func TestFloodIsBoundedAndCounted(t *testing.T) {
	const lines = 20_000
	var in strings.Builder
	for i := range lines {
		fmt.Fprintln(&in, "line", i)
	}
	got, _ := logged(in.String())
	kept := strings.Count(got, "line ")
	var dropped, total int
	for _, line := range strings.Split(got, "\n") {
		if _, after, found := strings.Cut(line, "dropped: lines="); found {
			if _, err := fmt.Sscan(after, &dropped); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			total += dropped
		}
	}
	if kept >= lines/2 || kept+total != lines {
		t.Errorf("kept %d and reported %d of %d lines as dropped, want few kept and the sum whole", kept, total, lines)
	}
}

func TestLastWordsPreferThePanic(t *testing.T) {
	_, s := logged("ready\npanic: no more\n\ngoroutine 1 [running]:\nmain.main()\n")
	if got := s.LastWords(); got != "panic: no more" {
		t.Errorf("got %q, want the panic", got)
	}
	s.Forget()
	s.Read(strings.NewReader("runtime/cgo: pthread_create failed\nSIGABRT: abort\ngs 0x0\n"))
	if got := s.LastWords(); got != "runtime/cgo: pthread_create failed" {
		t.Errorf("got %q, want the first line of the crash", got)
	}
	s.Forget()
	s.Read(strings.NewReader("a\nb"))
	if got := s.LastWords(); got != "b" {
		t.Errorf("got %q, want the last line of the new run", got)
	}
}

// FuzzRead feeds arbitrary output: no panic, and nothing that moves a terminal
// or makes a line of its own reaches the log.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a\nb", `{"@message":1}`, `{"@message":"x","a":{"b":[1,null]},"@level":"trace"}`, "\x1b]0;x\a", "{}", "\xff{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, _ := logged(in)
		for _, r := range got {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
				t.Errorf("%q: control character %U in %q", in, r, got)
			}
		}
	})
}
