package ledger

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/component/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRecordComesBackAsItWasSaved(t *testing.T) {
	l := Ledger{Dir: t.TempDir()}
	saved := Record{
		Phase: Restarting, Instance: "abc", Main: process.ID{PID: 7, Ticks: 9, Boot: "b"}, Generation: 3, Unwanted: true,
		StartedAt: time.Unix(1, 0).UTC(), GraceEnds: time.Unix(2, 0).UTC(), LastExit: &LastExit{Exit: process.Exit{Known: true, Code: 2}, At: time.Unix(3, 0).UTC()},
	}
	saved.Grace.Ready(time.Second)
	saved.Started(time.Unix(1, 0).UTC())
	if err := l.Save("web", saved); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush("web"); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Load("web"); err != nil || !reflect.DeepEqual(got, saved) {
		t.Errorf("Load: got %+v, %v; want %+v", got, err, saved)
	}
	if got, err := l.Load("other"); err != nil || !reflect.DeepEqual(got, Record{}) {
		t.Errorf("Load of a component without a record: got %+v, %v; want a fresh one", got, err)
	}
}

func TestKillBetweenWriteAndRenameLeavesTheOldRecord(t *testing.T) {
	l := Ledger{Dir: t.TempDir()}
	if err := l.Save("web", Record{Generation: 1}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.Dir, "web.json.next"), []byte("{\"gen"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Load("web"); err != nil || got.Generation != 1 {
		t.Errorf("Load beside a half-written successor: got %+v, %v; want generation 1", got, err)
	}
	if err := l.Save("web", Record{Generation: 2}); err != nil {
		t.Errorf("Save beside a half-written successor: %v", err)
	}
}

func TestDamagedRecordIsAnError(t *testing.T) {
	l := Ledger{Dir: t.TempDir()}
	for _, text := range []string{"", "{", "[]", "{\"generation\": \"x\"}"} {
		if err := os.WriteFile(filepath.Join(l.Dir, "web.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := l.Load("web"); err == nil || !reflect.DeepEqual(got, Record{}) {
			t.Errorf("Load of %q: got %+v, %v; want a fresh record and an error", text, got, err)
		}
	}
}

func TestOnlyTheNewestStartsAreKept(t *testing.T) {
	var r Record
	for i := range 3 * startsKept {
		r.Started(time.Unix(int64(i), 0))
	}
	if len(r.Starts) != startsKept || !r.Starts[0].Equal(time.Unix(2*startsKept, 0)) {
		t.Errorf("starts: got %d, the oldest %v; want the newest %d", len(r.Starts), r.Starts[0], startsKept)
	}
}
