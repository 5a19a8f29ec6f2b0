package hub

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen subscribes and fails the test when there is no room.
func listen(t *testing.T, h *Hub, last string) Subscription {
	t.Helper()
	s, ok := h.Subscribe(last)
	if !ok {
		t.Fatal("the hub takes no reader")
	}
	t.Cleanup(s.End)
	return s
}

func topics(list []Event) string {
	var out []string
	for _, e := range list {
		out = append(out, e.Topic)
	}
	return strings.Join(out, " ")
}

func TestSlowReaderOfEventsIsCutOffAndOthersGoOn(t *testing.T) {
	h := New()
	slow := listen(t, h, "")
	for range subscriberQueue + 1 {
		h.Publish("incident", map[string]int{"n": 1})
	}
	quick := listen(t, h, "")
	h.Publish("mode", "manual")
	if e := <-quick.Live; e.Topic != "mode" || string(e.Data) != `"manual"` {
		t.Errorf("got %s %s, want mode \"manual\"", e.Topic, e.Data)
	}
	n := 0
	for range slow.Live {
		n++
	}
	if n != subscriberQueue {
		t.Errorf("the slow reader got %d events before it was cut off, want %d", n, subscriberQueue)
	}
}

func TestReaderWhoComesBackGetsWhatItMissed(t *testing.T) {
	h := New()
	for n := range 5 {
		h.Publish(fmt.Sprint("t", n+1), n)
	}
	cases := map[string]struct {
		missed string
		gap    bool
	}{
		"":                {"", false},
		h.ID(0):           {"t1 t2 t3 t4 t5", false},
		h.ID(3):           {"t4 t5", false},
		h.ID(5):           {"", false},
		h.ID(6):           {"", true}, // not yet given
		"otherlife-3":     {"", true},
		h.boot:            {"", true},
		h.boot + "--1":    {"", true},
		h.boot + "-3\n\n": {"", true},
	}
	for last, want := range cases {
		s := listen(t, h, last)
		if got := topics(s.Missed); got != want.missed || s.Gap != want.gap {
			t.Errorf("after %q: got %q, gap %v, want %q, gap %v", last, got, s.Gap, want.missed, want.gap)
		}
	}
}

func TestForgottenEventsAreAGap(t *testing.T) {
	h := New()
	for range keptEvents + 10 {
		h.Publish("t", 1)
	}
	if s := listen(t, h, h.ID(10)); s.Gap || len(s.Missed) != keptEvents {
		t.Errorf("got %d events, gap %v, want all %d that are kept", len(s.Missed), s.Gap, keptEvents)
	}
	if s := listen(t, h, h.ID(9)); !s.Gap {
		t.Error("an event is missing and nobody is told")
	}
	big := strings.Repeat("x", keptBytes/4)
	for range 8 {
		h.Publish("big", big)
	}
	if h.bytes > keptBytes || len(h.past) == 0 {
		t.Errorf("%d bytes in %d events are kept, want some, and at most %d bytes", h.bytes, len(h.past), keptBytes)
	}
}

func TestReadersAreBounded(t *testing.T) {
	h := New()
	var last Subscription
	for range maxSubscribers {
		last = listen(t, h, "")
	}
	if _, ok := h.Subscribe(""); ok {
		t.Error("one reader too many is taken")
	}
	last.End()
	listen(t, h, "")
	h.Close()
	if _, ok := h.Subscribe(""); ok {
		t.Error("a reader is taken though the server stops")
	}
}
