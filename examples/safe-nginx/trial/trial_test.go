package trial

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLateUpstreamFailsAfterItsTimeFromTheFirstRequest(t *testing.T) {
	u, err := newUpstreams(time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	}()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(address string) int {
		a, err := client.Get("http://" + address)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		if _, err := io.Copy(io.Discard, a.Body); err != nil {
			t.Fatal(err)
		}
		return a.StatusCode
	}
	onset := u.failsFrom(time.Now())
	for !time.Now().After(onset) {
	}
	if got := ask(u.late); got != http.StatusInternalServerError {
		t.Errorf("late upstream after its time: got %d, want 500", got)
	}
	if got := ask(u.well); got != http.StatusOK {
		t.Errorf("well upstream: got %d, want 200", got)
	}
}

func TestConfigurationsDifferInWhatTheyBreak(t *testing.T) {
	n, err := newNginx(t.TempDir(), "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if n.address == n.other {
		t.Errorf("both addresses are %s", n.address)
	}
	data, err := os.ReadFile(n.file())
	if err != nil || !strings.Contains(string(data), "listen "+n.address) || !strings.Contains(string(data), `return 200 "old"`) {
		t.Errorf("got %s, %v, want the address and version old", data, err)
	}
	if root := n.root(time.Minute, ""); strings.Contains(root, "validate") || !strings.Contains(root, `watch = "1m0s"`) {
		t.Errorf("got %s, want no validator and the watch", root)
	}
}
