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
		before := s.events.Readers()
		s.Events().Publish("incident", strings.Repeat("x", 1<<20))
		time.Sleep(2 * slowest)
		synctest.Wait()
		if after := s.events.Readers(); before != 1 || after != 0 {
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

func TestStreamGoesOnAfterTheLastEvent(t *testing.T) {
	s := newTestServer(t)
	s.Events().Publish("incident", "one")
	s.Events().Publish("mode", "two")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &scribe{header: http.Header{}, wrote: cancel, until: "two"}
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://h"+Base+"/events", nil)
	r.Header.Set("Authorization", "Bearer viewer")
	r.Header.Set("Last-Event-ID", s.events.ID(1))
	s.http.Handler.ServeHTTP(w, r)
	want := "id: " + s.events.ID(2) + "\nevent: mode\ndata: \"two\"\n\n"
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
