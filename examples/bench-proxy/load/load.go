// Package load is a target and what is measured on the way to it.
//
// It owns a TCP target that sends back what it gets, an HTTP target with a small
// and a large page, and the figures. It knows nothing of proxies. A Target
// serves any number of callers; figures are measured one after the other.
package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Sizes of what is sent, in bytes.
const (
	word  = 64
	large = 1 << 20
)

// Target is what the callers want to reach.
type Target struct {
	// TCP and HTTP are its addresses.
	TCP, HTTP string

	listener net.Listener
	pages    *httptest.Server
	running  sync.WaitGroup
}

// NewTarget starts a target.
func NewTarget() (*Target, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	body := bytes.Repeat([]byte("x"), large)
	mux := http.NewServeMux()
	mux.HandleFunc("/small", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body[:word]) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	t := &Target{TCP: l.Addr().String(), listener: l, pages: httptest.NewServer(mux)}
	t.HTTP = t.pages.Listener.Addr().String()
	t.running.Go(t.accept)
	return t, nil
}

func (t *Target) accept() {
	for {
		c, err := t.listener.Accept()
		if err != nil {
			return
		}
		t.running.Go(func() {
			defer c.Close()
			_, _ = io.Copy(c, c)
		})
	}
}

// Close ends the target; its callers must have left.
func (t *Target) Close() {
	t.listener.Close()
	t.pages.Close()
	t.running.Wait()
}

// Figure is one thing to measure on the way to an address.
type Figure struct {
	Name, Unit string
	// HTTP says which of the target's addresses it is about.
	HTTP    bool
	Measure func(ctx context.Context, address string, span time.Duration) (float64, error)
}

// many is how many connections the last figures use at once.
const many = 1000

// Figures are all, in the order in which they are shown.
var Figures = []Figure{
	{"TCP round trip, median", "µs", false, roundTrip(0.5)},
	{"TCP round trip, p99", "µs", false, roundTrip(0.99)},
	{"TCP there and back, one connection", "MB/s", false, stream},
	{"TCP round trips over 1,000 connections", "1/s", false, crowd},
	{"HTTP request, median", "µs", true, request(0.5)},
	{"HTTP request, p99", "µs", true, request(0.99)},
	{"HTTP page of 1 MiB", "MB/s", true, pages},
	{"HTTP requests over 1,000 connections", "1/s", true, visitors},
}

// quantile measures how long once takes, again and again.
func quantile(q float64, span time.Duration, once func() error) (float64, error) {
	var took []time.Duration
	for end := time.Now().Add(span); time.Now().Before(end); {
		began := time.Now()
		if err := once(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return float64(took[int(q*float64(len(took)-1))].Nanoseconds()) / 1000, nil
}

func dial(ctx context.Context, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

func talk(c net.Conn, b []byte) error {
	if _, err := c.Write(b); err != nil {
		return err
	}
	_, err := io.ReadFull(c, b)
	return err
}

func roundTrip(q float64) func(context.Context, string, time.Duration) (float64, error) {
	return func(ctx context.Context, address string, span time.Duration) (float64, error) {
		c, err := dial(ctx, address)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		b := make([]byte, word)
		return quantile(q, span, func() error { return talk(c, b) })
	}
}

// stream sends for a while and counts what comes back.
func stream(ctx context.Context, address string, span time.Duration) (float64, error) {
	c, err := dial(ctx, address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	began := time.Now()
	sent := make(chan error, 1)
	go func() { // ends with the span
		b := make([]byte, 256<<10)
		for time.Since(began) < span {
			if _, err := c.Write(b); err != nil {
				sent <- err
				return
			}
		}
		sent <- c.(*net.TCPConn).CloseWrite()
	}()
	n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{c}, make([]byte, 256<<10))
	if err = errors.Join(err, <-sent); err != nil {
		return 0, err
	}
	return float64(n) / 1e6 / time.Since(began).Seconds(), nil
}

// crowd keeps many connections and uses all of them at once.
func crowd(ctx context.Context, address string, span time.Duration) (float64, error) {
	list := make([]net.Conn, many)
	for i := range list {
		c, err := dial(ctx, address)
		if err != nil {
			return 0, fmt.Errorf("connection %d: %w", i, err)
		}
		defer c.Close()
		list[i] = c
	}
	return rate(span, func(i int) func() error {
		b := make([]byte, word)
		return func() error { return talk(list[i], b) }
	})
}

// rate lets many callers repeat something for a span.
func rate(span time.Duration, caller func(i int) func() error) (float64, error) {
	var done atomic.Int64
	var callers sync.WaitGroup
	failed := make(chan error, many)
	began := time.Now()
	for i := range many {
		once := caller(i)
		callers.Go(func() {
			for time.Since(began) < span {
				if err := once(); err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	callers.Wait()
	took := time.Since(began)
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(done.Load()) / took.Seconds(), nil
	}
}

// client keeps one connection for each caller.
func client(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}}
}

func get(ctx context.Context, c *http.Client, url string) (int64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	a, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer a.Body.Close()
	n, err := io.Copy(io.Discard, a.Body)
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %s", url, a.Status)
	}
	return n, err
}

func request(q float64) func(context.Context, string, time.Duration) (float64, error) {
	return func(ctx context.Context, address string, span time.Duration) (float64, error) {
		c := client(1)
		defer c.CloseIdleConnections()
		return quantile(q, span, func() error {
			_, err := get(ctx, c, "http://"+address+"/small")
			return err
		})
	}
}

func pages(ctx context.Context, address string, span time.Duration) (float64, error) {
	c := client(1)
	defer c.CloseIdleConnections()
	var total int64
	began := time.Now()
	for time.Since(began) < span {
		n, err := get(ctx, c, "http://"+address+"/large")
		if err != nil {
			return 0, err
		}
		total += n
	}
	return float64(total) / 1e6 / time.Since(began).Seconds(), nil
}

func visitors(ctx context.Context, address string, span time.Duration) (float64, error) {
	c := client(many)
	defer c.CloseIdleConnections()
	return rate(span, func(int) func() error {
		return func() error {
			_, err := get(ctx, c, "http://"+address+"/small")
			return err
		}
	})
}
