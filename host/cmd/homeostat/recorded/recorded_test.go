package recorded

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/cmd/homeostat/howlong"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSignalsOfTheHostTellNothingOfAComponent(t *testing.T) {
	w := sdk.Window{Component: "web", Series: []sdk.Series{{Component: sdk.HostComponent, Name: "load"}}}
	if tellsOf(w, "web") || !tellsOf(w, sdk.HostComponent) {
		t.Error("signals of the host count for a component, or not for the host")
	}
	w.Events = []sdk.Event{{Component: "web", Type: sdk.EventStarted}}
	if !tellsOf(w, "web") {
		t.Error("an event of the component does not count")
	}
}

func TestFolderWithoutAHistoryIsNamed(t *testing.T) {
	settings := &config.Settings{}
	settings.State.Dir = t.TempDir()
	if _, err := Windows(t.Context(), settings, Query{"web", howlong.Duration(time.Hour)}); err == nil {
		t.Error("an empty folder holds a history")
	}
}
