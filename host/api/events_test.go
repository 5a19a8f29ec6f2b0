package api

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// listen subscribes and fails the test when there is no room.
func listen(t *testing.T, h *Hub, last string) subscription {
	t.Helper()
	s, ok := h.subscribe(last)
	if !ok {
		t.Fatal("the hub takes no reader")
	}
	t.Cleanup(s.end)
	return s
}

func topics(list []event) string {
	var out []string
	for _, e := range list {
		out = append(out, e.topic)
	}
	return strings.Join(out, " ")
}

func TestSlowReaderOfEventsIsCutOffAndOthersGoOn(t *testing.T) {
	h := newHub()
	slow := listen(t, h, "")
	for range subscriberQueue + 1 {
		h.Publish("incident", map[string]int{"n": 1})
	}
	quick := listen(t, h, "")
	h.Publish("mode", "manual")
	if e := <-quick.live; e.topic != "mode" || string(e.data) != `"manual"` {
		t.Errorf("got %s %s, want mode \"manual\"", e.topic, e.data)
	}
	n := 0
	for range slow.live {
		n++
	}
	if n != subscriberQueue {
		t.Errorf("the slow reader got %d events before it was cut off, want %d", n, subscriberQueue)
	}
}

func TestReaderWhoComesBackGetsWhatItMissed(t *testing.T) {
	h := newHub()
	for n := range 5 {
		h.Publish(fmt.Sprint("t", n+1), n)
	}
	cases := map[string]struct {
		missed string
		gap    bool
	}{
		"":                {"", false},
		h.id(0):           {"t1 t2 t3 t4 t5", false},
		h.id(3):           {"t4 t5", false},
		h.id(5):           {"", false},
		h.id(6):           {"", true}, // not yet given
		"otherlife-3":     {"", true},
		h.boot:            {"", true},
		h.boot + "--1":    {"", true},
		h.boot + "-3\n\n": {"", true},
	}
	for last, want := range cases {
		s := listen(t, h, last)
		if got := topics(s.missed); got != want.missed || s.gap != want.gap {
			t.Errorf("after %q: got %q, gap %v, want %q, gap %v", last, got, s.gap, want.missed, want.gap)
		}
	}
}

func TestForgottenEventsAreAGap(t *testing.T) {
	h := newHub()
	for range keptEvents + 10 {
		h.Publish("t", 1)
	}
	if s := listen(t, h, h.id(10)); s.gap || len(s.missed) != keptEvents {
		t.Errorf("got %d events, gap %v, want all %d that are kept", len(s.missed), s.gap, keptEvents)
	}
	if s := listen(t, h, h.id(9)); !s.gap {
		t.Error("an event is missing and nobody is told")
	}
	big := strings.Repeat("x", keptBytes/4)
	for range 8 {
		h.Publish("big", big)
	}
	if h.bytes > keptBytes || len(h.past) == 0 {
		t.Errorf("%d bytes in %d events are kept, want some, and at most %d bytes", h.bytes, len(h.past), keptBytes)
	}
}

func TestReadersAreBounded(t *testing.T) {
	h := newHub()
	var last subscription
	for range maxSubscribers {
		last = listen(t, h, "")
	}
	if _, ok := h.subscribe(""); ok {
		t.Error("one reader too many is taken")
	}
	last.end()
	listen(t, h, "")
	h.close()
	if _, ok := h.subscribe(""); ok {
		t.Error("a reader is taken though the server stops")
	}
}

// pipes is a listener whose connections are in memory, so that time can be
// bent.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.done); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func TestReaderThatTakesNothingAnyMoreIsLeft(t *testing.T) {
	s := newTestServer(t) // outside: it starts nothing
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn), make(chan struct{})}
		served := make(chan error, 1)
		go func() { served <- s.Serve(l, nil) }()
		client, server := net.Pipe()
		l.conns <- server
		fmt.Fprintf(client, "GET %s/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer viewer\r\n\r\n", Base)
		in := bufio.NewReader(client)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "retry:") {
				break
			}
		}
		synctest.Wait()
		before := readers(s)
		s.Events().Publish("incident", strings.Repeat("x", 1<<20))
		time.Sleep(2 * slowest)
		synctest.Wait()
		if after := readers(s); before != 1 || after != 0 {
			t.Errorf("%d readers before and %d after one stopped to read, want 1 and 0", before, after)
		}
		client.Close()
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func readers(s *Server) int {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	return len(s.events.subs)
}

func TestStreamGoesOnAfterTheLastEvent(t *testing.T) {
	s := newTestServer(t)
	s.Events().Publish("incident", "one")
	s.Events().Publish("mode", "two")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &scribe{header: http.Header{}, wrote: cancel, until: "two"}
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://h"+Base+"/events", nil)
	r.Header.Set("Authorization", "Bearer viewer")
	r.Header.Set("Last-Event-ID", s.events.id(1))
	s.http.Handler.ServeHTTP(w, r)
	want := "id: " + s.events.id(2) + "\nevent: mode\ndata: \"two\"\n\n"
	if got := w.text.String(); !strings.Contains(got, want) || strings.Contains(got, "one") {
		t.Errorf("got %q, want %q alone", got, want)
	}
}

// scribe notes what is written and says when a text has come.
type scribe struct {
	header http.Header
	text   strings.Builder
	until  string
	wrote  func()
}

func (s *scribe) Header() http.Header { return s.header }
func (s *scribe) WriteHeader(int)     {}
func (s *scribe) Flush()              {}

func (s *scribe) Write(p []byte) (int, error) {
	s.text.Write(p)
	if strings.Contains(s.text.String(), s.until) {
		s.wrote()
	}
	return len(p), nil
}

func TestEventStreamEndsWithTheServer(t *testing.T) {
	s := newTestServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l, nil) }()
	req, _ := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+Base+"/events", nil)
	req.Header.Set("Authorization", "Bearer viewer")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
