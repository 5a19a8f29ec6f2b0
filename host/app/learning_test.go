package app

import (
	"fmt"
	"slices"
	"testing"

	"github.com/homeostat/homeostat/sdk"
)

func TestLearnersAreTheComponentsThatADetectorLacksDataOf(t *testing.T) {
	var l learners
	if got := l.of("timeseries"); len(got) > 0 {
		t.Errorf("nobody learns yet, got %v", got)
	}
	l.note("timeseries", "web", fmt.Errorf("3 of 24 h: %w", sdk.ErrNotReady))
	l.note("timeseries", "store", fmt.Errorf("3 of 24 h: %w", sdk.ErrNotReady))
	l.note("behavior", "web", fmt.Errorf("3 of 24 h: %w", sdk.ErrNotReady))
	l.note("timeseries", "web", fmt.Errorf("3 of 24 h: %w", sdk.ErrNotReady))
	l.note("timeseries", "store", nil)
	l.note("logs", "store", nil)
	for detector, want := range map[string][]string{"timeseries": {"web"}, "behavior": {"web"}, "logs": nil} {
		if got := l.of(detector); !slices.Equal(got, want) {
			t.Errorf("%s learns %v, want %v", detector, got, want)
		}
	}
}
