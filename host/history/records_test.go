package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) {
	if work := os.Getenv("HISTORY_TEST_CHILD"); work != "" {
		child(work)
		return
	}
	goleak.VerifyTestMain(m)
}

func openRecords(t *testing.T, path string) *Records {
	t.Helper()
	r, err := OpenRecords(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

var day = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

func incident(i int, component, state string) Document {
	body, _ := json.Marshal(map[string]any{"component": component, "state": state, "open": state == "open", "n": i})
	return Document{Kind: "incident", ID: fmt.Sprintf("inc_%d", i), Time: day.Add(time.Duration(i) * time.Minute), Body: body}
}

func TestDocumentsAreListedByFilterNewestFirst(t *testing.T) {
	r := openRecords(t, filepath.Join(t.TempDir(), "records.db"))
	ctx := t.Context()
	for i := range 6 {
		if err := r.Put(ctx, incident(i, []string{"web", "store"}[i%2], []string{"open", "closed"}[i/3])); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Put(ctx, incident(1, "store", "closed")); err != nil { // replaces
		t.Fatal(err)
	}
	cases := map[string]struct {
		filter Filter
		want   string
	}{
		"all":       {Filter{}, "[inc_5 inc_4 inc_3 inc_2 inc_1 inc_0]"},
		"component": {Filter{Fields: map[string]string{"component": "web"}}, "[inc_4 inc_2 inc_0]"},
		"two":       {Filter{Fields: map[string]string{"component": "store", "state": "closed"}}, "[inc_5 inc_3 inc_1]"},
		"number":    {Filter{Fields: map[string]string{"n": "3"}}, "[inc_3]"},
		"time":      {Filter{From: day.Add(2 * time.Minute), To: day.Add(4 * time.Minute)}, "[inc_3 inc_2]"},
		"limit":     {Filter{Limit: 2, OldestFirst: true}, "[inc_0 inc_1]"},
		"none":      {Filter{Fields: map[string]string{"component": "x' OR '1'='1"}}, "[]"},
	}
	for name, c := range cases {
		docs, err := r.List(ctx, "incident", c.filter)
		ids := []string{}
		for _, d := range docs {
			ids = append(ids, d.ID)
		}
		if got := fmt.Sprint(ids); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, c.want)
		}
	}
	if _, err := r.List(ctx, "incident", Filter{Fields: map[string]string{"a') --": ""}}); err == nil {
		t.Error("a field name that is none was accepted")
	}
}

func TestDocumentsComeBackAsTheyWerePut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	r := openRecords(t, path)
	ctx := t.Context()
	want := incident(7, "web", "open")
	if err := errors.Join(r.Put(ctx, want), r.Set(ctx, "mode", []byte("automated")), r.Close()); err != nil {
		t.Fatal(err)
	}
	r = openRecords(t, path)
	got, err := r.Document(ctx, "incident", "inc_7")
	if err != nil || string(got.Body) != string(want.Body) || !got.Time.Equal(want.Time) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if mode, err := r.Setting(ctx, "mode"); err != nil || string(mode) != "automated" {
		t.Errorf("got mode %q, %v", mode, err)
	}
	if err := errors.Join(r.Delete(ctx, "incident", "inc_7"), r.Unset(ctx, "mode")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Document(ctx, "incident", "inc_7"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v for a deleted document, want ErrNotFound", err)
	}
	if _, err := r.Setting(ctx, "mode"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v for a removed setting, want ErrNotFound", err)
	}
}

func TestBodyThatIsNoJSONIsRefused(t *testing.T) {
	r := openRecords(t, filepath.Join(t.TempDir(), "records.db"))
	if err := r.Put(t.Context(), Document{Kind: "a", ID: "b", Body: []byte("{")}); err == nil {
		t.Error("accepted")
	}
}

func TestEventsAreKeptByComponentAndExpire(t *testing.T) {
	r := openRecords(t, filepath.Join(t.TempDir(), "records.db"))
	exit := sdk.Event{Time: day, Component: "web", Type: sdk.EventExited, Generation: 4, Exit: &sdk.Exit{Code: -1, Signal: "SIGSEGV"}}
	ready := sdk.Event{Time: day.Add(time.Second), Component: "web", Type: sdk.EventReady, Generation: 5}
	other := sdk.Event{Time: day, Component: "store", Type: sdk.EventStarted}
	if err := r.AppendEvents([]sdk.Event{exit, ready, other}); err != nil {
		t.Fatal(err)
	}
	got, err := r.Events(t.Context(), "web", Filter{OldestFirst: true})
	if err != nil || len(got) != 2 || got[0].Exit.Signal != "SIGSEGV" || got[1].Generation != 5 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if all, err := r.Events(t.Context(), "", Filter{}); err != nil || len(all) != 3 {
		t.Errorf("got %d events of all components, %v, want 3", len(all), err)
	}
	if err := r.Expire(t.Context(), day.Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if left, err := r.Events(t.Context(), "", Filter{}); err != nil || len(left) != 1 || left[0].Type != sdk.EventReady {
		t.Errorf("got %+v, %v, want the one event after the limit", left, err)
	}
}

func TestEventsAreBounded(t *testing.T) {
	r := openRecords(t, filepath.Join(t.TempDir(), "records.db"))
	for _, seq := range []int{1, 2, 3, EventsKept} { // as if the ones in between had been there
		_, err := r.file.Write.ExecContext(t.Context(), "INSERT INTO events (seq, time, component, type, body) VALUES (?, 0, 'web', 'ready', '{}')", seq)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.AppendEvents([]sdk.Event{{Time: day, Component: "web"}, {Time: day, Component: "web"}}); err != nil {
		t.Fatal(err)
	}
	var n, first int
	if err := r.file.Read.QueryRowContext(t.Context(), "SELECT count(*), min(seq) FROM events").Scan(&n, &first); err != nil || n != 4 || first != 3 {
		t.Errorf("got %d events from %d on, %v, want 4 from 3 on", n, first, err)
	}
}

func TestDamagedRecordsAreAnErrorThatNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	if err := os.WriteFile(path, []byte("this is not a database, but it is long enough to be looked at as one: ............................"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := OpenRecords(context.Background(), path)
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.Path != path {
		t.Errorf("got %v, want a CorruptError of %s", err, path)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	r := openRecords(t, path)
	if _, err := r.file.Write.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := OpenRecords(t.Context(), path); err == nil {
		t.Error("a file of a newer program was opened")
	}
}
