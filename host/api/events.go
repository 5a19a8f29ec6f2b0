package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// subscriberQueue is how many events a slow reader may lag behind before it is
// cut off; it then connects again and reads the lists.
const subscriberQueue = 256

// heartbeat keeps proxies from closing a silent stream.
const heartbeat = 15 * time.Second

type event struct {
	topic string
	data  []byte
}

// Hub hands published items to everybody who reads GET events. Publish never
// waits for a reader.
type Hub struct {
	mu     sync.Mutex
	subs   map[chan event]struct{}
	closed bool
}

func newHub() *Hub { return &Hub{subs: map[chan event]struct{}{}} }

// Publish sends an item under a topic, for example "incident".
func (h *Hub) Publish(topic string, item any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.subs) == 0 {
		return
	}
	data, err := json.Marshal(item)
	if err != nil {
		data, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	for ch := range h.subs {
		select {
		case ch <- event{topic: topic, data: data}:
		default:
			delete(h.subs, ch)
			close(ch)
		}
	}
}

func (h *Hub) subscribe() (<-chan event, func()) {
	ch := make(chan event, subscriberQueue)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(ch)
		return ch, func() {}
	}
	h.subs[ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if _, ok := h.subs[ch]; ok {
			delete(h.subs, ch)
			close(ch)
		}
	}
}

func (h *Hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for ch := range h.subs {
		delete(h.subs, ch)
		close(ch)
	}
}

func (s *Server) registerEvents() {
	o := operation{method: http.MethodGet, path: Base + "/events", summary: "changes as they happen (server-sent events)", role: RoleViewer}.huma()
	o.Responses = eventResponses()
	registerStream(s, o, s.stream)
}

// stream writes events until the reader leaves, lags too far behind, or the
// server stops.
func (s *Server) stream(ctx context.Context, w http.ResponseWriter) {
	ch, leave := s.events.subscribe()
	defer leave()
	flush := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	fmt.Fprint(w, ": connected\n\n")
	for {
		if err := flush.Flush(); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			fmt.Fprint(w, ": still here\n\n")
		case e, ok := <-ch:
			if !ok {
				return
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.topic, e.data)
		}
	}
}
