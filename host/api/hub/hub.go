package api

import (
	"crypto/rand"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
)

// Bounds on events.
const (
	// subscriberQueue is how many events a slow reader may lag behind before it is
	// cut off; it then connects again and goes on where it was.
	subscriberQueue = 256
	// maxSubscribers bounds the readers.
	maxSubscribers = 256
	// keptEvents and keptBytes bound the events that a reader who comes back can
	// still have.
	keptEvents = 1024
	keptBytes  = 4 << 20
)

type event struct {
	seq   uint64
	topic string
	data  []byte
}

// Hub hands published items to everybody who reads GET events, and keeps the
// last ones for those who come back. Publish never waits for a reader.
type Hub struct {
	// boot tells the lives of the daemon apart in the ids of events.
	boot string

	mu     sync.Mutex
	subs   map[chan event]struct{}
	closed bool
	seq    uint64
	past   []event // oldest first
	bytes  int
}

func newHub() *Hub {
	return &Hub{boot: strings.ToLower(rand.Text()[:8]), subs: map[chan event]struct{}{}}
}

// Publish sends an item under a topic, for example "incident".
func (h *Hub) Publish(topic string, item any) {
	data, err := json.Marshal(item)
	if err != nil {
		data, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	e := event{seq: h.seq, topic: topic, data: data}
	h.keep(e)
	for ch := range h.subs {
		select {
		case ch <- e:
		default:
			delete(h.subs, ch)
			close(ch)
		}
	}
}

// keep remembers an event and forgets the oldest beyond the bounds.
func (h *Hub) keep(e event) {
	h.past = append(h.past, e)
	h.bytes += len(e.data)
	for len(h.past) > keptEvents || h.bytes > keptBytes {
		h.bytes -= len(h.past[0].data)
		h.past[0] = event{}
		h.past = h.past[1:]
	}
}

// id is an event's id on the wire.
func (h *Hub) id(seq uint64) string { return h.boot + "-" + strconv.FormatUint(seq, 10) }

// subscription is one reader's.
type subscription struct {
	// missed are the events since the last one that the reader had.
	missed []event
	// gap reports that there were more than are still known: the reader has to
	// read the lists again.
	gap  bool
	seq  uint64 // of the last event before the live ones
	live <-chan event
	end  func()
}

// subscribe adds a reader, who had the event of the id last; empty for a new
// one. It answers false when there are too many, or the server stops.
func (h *Hub) subscribe(last string) (subscription, bool) {
	ch := make(chan event, subscriberQueue)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.subs) >= maxSubscribers {
		return subscription{}, false
	}
	h.subs[ch] = struct{}{}
	s := subscription{live: ch, end: func() { h.leave(ch) }, seq: h.seq}
	if last != "" {
		s.missed, s.gap = h.since(last)
	}
	return s, true
}

// since returns the events after the one of the id, and whether some of them
// are forgotten.
func (h *Hub) since(last string) (missed []event, gap bool) {
	boot, number, _ := strings.Cut(last, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	if boot != h.boot || err != nil || seq > h.seq {
		return nil, true
	}
	oldest := h.seq - uint64(len(h.past)) + 1
	if seq+1 < oldest {
		return nil, true
	}
	return append([]event(nil), h.past[seq+1-oldest:]...), false
}

func (h *Hub) leave(ch chan event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.subs[ch]; ok {
		delete(h.subs, ch)
		close(ch)
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
