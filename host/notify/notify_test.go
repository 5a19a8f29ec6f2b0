package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/notify"
	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/host/notify/notifytest"
	"github.com/homeostat/homeostat/host/notify/payload"
	"github.com/homeostat/homeostat/host/notify/queue"
	"github.com/homeostat/homeostat/host/notify/webhook"
	"github.com/homeostat/homeostat/sdk"
)

// receiver takes messages, or answers as it is told.
type receiver struct {
	mu       sync.Mutex
	status   int
	attempts int
	busy     bool
	got      []string // "type summary" in the order of arrival
	ids      []string
}

func (r *receiver) Host() string { return "https://receiver.example" }

func (r *receiver) Post(_ context.Context, m webhook.Message) webhook.Answer {
	r.mu.Lock()
	if r.busy {
		panic("two messages are on their way at once")
	}
	r.busy = true
	r.attempts++
	status := r.status
	r.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy = false
	if status != http.StatusOK {
		return webhook.Answer{Status: status, Err: fmt.Errorf("it answers %d", status)}
	}
	var body struct {
		Type string
		Data struct{ Summary string }
	}
	if err := json.Unmarshal(m.Body, &body); err != nil {
		return webhook.Answer{Err: err}
	}
	r.got, r.ids = append(r.got, body.Type+" "+body.Data.Summary), append(r.ids, m.ID)
	return webhook.Answer{Status: status}
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *receiver) tried() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attempts
}

// daemon runs a notifier over a store until it is stopped.
type daemon struct {
	*notify.Notifier
	stop func()
}

func start(t *testing.T, store notify.Store, r *receiver, limits queue.Limits) daemon {
	t.Helper()
	var to *notify.Receiver
	if r != nil {
		to = &notify.Receiver{Poster: r, Format: payload.Homeostat}
	}
	n, err := notify.New(t.Context(), notify.Options{Log: hclog.NewNullLogger(), Store: store, Limits: limits}, to)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { n.Run(ctx) })
	return daemon{n, func() { cancel(); running.Wait() }}
}

func incident(id, state string) news.Incident {
	i := news.Incident{ID: id, Component: id, Severity: sdk.SeverityLow, State: state, Opened: time.Now(), At: time.Now(), Cause: "c", Text: "t"}
	if state == "resolved" {
		i.Resolved = time.Now()
	}
	return i
}

func TestNothingIsLostWhileTheReceiverFailsForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{status: http.StatusInternalServerError}
		d := start(t, &notifytest.Memory{}, r, queue.Limits{})
		defer d.stop()
		var want []string
		for n := range 60 {
			id := fmt.Sprint("inc_", n)
			d.Tell(incident(id, "open"))
			time.Sleep(30 * time.Second)
			d.Tell(incident(id, "resolved"))
			time.Sleep(30 * time.Second)
			want = append(want, "incident.opened "+id+": c", "incident.resolved "+id+" is well again: t")
		}
		st := d.Status()
		if len(r.taken()) > 0 || st.Queue.Count != len(want) || !strings.Contains(st.LastError, "it answers 500") {
			t.Fatalf("after an hour %d were taken and %+v, want all %d to wait and the error told", len(r.taken()), st, len(want))
		}
		if n := r.tried(); n < 15 || n > 60 {
			t.Errorf("the receiver was asked %d times in an hour, want often at first and then every few minutes", n)
		}
		r.answer(http.StatusOK)
		time.Sleep(queue.LongestWait + time.Minute)
		if got := r.taken(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("got %d messages %q, want each of %d once", len(got), got, len(want))
		}
		for n, text := range r.taken() {
			if of, ok := strings.CutPrefix(text, "incident.resolved "); ok && !slices.Contains(r.taken()[:n], "incident.opened "+strings.Fields(of)[0]+": c") {
				t.Errorf("%q came before its beginning", text)
			}
		}
		if st := d.Status(); st.Queue.Count != 0 || st.LastError != "" || st.Dropped != 0 {
			t.Errorf("got %+v, want nothing waiting, wrong or dropped", st)
		}
	})
}

