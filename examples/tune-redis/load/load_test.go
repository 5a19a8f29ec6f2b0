package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen, on any machine.
const patience = time.Minute

func read(text string) (reply, error) { return readReply(bufio.NewReader(strings.NewReader(text))) }

func TestAnswersOfEachKindAreRead(t *testing.T) {
	for text, want := range map[string]reply{
		"+OK\r\n":                         {text: "OK"},
		":7\r\n":                          {text: "7"},
		"-OOM no room\r\n":                {failed: "OOM no room"},
		"$3\r\nabc\r\n":                   {},
		"$-1\r\n":                         {missing: true},
		"*2\r\n$-1\r\n$-1\r\n":            {missing: true},
		"*2\r\n$-1\r\n$1\r\na\r\n":        {},
		"*2\r\n$1\r\na\r\n-WRONGTYPE\r\n": {failed: "WRONGTYPE"},
		"*0\r\n":                          {missing: true},
	} {
		if got, err := read(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestWhatIsNoAnswerIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "+", "+OK\n", "hello\r\n", "$x\r\n", "$-2\r\n", "$9999999\r\n", "$3\r\nab", "*-2\r\n", "*5000\r\n", "*1\r\n*1\r\n:1\r\n",
		"+" + strings.Repeat("x", 2*maxLine) + "\r\n",
	} {
		if got, err := read(text); err == nil {
			t.Errorf("%.40q: got %+v, want an error", text, got)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, text := range []string{"+OK\r\n", ":7\r\n", "-ERR\r\n", "$3\r\nabc\r\n", "*2\r\n$-1\r\n$1\r\na\r\n", "*1\r\n$-1\r\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := bufio.NewReader(strings.NewReader(text))
		if _, err := readReply(r); err != nil {
			return
		}
		rest, err := io.ReadAll(r)
		if err != nil || len(rest) >= len(text) || !strings.HasSuffix(text, string(rest)) {
			t.Errorf("%q: %d bytes are left (%v), want fewer than %d", text, len(rest), err, len(text))
		}
	})
}

func TestWindowTellsOfWholeSlicesOfTheSpanAlone(t *testing.T) {
	var w window
	now := time.Unix(1000, 0)
	for i := range 100 {
		w.add(now.Add(-time.Second), func(c *cut) { c.took = append(c.took, time.Duration(i+1)*time.Millisecond) })
	}
	w.add(now.Add(-3*time.Second), func(c *cut) { c.took = append(c.took, time.Hour); c.figures.Failed++ })
	w.add(now, func(c *cut) { c.took = append(c.took, time.Hour) }) // this slice is not over
	f := w.last(now, time.Second)
	if f.Requests != 100 || f.P99 != 99*time.Millisecond || f.Failed != 0 {
		t.Errorf("got %+v, want 100 requests with a 99th percentile of 99 ms", f)
	}
	if f := w.last(now, 3*time.Second); f.Requests != 101 || f.Failed != 1 {
		t.Errorf("three seconds: got %+v, want 101 requests and a failure", f)
	}
	if f := w.last(now.Add(2*kept*slice), time.Second); f.Requests != 0 {
		t.Errorf("much later: got %+v, want nothing", f)
	}
}

func TestSameSeedDealsTheSameRequests(t *testing.T) {
	m := &Mix{Gets: 2, Keys: 100, Skew: 0.6, Wides: 1, Hashes: 3, Fields: 200}
	a, b, other := newDealer(1), newDealer(1), newDealer(2)
	differs := false
	for range 200 {
		x, y, z := a.deal(m, time.Time{}), b.deal(m, time.Time{}), other.deal(m, time.Time{})
		if string(x.bytes) != string(y.bytes) {
			t.Fatalf("seed 1 twice: %q and %q", x.bytes, y.bytes)
		}
		differs = differs || string(x.bytes) != string(z.bytes)
	}
	if !differs {
		t.Error("seed 2 deals the requests of seed 1")
	}
}

func TestZipfPrefersTheFirstAndStaysInBounds(t *testing.T) {
	const n, draws = 50, 20_000
	draw := zipf(rand.New(rand.NewPCG(1, 1)), n, 0.6)
	count := make([]int, n)
	for range draws {
		count[draw()]++ // out of bounds panics
	}
	if count[0] < 3*count[n-1] || count[n-1] == 0 {
		t.Errorf("first %d, last %d of %d draws; want the first far more often, and the last too", count[0], count[n-1], draws)
	}
}

func TestLimitsNameWhatIsWrong(t *testing.T) {
	limits := Limits{P99: 100 * time.Millisecond, Errors: 0.01}
	for want, f := range map[string]Figures{
		"":                  {Requests: 1000, P99: 99 * time.Millisecond, Failed: 10},
		"only 400 of 1000":  {Requests: 400},
		"2.0 % of":          {Requests: 1000, Failed: 20},
		"99th percentile":   {Requests: 1000, P99: 101 * time.Millisecond},
		"only 0 of 1000 re": {},
	} {
		if got := limits.Judge(f, 1000); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%+v: got %q, want %q", f, got, want)
		}
	}
}

// server answers each command of a connection with what a function says.
func server(t *testing.T, answer func(command string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the connection
				defer c.Close()
				in := bufio.NewReader(c)
				for {
					command, err := readCommand(in)
					if err != nil {
						return
					}
					if _, err := io.WriteString(c, answer(command)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// readCommand returns the first word of a command.
func readCommand(in *bufio.Reader) (string, error) {
	var n, size int
	if _, err := fmt.Fscanf(in, "*%d\r\n", &n); err != nil {
		return "", err
	}
	first := ""
	for i := range n {
		if _, err := fmt.Fscanf(in, "$%d\r\n", &size); err != nil {
			return "", err
		}
		word := make([]byte, size+2)
		if _, err := io.ReadFull(in, word); err != nil {
			return "", err
		}
		if i == 0 {
			first = string(word[:size])
		}
	}
	return first, nil
}

// until runs a load on a server until its figures are as wanted.
func until(t *testing.T, address string, m Mix, wanted func(Figures) bool) *Load {
	t.Helper()
	l := New(address, 1, m)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ended := make(chan struct{})
	go func() { defer close(ended); l.Run(ctx) }() // ends with cancel
	defer func() { cancel(); <-ended }()
	for !wanted(l.Last(30 * time.Second)) {
		select {
		case <-ctx.Done():
			t.Fatalf("after %s: %+v", patience, l.Last(30*time.Second))
		case <-time.After(slice):
		}
	}
	return l
}

var lookups = Mix{Gets: 200, Keys: 1000, Skew: 0.6, ValueBytes: 10}

func TestHitsMissesAndErrorsAreCounted(t *testing.T) {
	hit := server(t, func(string) string { return "$1\r\nv\r\n" })
	until(t, hit, lookups, func(f Figures) bool { return f.Hits > 20 && f.Misses == 0 && f.Failed == 0 && f.Requests > 20 })
	miss := server(t, func(command string) string {
		if command == "GET" {
			return "$-1\r\n"
		}
		return "+OK\r\n"
	})
	until(t, miss, lookups, func(f Figures) bool { return f.Misses > 20 && f.Hits == 0 && f.P99 >= fetchTime })
	full := server(t, func(string) string { return "-OOM\r\n" })
	until(t, full, lookups, func(f Figures) bool { return f.Failed > 20 && f.Failed == f.Requests })
}

func TestServerThatIsNotThereAndOneThatIsSilentFailTheUsers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, gone, lookups, func(f Figures) bool { return f.Failed > 20 })
	silent := server(t, func(string) string { return "" })
	until(t, silent, lookups, func(f Figures) bool { return f.Late > 20 && f.P99 == Deadline })
}

func TestPageTellsHowTheUsersFare(t *testing.T) {
	miss := server(t, func(string) string { return "-OOM\r\n" })
	l := until(t, miss, lookups, func(f Figures) bool { return f.Failed > 20 })
	page := l.Page(Limits{P99: time.Second, Errors: 0.5})
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, "\nusers_error_ratio ") {
		t.Errorf("metrics: got %d %s", w.Code, body)
	} else if strings.Contains(body, "users_hit_ratio") {
		t.Errorf("a hit ratio where no lookup was answered: %s", body)
	}
	l.Change(Mix{Gets: 1e6, Keys: 1, Skew: 0.6})
	w = httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/well", nil))
	if w.Code != http.StatusServiceUnavailable || w.Body.Len() == 0 {
		t.Errorf("a load that gets no answers: got %d %s, want 503 and why", w.Code, w.Body)
	}
}

func TestWarmAndTellSayWhatTheServerRefused(t *testing.T) {
	full := server(t, func(string) string { return "-OOM no room\r\n" })
	if err := Warm(t.Context(), full, lookups); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("warm: got %v", err)
	}
	if _, err := Tell(t.Context(), full, "PING"); err == nil || !strings.Contains(err.Error(), "PING") {
		t.Errorf("tell: got %v", err)
	}
	well := server(t, func(string) string { return "+PONG\r\n" })
	if said, err := Tell(t.Context(), well, "PING"); err != nil || said != "PONG" {
		t.Errorf("tell: got %q, %v", said, err)
	}
}
