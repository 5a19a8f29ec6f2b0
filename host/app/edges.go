package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/app/translate"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/sdk"
)

// source shows components to the observer.
type source struct{ set *component.Set }

func (s source) Processes(name string) []int { return s.set.Processes(name) }

func (s source) Status(name string) (sdk.ComponentStatus, bool) {
	status, ok := s.set.Status(name)
	return translate.Status(status), ok
}

// sink keeps what was observed.
type sink struct {
	*history.Metrics
	records *history.Records
}

func (s sink) AppendEvents(events []sdk.Event) error { return s.records.AppendEvents(events) }

// prober shows components to healing.
type prober struct{ source }

func (p prober) Confirm(ctx context.Context, name string) sdk.Verdict {
	v, err := p.set.Confirm(ctx, name)
	if err != nil {
		return sdk.Inconclusive
	}
	return translate.Verdict(v.Verdict)
}

// documents keeps what healing must not forget.
type documents struct{ records *history.Records }

func (d documents) Put(ctx context.Context, kind, id string, doc []byte, at time.Time) error {
	return d.records.Put(ctx, history.Document{Kind: kind, ID: id, Time: at, Body: doc})
}

func (d documents) List(ctx context.Context, kind string, limit int) ([][]byte, error) {
	found, err := d.records.List(ctx, kind, history.Filter{Limit: limit})
	if err != nil {
		return nil, err
	}
	docs := make([][]byte, len(found))
	for i, doc := range found {
		docs[i] = doc.Body
	}
	return docs, nil
}

func (d documents) Get(ctx context.Context, kind, id string) ([]byte, error) {
	doc, err := d.records.Document(ctx, kind, id)
	if errors.Is(err, history.ErrNotFound) {
		return nil, nil
	}
	return doc.Body, err
}

// components carries out the orders of healing and counts the restarts.
type components struct {
	*component.Set
	orders *orderBook
}

func (c components) Start(ctx context.Context, name string, o component.Order) (component.Result, error) {
	c.orders.count(ctx, name)
	return c.Set.Start(ctx, name, o)
}

func (c components) Restart(ctx context.Context, name string, o component.Order) (component.Result, error) {
	c.orders.count(ctx, name)
	return c.Set.Restart(ctx, name, o)
}

// orderBook counts the restarts that the host has ordered, over all its lives.
type orderBook struct {
	records *history.Records

	mu     sync.Mutex
	counts map[string]int
}

const orderKey = "restart_orders"

func openOrderBook(ctx context.Context, records *history.Records) (*orderBook, error) {
	b := &orderBook{records: records, counts: map[string]int{}}
	data, err := records.Setting(ctx, orderKey)
	if errors.Is(err, history.ErrNotFound) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the count of restarts: %w", err)
	}
	if err := json.Unmarshal(data, &b.counts); err != nil {
		return nil, fmt.Errorf("read the count of restarts: %w", err)
	}
	return b, nil
}

// count adds one. That the number is kept must not hold up a recovery: an
// error only means that it is forgotten with the daemon.
func (b *orderBook) count(ctx context.Context, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts[name]++
	if data, err := json.Marshal(b.counts); err == nil {
		_ = b.records.Set(ctx, orderKey, data)
	}
}

func (b *orderBook) of(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[name]
}
