// Package hub hands events to everybody who listens, and to those who come back
// what they missed.
//
// It owns the order of events, their ids, how many are kept and how far a reader
// may lag behind. It knows neither HTTP nor what the events are of. A Hub is safe
// for concurrent use and starts no goroutine.
package hub

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

// Event is one item under its topic.
type Event struct {
	Seq   uint64
	Topic string
	// Data is JSON.
	Data []byte
}

// Hub hands published items to everybody who reads GET events, and keeps the
// last ones for those who come back. Publish never waits for a reader.
type Hub struct {
	// boot tells the lives of the daemon apart in the ids of events.
	boot string

	mu     sync.Mutex
	subs   map[chan Event]struct{}
	closed bool
	seq    uint64
	past   []Event // oldest first
	bytes  int
}

// New returns a hub without events.
func New() *Hub {
	return &Hub{boot: strings.ToLower(rand.Text()[:8]), subs: map[chan Event]struct{}{}}
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
	e := Event{Seq: h.seq, Topic: topic, Data: data}
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
func (h *Hub) keep(e Event) {
	h.past = append(h.past, e)
	h.bytes += len(e.Data)
	for len(h.past) > keptEvents || h.bytes > keptBytes {
		h.bytes -= len(h.past[0].Data)
		h.past[0] = Event{}
		h.past = h.past[1:]
	}
}

// ID is an event's id on the wire.
func (h *Hub) ID(seq uint64) string { return h.boot + "-" + strconv.FormatUint(seq, 10) }

// Subscription is one reader's.
type Subscription struct {
	// Missed are the events since the last one that the reader had.
	Missed []Event
	// Gap reports that there were more than are still known: the reader has to
	// read the lists again.
	Gap bool
	// Seq is of the last event before the live ones.
	Seq uint64
	// Live is closed when the reader lags too far behind, and when the hub closes.
	Live <-chan Event
	// End ends it; more than once is no harm.
	End func()
}

// Subscribe adds a reader, who had the event of the id last; empty for a new
// one. It answers false when there are too many, or the server stops.
func (h *Hub) Subscribe(last string) (Subscription, bool) {
	ch := make(chan Event, subscriberQueue)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.subs) >= maxSubscribers {
		return Subscription{}, false
	}
	h.subs[ch] = struct{}{}
	s := Subscription{Live: ch, End: func() { h.leave(ch) }, Seq: h.seq}
	if last != "" {
		s.Missed, s.Gap = h.since(last)
	}
	return s, true
}

// since returns the events after the one of the id, and whether some of them
// are forgotten.
func (h *Hub) since(last string) (missed []Event, gap bool) {
	boot, number, _ := strings.Cut(last, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	if boot != h.boot || err != nil || seq > h.seq {
		return nil, true
	}
	oldest := h.seq - uint64(len(h.past)) + 1
	if seq+1 < oldest {
		return nil, true
	}
	return append([]Event(nil), h.past[seq+1-oldest:]...), false
}

func (h *Hub) leave(ch chan Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.subs[ch]; ok {
		delete(h.subs, ch)
		close(ch)
	}
}

// Readers is how many listen now.
func (h *Hub) Readers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

// Close ends all readers and takes no more.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for ch := range h.subs {
		delete(h.subs, ch)
		close(ch)
	}
}
