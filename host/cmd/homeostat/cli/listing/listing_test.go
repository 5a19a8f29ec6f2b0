package listing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// numbers is a daemon that has the numbers below most on its list; it returns
// how to reach it and what was asked.
func numbers(t *testing.T, most int) (*client.Client, *[]string) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		page := api.NewList[int](nil)
		for n := from; n < min(from+limit, most); n++ {
			page.Items = append(page.Items, n)
		}
		if from+limit < most {
			page.Next = fmt.Sprint(from + limit)
		}
		if err := json.NewEncoder(w).Encode(page); err != nil {
			t.Error(err)
		}
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	c := client.New(socket)
	t.Cleanup(func() { c.CloseIdle(); _ = server.Close(); <-done })
	return c, &asked
}

func TestListsFollowPages(t *testing.T) {
	c, asked := numbers(t, 2500)
	for line, want := range map[string]struct{ count, pages int }{
		"":             {50, 1},
		"--limit 1200": {1200, 2},
		"--limit 9999": {2500, 3},
		"--all":        {2500, 3},
	} {
		*asked = nil
		var shown []int
		cmd := List[int]{
			Daemon: Daemon{Connect: func() (*client.Client, error) { return c, nil }, Usage: func(err error) error { return err }},
			Path:   "/numbers", State: "open", None: "none", Show: func(_ io.Writer, items []int, _ time.Time) { shown = items },
		}.Attach(&cobra.Command{Use: "list"})
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetArgs(strings.Fields(line))
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		for n, item := range shown {
			if n != item {
				t.Fatalf("%q: item %d is %d", line, n, item)
			}
		}
		if len(shown) != want.count || len(*asked) != want.pages {
			t.Errorf("%q: %d items in %d pages, want %d in %d", line, len(shown), len(*asked), want.count, want.pages)
		}
		state := map[bool]string{true: "all", false: "open"}[line == "--all"]
		if !strings.Contains((*asked)[0], "state="+state) {
			t.Errorf("%q asks for %s, want state %s", line, (*asked)[0], state)
		}
		if more := strings.Contains(out.String(), "shows more"); more != (want.count < 2500) {
			t.Errorf("%q says that there is more: %v", line, more)
		}
	}
}
