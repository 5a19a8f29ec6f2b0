package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/shop/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a web process in front of a real store.
func shop(t *testing.T, ttl, stale time.Duration) (web string, stopStore func()) {
	t.Helper()
	goods, err := store.Open(filepath.Join(t.TempDir(), "orders.jsonl"), []store.Item{{Name: "kettle", Price: 3900, Stock: 5}})
	if err != nil {
		t.Fatal(err)
	}
	back := httptest.NewServer(store.Pages(goods, hclog.NewNullLogger()))
	w := Open(Settings{
		Store: Store{URL: back.URL, Timeout: service.Duration{Duration: 30 * time.Second}},
		Cache: Cache{TTL: service.Duration{Duration: ttl}, Stale: service.Duration{Duration: stale}},
	})
	front := httptest.NewServer(Pages(w, hclog.NewNullLogger()))
	t.Cleanup(func() {
		front.Close()
		_ = w.Close()
		back.Close()
		_ = goods.Close()
	})
	return front.URL, back.Close
}

func read(t *testing.T, a *http.Response, err error) (int, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(b)
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	a, err := http.Get(url)
	return read(t, a, err)
}

func TestFrontPageShowsStockAfterAnOrderByForm(t *testing.T) {
	web, _ := shop(t, 0, 0)
	a, err := http.PostForm(web+"/orders", url.Values{"item": {"kettle"}, "count": {"2"}})
	if code, body := read(t, a, err); code != http.StatusCreated || !strings.Contains(body, `"id":1`) {
		t.Fatalf("order by form: got %d %s, want 201 and id 1", code, body)
	}
	if code, body := fetch(t, web+"/"); code != http.StatusOK || !strings.Contains(body, "kettle<td>3900<td>3<td>") {
		t.Errorf("front page: got %d, want 3 kettles left in\n%s", code, body)
	}
}

func TestWrongOrdersGetTheStoresRefusal(t *testing.T) {
	web, _ := shop(t, 0, 0)
	for body, want := range map[string]int{
		`{"item":"kettle","count":1}`: http.StatusCreated,
		`{"item":"kettle","count":9}`: http.StatusConflict,
		`{"item":"kettle","count":0}`: http.StatusUnprocessableEntity,
		`{"item":"anvil","count":1}`:  http.StatusUnprocessableEntity,
		`{`:                           http.StatusBadRequest,
	} {
		a, err := http.Post(web+"/orders", "application/json", strings.NewReader(body))
		if code, said := read(t, a, err); code != want {
			t.Errorf("order %s: got status %d (%s), want %d", body, code, said, want)
		}
	}
	a, err := http.PostForm(web+"/orders", url.Values{"item": {"kettle"}, "count": {"two"}})
	if code, _ := read(t, a, err); code != http.StatusBadRequest {
		t.Errorf("order of two kettles in words: got status %d, want 400", code)
	}
}

func TestHealthFollowsTheStore(t *testing.T) {
	web, stopStore := shop(t, time.Hour, 0)
	if code, body := fetch(t, web+"/health"); code != http.StatusOK {
		t.Fatalf("health with a store: got %d %s, want 200", code, body)
	}
	if code, _ := fetch(t, web+"/items"); code != http.StatusOK {
		t.Fatalf("items with a store: got status %d, want 200", code)
	}
	stopStore()
	if code, _ := fetch(t, web+"/health"); code != http.StatusServiceUnavailable {
		t.Errorf("health without a store: got status %d, want 503", code)
	}
	if code, body := fetch(t, web+"/items"); code != http.StatusOK || !strings.Contains(body, "kettle") {
		t.Errorf("items from the cache: got %d %s, want 200 and a kettle", code, body)
	}
}

func TestOldGoodsAreShownWhileTheStoreIsAway(t *testing.T) {
	web, stopStore := shop(t, 0, time.Hour)
	if code, _ := fetch(t, web+"/items"); code != http.StatusOK {
		t.Fatalf("items with a store: got status %d, want 200", code)
	}
	stopStore()
	for _, page := range []string{"/", "/items", "/health"} {
		a, err := http.Get(web + page)
		if code, body := read(t, a, err); code != http.StatusOK {
			t.Errorf("%s without a store: got %d %s, want 200", page, code, body)
		}
		if page != "/health" && a.Header.Get("Shop-Goods") != "old" {
			t.Errorf("%s without a store: the answer does not say that the goods are old: %v", page, a.Header)
		}
	}
	a, err := http.Post(web+"/orders", "application/json", strings.NewReader(`{"item":"kettle","count":1}`))
	if code, _ := read(t, a, err); code != http.StatusServiceUnavailable {
		t.Errorf("order without a store: got status %d, want 503", code)
	}
}

func TestItemsWithoutStoreOrCacheAre503(t *testing.T) {
	web, stopStore := shop(t, 0, 0)
	stopStore()
	for _, page := range []string{"/", "/items"} {
		if code, _ := fetch(t, web+page); code != http.StatusServiceUnavailable {
			t.Errorf("%s without a store: got status %d, want 503", page, code)
		}
	}
}

func TestWrongSettingsAreRefusedByKey(t *testing.T) {
	for key, spoil := range map[string]func(*Settings){
		"store.url":     func(s *Settings) { s.Store.URL = "127.0.0.1:9201" },
		"store.timeout": func(s *Settings) { s.Store.Timeout.Duration = 0 },
		"cache.ttl":     func(s *Settings) { s.Cache.TTL.Duration = -1 },
		"cache.stale":   func(s *Settings) { s.Cache.Stale.Duration = -1 },
	} {
		p := NewProgram()
		if err := p.Check(); err != nil {
			t.Fatalf("defaults: %v", err)
		}
		spoil(&p.settings)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("settings with a wrong %s: got %v", key, err)
		}
	}
}
