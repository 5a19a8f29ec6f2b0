package howlong

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHowLongTakesDaysAndDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"7d": 168 * time.Hour, "1.5d": 36 * time.Hour, "90m": 90 * time.Minute, "2w": 336 * time.Hour, "1d12h": 36 * time.Hour} {
		var h Duration
		if err := h.Set(text); err != nil || time.Duration(h) != want {
			t.Errorf("%s: got %v, %v, want %v", text, time.Duration(h), err, want)
		}
	}
	for _, text := range []string{"", "d", "sevend", "NaNd", "1e9d", "7", "week", "106752d"} {
		var h Duration
		if err := h.Set(text); err == nil {
			t.Errorf("%q was taken as %v", text, time.Duration(h))
		}
	}
}

func TestHowLongIsWrittenAsItIsRead(t *testing.T) {
	for _, text := range []string{"7d", "1d", "36h0m0s"} {
		var h Duration
		if err := h.Set(text); err != nil || h.String() != text {
			t.Errorf("%s is written as %s, error %v", text, h.String(), err)
		}
	}
}
