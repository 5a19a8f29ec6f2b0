package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var goods = []Item{{"kettle", 3900, 10}, {"governor", 12900, 2}}

func open(t interface {
	Fatalf(string, ...any)
	Helper()
}, path string,
) *Store {
	t.Helper()
	s, err := Open(path, goods)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	return s
}

func ordersIn(t *testing.T) string { return filepath.Join(t.TempDir(), "orders.jsonl") }

func TestSaleLowersStock(t *testing.T) {
	s := open(t, ordersIn(t))
	defer s.Close()
	o, err := s.Sell("kettle", 3)
	if err != nil || o != (Order{1, "kettle", 3}) {
		t.Fatalf("sell 3 kettles: got %+v, %v", o, err)
	}
	if got := s.Items()[0].Stock; got != 7 {
		t.Errorf("kettles left: got %d, want 7", got)
	}
}

func TestWrongSalesAreRefused(t *testing.T) {
	s := open(t, ordersIn(t))
	defer s.Close()
	for _, c := range []struct {
		item  string
		count int
		want  error
	}{
		{"kettle", 0, ErrBadCount},
		{"kettle", -1, ErrBadCount},
		{"anvil", 1, ErrUnknownItem},
		{"governor", 3, ErrSoldOut},
	} {
		if _, err := s.Sell(c.item, c.count); !errors.Is(err, c.want) {
			t.Errorf("sell %d of %q: got %v, want %v", c.count, c.item, err, c.want)
		}
	}
	if !slices.Equal(s.Items(), goods) {
		t.Errorf("goods after refusals: got %v, want %v", s.Items(), goods)
	}
}

// Whatever is sold, and wherever a crash cuts the file, the next start has every
// order whose line is whole, and goes on counting.
func TestOrdersSurviveACutAnywhere(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(folder, "orders.jsonl")
		_ = os.Remove(path) // of the round before; absent in the first
		s := open(t, path)
		for range rapid.IntRange(0, 8).Draw(t, "sales") {
			_, err := s.Sell(rapid.SampledFrom([]string{"kettle", "governor"}).Draw(t, "item"), 1)
			if err != nil && !errors.Is(err, ErrSoldOut) {
				t.Fatalf("sell: %v", err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		cutAndReopen(t, path)
	})
}

func cutAndReopen(t *rapid.T, path string) {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b = b[:rapid.IntRange(0, len(b)).Draw(t, "cut")]
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Count(b, []byte("\n"))
	s := open(t, path)
	defer s.Close()
	left := s.Items()[0].Stock + s.Items()[1].Stock
	if want := 12 - whole; left != want {
		t.Errorf("pieces left after %d whole orders: got %d, want %d", whole, left, want)
	}
	if o, err := s.Sell("kettle", 1); err == nil && o.ID != whole+1 {
		t.Errorf("next order after %d: got id %d", whole, o.ID)
	}
}

func TestCheckNoticesThatTheFileIsGone(t *testing.T) {
	path := ordersIn(t)
	s := open(t, path)
	defer s.Close()
	if err := s.Check(); err != nil {
		t.Fatalf("check: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err == nil {
		t.Error("check without the file: got no error")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err == nil {
		t.Error("check with another file in its place: got no error")
	}
}

func FuzzOrdersFile(f *testing.F) {
	for _, seed := range []string{"", "{}\n", `{"id":1,"item":"kettle","count":1}` + "\n{", "null\n", "[]\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := ordersIn(t)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, goods)
		if err != nil {
			return
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(content, after) {
			t.Errorf("opening changed the file from %q to %q (%v)", content, after, err)
		}
	})
}
