package sight

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSeeingNothingIsNotWell(t *testing.T) {
	var s Sight
	if s.Well() {
		t.Error("got well, want not well")
	}
}

func TestOneWrongThingDecidesAndIsTold(t *testing.T) {
	var s Sight
	s.Is("file", "old", "old")
	s.Has("log", "a b c", "b")
	s.Is("it is kept", true, true)
	if !s.Well() {
		t.Errorf("got %q, want all well", s.String())
	}
	s.Is("service", "new", "old")
	if got := s.String(); s.Well() || strings.Contains(got, "file") || !strings.Contains(got, "service: new (expected old)") {
		t.Errorf("got %q, want what is wrong alone", got)
	}
}

func TestLongValuesDifferThoughTheyAreCut(t *testing.T) {
	var s Sight
	long := strings.Repeat("x", 2*maxShown)
	s.Is("file", long+"a", long+"b")
	if s.Well() {
		t.Error("two long values that differ at the end: got well")
	}
}
