// Package store is the shop's second process: it owns the goods and the orders,
// and keeps the orders in a file. It shows no pages; package web does.
//
// A Store is safe for use by several goroutines.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/homeostat/homeostat/examples/shop/lines"
)

// Item is one kind of goods. Price is in cents, Stock in pieces left.
type Item struct {
	Name  string `json:"name"`
	Price int    `json:"price"`
	Stock int    `json:"stock"`
}

// Order is one sale. Count is in pieces.
type Order struct {
	ID    int    `json:"id"`
	Item  string `json:"item"`
	Count int    `json:"count"`
}

// What Sell refuses.
var (
	ErrUnknownItem = errors.New("no such item")
	ErrSoldOut     = errors.New("not enough in stock")
	ErrBadCount    = errors.New("count must be at least 1")
)

// Store is the goods and the file of orders. Open is the only way to one.
type Store struct {
	mu     sync.Mutex // guards what follows
	items  []Item
	orders int
	file   *lines.File
}

// Open reads the orders at path, which may be missing, and takes them off the
// goods. A last line that a crash cut short is dropped.
func Open(path string, goods []Item) (*Store, error) {
	s := &Store{items: slices.Clone(goods)}
	var err error
	if s.file, err = lines.Open(path, s.again); err != nil {
		return nil, fmt.Errorf("open the orders: %w", err)
	}
	return s, nil
}

// again books an order of an earlier run.
func (s *Store) again(line []byte) error {
	var o Order
	if err := json.Unmarshal(line, &o); err != nil {
		return err
	}
	s.orders = max(s.orders, o.ID)
	if i := s.find(o.Item); i >= 0 {
		s.items[i].Stock -= o.Count
	}
	return nil
}

// Items lists the goods.
func (s *Store) Items() []Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.items)
}

// Sell books an order and returns it once it is durable. It refuses with
// ErrUnknownItem, ErrSoldOut or ErrBadCount.
func (s *Store) Sell(item string, count int) (Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(item)
	switch {
	case count < 1:
		return Order{}, ErrBadCount
	case i < 0:
		return Order{}, fmt.Errorf("sell %q: %w", item, ErrUnknownItem)
	case s.items[i].Stock < count:
		return Order{}, fmt.Errorf("sell %d of %q: %w", count, item, ErrSoldOut)
	}
	o := Order{ID: s.orders + 1, Item: item, Count: count}
	if err := s.book(o); err != nil {
		return Order{}, err
	}
	s.orders = o.ID
	s.items[i].Stock -= count
	return o, nil
}

func (s *Store) book(o Order) error {
	b, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("book order %d: %w", o.ID, err)
	}
	if err := s.file.Append(b); err != nil {
		return fmt.Errorf("book order %d: %w", o.ID, err)
	}
	return nil
}

func (s *Store) find(item string) int {
	return slices.IndexFunc(s.items, func(i Item) bool { return i.Name == item })
}

// Check says whether orders can be kept: the file is open and still in place.
func (s *Store) Check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.file.Check(); err != nil {
		return fmt.Errorf("look at the orders: %w", err)
	}
	return nil
}

// Close closes the file of orders.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file.Close()
}
