package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/host/api/hub"
)

const (
	// heartbeat keeps proxies from closing a silent stream.
	heartbeat = 15 * time.Second
	// slowest is how long one write to a reader may take: a reader who takes
	// nothing any more would hold a goroutine for ever.
	slowest = 10 * time.Second
	// comeBack is when a reader who was cut off shall try again.
	comeBack = 2 * time.Second
)

func (s *Server) registerEvents() {
	o := operation{method: http.MethodGet, path: Base + "/events", summary: "changes as they happen (server-sent events)", role: RoleViewer}.huma()
	o.Responses = eventResponses()
	registerStream(s, o, s.stream)
}

// stream writes events until the reader leaves, lags too far behind, or the
// server stops. A reader who names the last event that it had gets those since,
// or the topic "reset" when they are no longer known.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.events.Subscribe(r.Header.Get("Last-Event-ID"))
	if !ok {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many readers of events, or the daemon stops: try again", http.StatusServiceUnavailable)
		return
	}
	defer sub.End()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := reader{w: w, control: http.NewResponseController(w), hub: s.events}
	if !out.begin(sub) {
		return
	}
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
			// Who was let in may have been sent away since.
			ok = s.identify(r).Role >= RoleViewer && out.write(": still here\n\n")
		case e, open := <-sub.Live:
			ok = open && out.event(e)
		}
		if !ok {
			return
		}
	}
}

// reader is the other end of a stream. Its methods report whether it still
// takes something.
type reader struct {
	w       http.ResponseWriter
	control *http.ResponseController
	hub     *hub.Hub
}

// begin sends what the reader missed.
func (r reader) begin(sub hub.Subscription) bool {
	if !r.write(fmt.Sprintf(": connected\nretry: %d\n\n", comeBack.Milliseconds())) {
		return false
	}
	if sub.Gap {
		return r.write(fmt.Sprintf("id: %s\nevent: reset\ndata: {\"text\":\"events were missed, read the lists again\"}\n\n", r.hub.ID(sub.Seq)))
	}
	for _, e := range sub.Missed {
		if !r.event(e) {
			return false
		}
	}
	return true
}

func (r reader) event(e hub.Event) bool {
	return r.write(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", r.hub.ID(e.Seq), e.Topic, e.Data))
}

func (r reader) write(text string) bool {
	if err := r.control.SetWriteDeadline(time.Now().Add(slowest)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return false
	}
	if _, err := fmt.Fprint(r.w, text); err != nil {
		return false
	}
	return r.control.Flush() == nil
}
