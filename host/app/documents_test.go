package app

import (
	"path/filepath"
	"testing"

	"github.com/homeostat/homeostat/host/heal/healtest"
	"github.com/homeostat/homeostat/host/history"
)

func TestDocumentsKeepWhatHealingNeeds(t *testing.T) {
	records, err := history.OpenRecords(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := records.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	healtest.Store(t, documents{records})
}