func TestNextDaemonSendsWhatWaitsAndTellsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, r := &notifytest.Memory{}, &receiver{status: http.StatusBadGateway}
		first := start(t, store, r, queue.Limits{})
		first.Tell(incident("a", "open"))
		time.Sleep(time.Second)
		first.Tell(incident("b", "open")) // known to the daemon, not yet written down
		first.stop()
		r.answer(http.StatusOK)
		second := start(t, store, r, queue.Limits{})
		defer second.stop()
		second.Tell(incident("a", "open"), incident("b", "open"))
		time.Sleep(time.Minute)
		if got, want := r.taken(), []string{"incident.opened a: c", "incident.opened b: c"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestNewsThatCannotBeWrittenDownIsToldLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, r := &notifytest.Memory{}, &receiver{status: http.StatusOK}
		d := start(t, store, r, queue.Limits{})
		defer d.stop()
		time.Sleep(time.Second)
		store.Break(true)
		d.Tell(incident("a", "open"))
		time.Sleep(time.Minute)
		d.Tell(incident("a", "resolved"))
		if got := r.taken(); len(got) > 0 {
			t.Fatalf("got %q sent before it was durable", got)
		}
		store.Break(false)
		time.Sleep(time.Minute)
		if got, want := r.taken(), []string{"incident.opened a: c", "incident.resolved a is well again: t"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestReceiverThatIsGoneIsAskedAgainAfterATestOrAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{status: http.StatusGone}
		d := start(t, &notifytest.Memory{}, r, queue.Limits{})
		defer d.stop()
		d.Tell(incident("a", "open"))
		time.Sleep(24 * time.Hour)
		if n := r.tried(); n != 1 || !d.Status().Queue.Stopped {
			t.Fatalf("it was asked %d times and the queue says %+v, want once and stopped", n, d.Status().Queue)
		}
		if got, err := d.Test(t.Context(), "me"); err != nil || got.Status != http.StatusGone || !d.Status().Queue.Stopped {
			t.Errorf("got %+v, %v, want the 410, and to stay stopped", got, err)
		}
		r.answer(http.StatusOK)
		if got, err := d.Test(t.Context(), "me"); err != nil || got.Err != nil {
			t.Fatalf("got %+v, %v, want success", got, err)
		}
		time.Sleep(time.Second)
		if got := r.taken(); len(got) != 2 || got[1] != "incident.opened a: c" {
			t.Errorf("got %q, want the test and then what waited", got)
		}
	})
}

func TestWhatDoesNotFitIsDroppedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, r := &notifytest.Memory{}, &receiver{status: http.StatusServiceUnavailable}
		d := start(t, store, r, queue.Limits{Count: 3, Bytes: 1 << 20, Age: 72 * time.Hour})
		for n := range 5 {
			d.Tell(incident(fmt.Sprint(n), "open"))
			time.Sleep(time.Second)
		}
		if st := d.Status(); st.Queue.Count != 3 || st.Dropped != 2 {
			t.Errorf("got %+v, want 3 waiting and 2 dropped", st)
		}
		d.stop()
		again := start(t, store, r, queue.Limits{Count: 3, Bytes: 1 << 20, Age: time.Hour})
		defer again.stop()
		if st := again.Status(); st.Queue.Count != 3 || st.Dropped != 2 {
			t.Errorf("got %+v after a restart, want the same", st)
		}
		time.Sleep(2 * time.Hour)
		if st := again.Status(); st.Queue.Count != 0 || st.Dropped != 5 {
			t.Errorf("got %+v, want all given up after their time", st)
		}
	})
}

func TestWithoutAReceiverNothingIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &notifytest.Memory{}
		d := start(t, store, nil, queue.Limits{})
		defer d.stop()
		d.Tell(incident("a", "resolved"))
		time.Sleep(time.Minute)
		if _, err := d.Test(t.Context(), "me"); !errors.Is(err, notify.ErrNoReceiver) {
			t.Errorf("got %v for a test, want that there is no receiver", err)
		}
		r := &receiver{status: http.StatusOK}
		before := incident("b", "resolved")
		time.Sleep(time.Minute)
		d.Configure(&notify.Receiver{Poster: r, Format: payload.Homeostat})
		time.Sleep(time.Second)
		d.Tell(before, incident("c", "open"))
		time.Sleep(time.Minute)
		if got, want := r.taken(), []string{"incident.opened c: c"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q: what was over before is no news", got, want)
		}
	})
}

func TestMemoryIsAStore(t *testing.T) { notifytest.Store(t, &notifytest.Memory{}) }
