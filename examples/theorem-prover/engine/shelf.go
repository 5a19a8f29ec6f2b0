package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/examples/theorem-prover/theorem"
)

const (
	// again is how often the shelf is offered to the store.
	again = 500 * time.Millisecond
	// lastTry bounds the offer at the end.
	lastTry = time.Second
	// maxAnswer bounds what is read of the store's answer, in bytes.
	maxAnswer = 8 << 10
)

// shelf is the engine's side of the store: it asks and hands over, and where the
// store does not take a proof, it keeps it until the store does.
type shelf struct {
	url     string
	most    int
	client  *http.Client
	log     hclog.Logger
	figures *figures

	mu      sync.Mutex // guards what follows
	waiting []theorem.Theorem
	lost    int
}

func openShelf(s Store, log hclog.Logger, f *figures) *shelf {
	return &shelf{
		url: s.URL + "/theorems", most: s.Shelf, log: log, figures: f,
		client: &http.Client{Timeout: s.Timeout.Duration, Transport: &http.Transport{MaxIdleConnsPerHost: 8}},
	}
}

// find asks for a theorem. A store that does not answer is no reason to wait: then
// nothing is known.
func (s *shelf) find(ctx context.Context, hash string) (t theorem.Theorem, found bool) {
	b, err := s.ask(ctx, http.MethodGet, s.url+"/"+hash, nil)
	if err != nil || json.Unmarshal(b, &t) != nil {
		return theorem.Theorem{}, false
	}
	return t, true
}

// put hands a proof over, or shelves it.
func (s *shelf) put(ctx context.Context, t theorem.Theorem) {
	if err := s.send(ctx, t); err != nil && !errors.Is(err, errRefused) {
		s.keep(t)
	}
}

// errRefused is matched by what the store will never take.
var errRefused = errors.New("the store refused it")

func (s *shelf) send(ctx context.Context, t theorem.Theorem) error {
	b, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("write theorem %s: %w", t.Name, err)
	}
	_, err = s.ask(ctx, http.MethodPost, s.url, b)
	if errors.Is(err, errRefused) {
		s.log.Error("theorem was refused", "theorem", t.Name, "error", err)
	}
	return err
}

func (s *shelf) ask(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	began := time.Now()
	defer func() { s.figures.asked(time.Now(), time.Since(began)) }()
	q, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	a, err := s.client.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Body.Close() }() // read to its end
	b, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, err
	case a.StatusCode == http.StatusUnprocessableEntity || a.StatusCode == http.StatusBadRequest:
		return nil, fmt.Errorf("%w: %s: %.200s", errRefused, a.Status, b)
	case a.StatusCode >= http.StatusMultipleChoices:
		return nil, fmt.Errorf("the store said %s", a.Status)
	}
	return b, nil
}

// keep shelves a proof; of too many the oldest is lost.
func (s *shelf) keep(t theorem.Theorem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, t)
	if len(s.waiting) > s.most {
		s.waiting = s.waiting[1:]
		s.lost++
	}
	s.figures.shelved.Set(float64(len(s.waiting)))
}

func (s *shelf) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) >= s.most
}

// take returns the oldest proof on the shelf, and takes it off.
func (s *shelf) take() (theorem.Theorem, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return theorem.Theorem{}, false
	}
	t := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.figures.shelved.Set(float64(len(s.waiting)))
	return t, true
}

// empty offers the shelf to the store until ctx ends.
func (s *shelf) empty(ctx context.Context) {
	clock := time.NewTicker(again)
	defer clock.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
			s.offer(ctx)
		}
	}
}

// offer hands over proofs until the store does not take one, or none is left.
func (s *shelf) offer(ctx context.Context) {
	for {
		t, ok := s.take()
		if !ok {
			return
		}
		if err := s.send(ctx, t); err != nil && !errors.Is(err, errRefused) {
			s.keep(t)
			return
		}
	}
}

// close offers what is left a last time, and says what is lost.
func (s *shelf) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), lastTry)
	defer cancel()
	s.offer(ctx)
	s.client.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.waiting) + s.lost; n > 0 {
		s.log.Warn("proofs were lost: the store did not take them", "proofs", n)
	}
	return nil
}
