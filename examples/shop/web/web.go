// Package web is the shop's first process: it shows the goods of the store and
// passes orders on to it. It keeps nothing but a short-lived copy of the goods.
//
// A Web is safe for use by several goroutines.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxAnswerBytes bounds what is read of an answer of the store.
const maxAnswerBytes = 1 << 20

// Item is one kind of goods as the store tells it. Price is in cents.
type Item struct {
	Name  string `json:"name"`
	Price int    `json:"price"`
	Stock int    `json:"stock"`
}

// Web talks to the store. Open is the only way to one.
type Web struct {
	store  string
	ttl    time.Duration
	stale  time.Duration
	client *http.Client

	mu    sync.Mutex // guards what follows
	items []Item
	until time.Time // the copy in items is good until then
	got   time.Time // when the copy was made
}

// Open returns a Web for the store of these settings. It does not call it yet.
func Open(s Settings) *Web {
	return &Web{
		store:  s.Store.URL,
		ttl:    s.Cache.TTL.Duration,
		stale:  s.Cache.Stale.Duration,
		client: &http.Client{Timeout: s.Store.Timeout.Duration, Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
	}
}

// Close drops the idle connections to the store.
func (w *Web) Close() error {
	w.client.CloseIdleConnections()
	return nil
}

// Items returns the goods, at most the cache's ttl old. Where the store does not
// answer well and the settings allow it they are older, and old says so.
func (w *Web) Items(ctx context.Context) (items []Item, old bool, err error) {
	w.mu.Lock()
	items, fresh := w.items, time.Now().Before(w.until)
	usable := !w.got.IsZero() && time.Since(w.got) < w.stale
	w.mu.Unlock()
	if fresh {
		return items, false, nil
	}
	var news []Item
	if _, err := w.call(ctx, request{method: http.MethodGet, path: "/items", into: &news}); err != nil {
		if usable {
			return items, true, nil
		}
		return nil, false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.items, w.got = news, time.Now()
	w.until = w.got.Add(w.ttl)
	return news, false, nil
}

// Order passes an order, the JSON of the store's POST /orders, on to the store
// and returns the store's status code and answer.
func (w *Web) Order(ctx context.Context, order []byte) (status int, answer json.RawMessage, err error) {
	status, err = w.call(ctx, request{method: http.MethodPost, path: "/orders", body: order, into: &answer})
	return status, answer, err
}

// Check says whether the store is healthy; where old goods may be shown, whether
// there are any to show.
func (w *Web) Check(ctx context.Context) error {
	if w.stale > 0 {
		_, _, err := w.Items(ctx)
		return err
	}
	var state map[string]string
	_, err := w.call(ctx, request{method: http.MethodGet, path: "/health", into: &state})
	return err
}

// request is one call to the store; into receives the JSON of a 2xx answer.
type request struct {
	method, path string
	body         []byte
	into         any
}

// call returns the status code; one that is not 2xx is an error that carries
// the beginning of what the store said.
func (w *Web) call(ctx context.Context, r request) (int, error) {
	q, err := http.NewRequestWithContext(ctx, r.method, w.store+r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, fmt.Errorf("ask the store for %s: %w", r.path, err)
	}
	a, err := w.client.Do(q)
	if err != nil {
		return 0, fmt.Errorf("ask the store for %s: %w", r.path, err)
	}
	defer func() { _ = a.Body.Close() }() // read to its end or given up
	b, err := io.ReadAll(io.LimitReader(a.Body, maxAnswerBytes))
	if err != nil {
		return a.StatusCode, fmt.Errorf("read the store's answer to %s: %w", r.path, err)
	}
	if a.StatusCode/100 != 2 {
		return a.StatusCode, fmt.Errorf("ask the store for %s: it said %s: %.200s", r.path, a.Status, bytes.TrimSpace(b))
	}
	if err := json.Unmarshal(b, r.into); err != nil {
		return a.StatusCode, fmt.Errorf("read the store's answer to %s: %w", r.path, err)
	}
	return a.StatusCode, nil
}
