package follow

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/sdk"
)

func TestLinesWrittenWhileNobodyLookedAreReadAfterARestart(t *testing.T) {
	cases := map[string]func(w *world){
		"grown":     func(w *world) { w.write(500) },
		"unchanged": func(w *world) {},
		"rotated":   func(w *world) { w.write(100); w.rotate(9); w.reopen(); w.write(100) },
		"rotated often": func(w *world) {
			w.write(1)
			w.rotate(9)
			w.reopen()
			w.write(2)
			w.rotate(9)
			w.reopen()
			w.write(3)
		},
		"rotated, none": func(w *world) { w.write(7); w.rotate(9) },
	}
	for name, meanwhile := range cases {
		t.Run(name, func(t *testing.T) {
			w, r := newWorld(t), newReader()
			s := w.follow(r)
			w.write(1000)
			r.await(t, w.want)
			s.Close()
			meanwhile(w)
			w.follow(r)
			r.await(t, w.want)
			w.reopen()
			w.write(1)
			r.await(t, w.want)
		})
	}
}

func TestOldFileIsFollowedFromItsEnd(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "old.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(4 << 30); err != nil { // a hole: takes no space
		t.Fatal(err)
	}
	s, err := openSource(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if got := s.first(time.Unix(0, s.id.Birth).Add(youngFile)); got != 0 {
		t.Errorf("a file of %v is read from %d, want its beginning", youngFile, got)
	}
	s.seek(s.first(time.Unix(0, s.id.Birth).Add(time.Hour)))
	if _, err := f.WriteAt([]byte("half\nwhole\n"), 4<<30); err != nil {
		t.Fatal(err)
	}
	var got []string
	if _, err := s.read(make([]byte, 100), func(text string, _ bool) { got = append(got, text) }); err != nil || !slices.Equal(got, []string{"whole"}) {
		t.Errorf("got %q, %v, want what was added after the line that was under way", got, err)
	}
}

func TestBacklogIsBounded(t *testing.T) {
	w, r := newWorld(t), newReader()
	s := w.follow(r)
	w.write(3)
	r.await(t, w.want)
	s.Close()
	if err := os.Truncate(w.path, 3*MaxBacklog); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	if _, err := w.file.WriteString("\nlast\n"); err != nil {
		t.Fatal(err)
	}
	w.follow(r)
	limit := time.After(time.Minute)
	for got := r.got(); len(got) == 0 || got[len(got)-1] != "last"; got = r.got() {
		select {
		case <-r.more:
		case <-limit:
			t.Fatalf("the last line did not come; got %d", len(got))
		}
	}
	if r.happened(sdk.EventGap) != 1 {
		t.Errorf("got %d gaps, want 1", r.happened(sdk.EventGap))
	}
}

func FuzzDamagedPositionsDoNoHarm(f *testing.F) {
	good := checkpoints{{"web", "/var/log/web.log"}: {Offset: 10, Head: digestOf([]byte("0123456789")), Tail: digestOf([]byte("0123456789"))}}
	f.Add(good.encode())
	f.Add([]byte(`{"version":1,"files":[{"component":"web","path":"x","offset":-5,"head":{"len":-1},"tail":{"len":99}}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{`))
	dir := f.TempDir()
	log := filepath.Join(dir, "web.log")
	if err := os.WriteFile(log, []byte("0123456789\nmore\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		state := filepath.Join(t.TempDir(), "positions.json")
		if err := os.WriteFile(state, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, c := range loadCheckpoints(state, hclog.NewNullLogger()) {
			s, err := openSource(log)
			if err != nil {
				t.Fatal(err)
			}
			if s.holds(c) {
				s.seek(c.Offset)
			}
			if s.offset < 0 || s.offset > s.size() {
				t.Errorf("%+v leads to offset %d", c, s.offset)
			}
			s.close()
		}
	})
}
