package probe

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestHTTPIsJudgedByStatusBodyAndLatency(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/teapot":
			w.WriteHeader(http.StatusTeapot)
		case "/moved":
			http.Redirect(w, r, "/teapot", http.StatusFound)
		case "/slow":
			time.Sleep(20 * time.Millisecond)
		}
		fmt.Fprint(w, "all is fine")
	}))
	defer server.Close()
	for _, c := range []struct {
		name string
		spec Spec
		want Verdict
	}{
		{"ok", Spec{URL: "/"}, Pass},
		{"body found", Spec{URL: "/", BodyContains: "fine"}, Pass},
		{"body missing", Spec{URL: "/", BodyContains: "golden"}, Fail},
		{"status outside", Spec{URL: "/teapot"}, Fail},
		{"status inside its own range", Spec{URL: "/teapot", StatusMin: 418, StatusMax: 418}, Pass},
		{"redirect is not followed", Spec{URL: "/moved"}, Pass},
		{"too slow", Spec{URL: "/slow", LatencyMax: time.Millisecond}, Fail},
	} {
		c.spec.Kind, c.spec.URL = HTTP, server.URL+c.spec.URL
		c.spec.Timeout = time.Minute
		if got := c.spec.Ask(t.Context()); got.Verdict != c.want {
			t.Errorf("%s: got %v (%s), want %v", c.name, got.Verdict, got.Text, c.want)
		}
	}
}

func TestWhatCannotBeAskedIsInconclusive(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		spec Spec
	}{
		{"no such name", t.Context(), Spec{Kind: TCP, Address: "no-such-host.invalid:80"}},
		{"no such kind", t.Context(), Spec{Kind: "telepathy"}},
		{"bad address", t.Context(), Spec{Kind: HTTP, URL: "http://%zz"}},
		{"no such program", t.Context(), Spec{Kind: Exec, Command: []string{"/no/such/program"}}},
		{"no command", t.Context(), Spec{Kind: Exec}},
		{"the asker was called off", ended, Spec{Kind: Exec, Command: []string{"/bin/sleep", "60"}}},
	} {
		if got := c.spec.Ask(c.ctx); got.Verdict != Inconclusive {
			t.Errorf("%s: got %v (%s), want inconclusive", c.name, got.Verdict, got.Text)
		}
	}
}

func TestRefusedConnectionFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	for _, spec := range []Spec{
		{Kind: TCP, Address: address},
		{Kind: HTTP, URL: "http://" + address},
		{Kind: Unix, Path: filepath.Join(t.TempDir(), "none.sock")},
	} {
		if got := spec.Ask(t.Context()); got.Verdict != Fail {
			t.Errorf("%s: got %v (%s), want fail", spec.Kind, got.Verdict, got.Text)
		}
	}
}

// echo accepts connections and answers what it is told to every line.
func echo(t *testing.T, network, address, answer string) net.Addr {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 64)
			if _, err := conn.Read(buffer); err == nil {
				for _, b := range []byte(answer) {
					conn.Write([]byte{b}) // byte by byte: an answer may come in pieces
				}
			}
			conn.Close()
		}
	}()
	return l.Addr()
}

func TestSocketsAreJudgedByTheirAnswer(t *testing.T) {
	tcp := echo(t, "tcp", "127.0.0.1:0", "+PONG\r\n").String()
	unix := echo(t, "unix", filepath.Join(t.TempDir(), "s.sock"), "ready\n").String()
	for _, c := range []struct {
		spec Spec
		want Verdict
	}{
		{Spec{Kind: TCP, Address: tcp}, Pass},
		{Spec{Kind: TCP, Address: tcp, Send: "PING\r\n", Expect: "PONG"}, Pass},
		{Spec{Kind: TCP, Address: tcp, Send: "PING\r\n", Expect: "HELLO"}, Fail},
		{Spec{Kind: Unix, Path: unix, Send: "?\n", Expect: "ready"}, Pass},
		{Spec{Kind: Unix, Path: unix, Send: "?\n", Expect: "busy"}, Fail},
	} {
		if got := c.spec.Ask(t.Context()); got.Verdict != c.want {
			t.Errorf("%+v: got %v (%s), want %v", c.spec, got.Verdict, got.Text, c.want)
		}
	}
}

func TestEndlessAnswerIsBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	defer func() { l.Close(); <-ended }()
	go func() {
		defer close(ended)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			if _, err := io.WriteString(conn, strings.Repeat("x", 4096)); err != nil {
				return
			}
		}
	}()
	spec := Spec{Kind: TCP, Address: l.Addr().String(), Expect: "never", Timeout: time.Minute}
	if got := spec.Ask(t.Context()); got.Verdict != Fail || len(got.Text) > 2*textMax {
		t.Errorf("endless answer: got %v with a text of %d bytes, want fail and a short one", got.Verdict, len(got.Text))
	}
}

func TestExecIsJudgedByItsExitAndEndsWithItsChildren(t *testing.T) {
	for _, c := range []struct {
		script string
		want   Verdict
		text   string
	}{
		{"echo fine", Pass, "fine"},
		{"echo broken >&2; exit 3", Fail, "exit status 3: broken"},
		{"sleep 60 & sleep 60", Fail, "no answer within 50ms"},
		{"head -c 1000000 /dev/zero | tr '\\0' x", Pass, "xxx"},
	} {
		spec := Spec{Kind: Exec, Command: []string{"/bin/sh", "-c", c.script}, Timeout: time.Minute}
		if strings.Contains(c.script, "sleep") {
			spec.Timeout = 50 * time.Millisecond
		}
		got := spec.Ask(t.Context())
		if got.Verdict != c.want || !strings.Contains(got.Text, c.text) || len(got.Text) > 2*textMax {
			t.Errorf("%q: got %v %q, want %v with %q", c.script, got.Verdict, short(got.Text), c.want, c.text)
		}
	}
}

func TestVerdictsTravelAsWords(t *testing.T) {
	for _, v := range []Verdict{Inconclusive, Pass, Fail} {
		text, err := v.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Verdict
		if err := back.UnmarshalText(text); err != nil || back != v {
			t.Errorf("%v as %q and back: got %v, %v", v, text, back, err)
		}
	}
	if err := new(Verdict).UnmarshalText([]byte("maybe")); err == nil {
		t.Error("the word maybe was taken for a verdict")
	}
}
