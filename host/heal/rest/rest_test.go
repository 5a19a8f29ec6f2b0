package rest

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRestsLastUntilTheirEndOrAreEndedEarly(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	b := Book{}
	b.Until("web", "restart", now.Add(time.Minute))
	b.Until("web", "revert", now)
	b.Until("store", "restart", now.Add(time.Minute))
	if got := b.Of("web", now); len(got) != 1 || !got["restart"].Equal(now.Add(time.Minute)) {
		t.Errorf("on the web rest %v, want restart for a minute", got)
	}
	b.End("store")
	if got := b.All(now); len(got) != 1 || len(got["web"]) != 1 {
		t.Errorf("all rests are %v, want the web's alone", got)
	}
	if got := b.All(now.Add(time.Minute)); len(got) != 0 {
		t.Errorf("rests %v are left at their end", got)
	}
}
