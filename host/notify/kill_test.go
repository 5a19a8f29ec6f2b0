package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/host/notify"
	"github.com/homeostat/homeostat/host/notify/payload"
	"github.com/homeostat/homeostat/host/notify/webhook"
)

// The environment of the process that is killed.
const (
	envStore   = "HOMEOSTAT_TEST_NOTIFY_STORE"
	envAddress = "HOMEOSTAT_TEST_NOTIFY_ADDRESS"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(envStore); path != "" {
		if err := doomed(path, os.Getenv(envAddress)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// keeper is a notify.Store on records.
type keeper struct{ *history.Records }

func (k keeper) Put(ctx context.Context, docs ...notify.Document) error {
	list := make([]history.Document, len(docs))
	for i, d := range docs {
		list[i] = history.Document(d)
	}
	return k.Records.Put(ctx, list...)
}

func (k keeper) List(ctx context.Context, kind string) ([]notify.Document, error) {
	found, err := k.Records.List(ctx, kind, history.Filter{Limit: 1000, OldestFirst: true})
	docs := make([]notify.Document, len(found))
	for i, d := range found {
		docs[i] = notify.Document(d)
	}
	return docs, err
}

// incidents is how many the killed process tells of.
const incidents = 20

// doomed tells of incidents and says which it has told, until it is killed. A
// new one tells all of them again, as a daemon does at its start.
func doomed(path, address string) error {
	ctx := context.Background()
	records, err := history.OpenRecords(ctx, path)
	if err != nil {
		return err
	}
	client, err := webhook.New(webhook.Options{Address: address, Timeout: 200 * time.Millisecond})
	if err != nil {
		return err
	}
	n, err := notify.New(ctx, notify.Options{Log: hclog.NewNullLogger(), Store: keeper{records}}, &notify.Receiver{Poster: client, Format: payload.Homeostat})
	if err != nil {
		return err
	}
	for i := range incidents {
		n.Tell(incident(fmt.Sprint("inc_", i), "open"))
	}
	n.Run(ctx)
	return nil
}

// moody is a real receiver that fails, hangs and cuts connections, and notes
// what it took.
type moody struct {
	mu     sync.Mutex
	asked  int
	bodies []string
	moods  []string
	asking chan struct{} // one value for each request
}

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	m.mu.Lock()
	mood := "well"
	if m.asked < len(m.moods) {
		mood = m.moods[m.asked]
	}
	m.asked++
	if err == nil && mood == "well" {
		m.bodies = append(m.bodies, string(body))
	}
	m.mu.Unlock()
	select {
	case m.asking <- struct{}{}:
	default:
	}
	switch mood {
	case "fails":
		w.WriteHeader(http.StatusInternalServerError)
	case "hangs":
		<-r.Context().Done()
	case "cuts":
		panic(http.ErrAbortHandler)
	}
}

// TestKilledSenderOwesNothing kills the process again and again while a real
// receiver fails, hangs, cuts and takes. In the end each incident was told.
func TestKilledSenderOwesNothing(t *testing.T) {
	m := &moody{moods: []string{"fails", "hangs", "well", "cuts", "well", "well", "hangs", "fails", "well", "cuts"}, asking: make(chan struct{}, 1000)}
	server := httptest.NewServer(m)
	defer server.Close()
	path := filepath.Join(t.TempDir(), "records.db")
	for _, requests := range []int{0, 1, 2, 3, 5, 8} {
		cmd := run(t, path, server.URL)
		for range requests {
			await(t, m.asking)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
	}
	last := run(t, path, server.URL)
	defer last.Wait()
	defer last.Process.Kill()
	for len(m.told()) < incidents {
		await(t, m.asking)
	}
	want := make([]string, incidents)
	for i := range want {
		want[i] = fmt.Sprint("inc_", i)
	}
	if got := m.told(); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("got %q told, want all of %d", got, incidents)
	}
}

func run(t *testing.T, path, address string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envStore+"="+path, envAddress+"="+address)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func await(t *testing.T, asking <-chan struct{}) {
	t.Helper()
	select {
	case <-asking:
	case <-time.After(2 * time.Minute):
		t.Fatal("the receiver was not asked any more")
	}
}

// told lists the incidents that were taken, each once.
func (m *moody) told() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, body := range m.bodies {
		out = append(out, incidentOf(body))
	}
	return slices.Compact(slices.Sorted(slices.Values(out)))
}

func incidentOf(body string) string {
	var message struct {
		Data struct {
			Incident struct{ ID string }
		}
	}
	if err := json.Unmarshal([]byte(body), &message); err != nil {
		return err.Error()
	}
	return message.Data.Incident.ID
}
