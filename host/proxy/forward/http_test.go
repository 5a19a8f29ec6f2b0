package forward

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/proxy/spec"
	"github.com/homeostat/homeostat/host/proxy/stats"
)

// get asks through the proxy on a connection of its own.
func (p *proxied) get(path string) (*http.Response, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.address+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Close, r.Host = true, "shop.example"
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Do(r)
	if err != nil {
		p.t.Fatalf("get %s: %v", path, err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		p.t.Fatalf("get %s: %v", path, err)
	}
	return a, string(body)
}

func TestRequestArrivesAsItWasSent(t *testing.T) {
	p := serve(t, settings(spec.HTTP, page(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", r.Host, r.URL, r.Header.Get("X-Forwarded-For"))
	})))
	a, body := p.get("/a?b=c;d")
	if want := "shop.example /a?b=c;d 192.0.2.1"; a.StatusCode != http.StatusOK || body != want {
		t.Errorf("got %s %q, want 200 %q", a.Status, body, want)
	}
	p.until("it is booked", func() bool { return p.figures().Ended[stats.OK] == 1 })
	if f := p.figures(); f.Requests != 1 || f.Recent.Requests != 1 || f.Recent.P99 == 0 || f.ToTarget == 0 || f.FromTarget == 0 {
		t.Errorf("figures: got %+v, want one request with its time and bytes", f)
	}
}

func TestOpenLinkAnswersAtOnceWithAProblem(t *testing.T) {
	p := serve(t, settings(spec.HTTP, page(t, func(http.ResponseWriter, *http.Request) { t.Error("a request passed the open link") })))
	p.order(breaker.Open)
	a, body := p.get("/")
	var problem struct {
		Type, Title, Detail, Link string
		Status                    int
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %s with %v, want 503, Retry-After and a problem", a.Status, a.Header)
	}
	if problem.Status != 503 || problem.Link != "web->store" || !strings.Contains(problem.Detail, "a test") || problem.Type != "homeostat:link-open" {
		t.Errorf("problem: got %+v, want the link and the reason", problem)
	}
	if f := p.figures(); f.Refused != 1 || f.Requests != 0 {
		t.Errorf("figures: got %+v, want 1 refused", f)
	}
}

func TestFailuresOfTheTargetAreToldApart(t *testing.T) {
	broken := page(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	failing := page(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	for name, c := range map[string]struct {
		target string
		status int
		class  stats.Class
	}{
		"nobody listens":     {nobody(t), http.StatusBadGateway, stats.Dial},
		"breaks off":         {broken, http.StatusBadGateway, stats.Broken},
		"answers with a 500": {failing, http.StatusInternalServerError, stats.Status},
	} {
		t.Run(name, func(t *testing.T) {
			p := serve(t, settings(spec.HTTP, c.target))
			if a, body := p.get("/"); a.StatusCode != c.status {
				t.Errorf("got %s %s, want %d", a.Status, body, c.status)
			}
			p.until("it is booked", func() bool { return p.figures().Ended[c.class] == 1 })
			if f := p.figures(); f.Errors != 1 || f.Recent.Bad != 1 {
				t.Errorf("figures: got %+v, want 1 error", f)
			}
		})
	}
}

func TestSlowTrialFailsFastAndQuickOnesCloseTheLink(t *testing.T) {
	slow := make(chan struct{})
	s := settings(spec.HTTP, page(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-slow
		}
	}))
	s.MaxLatency = 100 * time.Millisecond
	p := serve(t, s)
	defer close(slow)
	p.order(breaker.HalfOpen)
	if a, _ := p.get("/slow"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the slow trial: got %s, want 503", a.Status)
	}
	p.until("it is open", func() bool { return p.state() == breaker.Open })
	for range 20 { // a trial may be late on a loaded machine, and then begins anew
		p.order(breaker.HalfOpen)
		for range 3 {
			p.get("/")
		}
		if p.state() == breaker.Closed {
			return
		}
	}
	t.Errorf("state %s after quick trials, want closed", p.state())
}

func TestRequestUnderWayIsCutWhenTheLinkOpens(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	s := settings(spec.HTTP, page(t, func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-leave
	}))
	s.Drain = time.Millisecond
	p := serve(t, s)
	defer close(leave)
	status := make(chan int, 1)
	go func() {
		a, _ := p.get("/")
		status <- a.StatusCode
	}()
	<-arrived
	p.order(breaker.Open)
	if got := <-status; got != http.StatusServiceUnavailable {
		t.Errorf("got status %d, want 503", got)
	}
	p.until("it is booked", func() bool { return p.figures().Ended[stats.Cut] == 1 })
}

func TestUpgradedConnectionPassesThroughBothWays(t *testing.T) {
	p := serve(t, settings(spec.HTTP, page(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		line, err := rw.ReadString('\n')
		if err == nil {
			_, _ = rw.WriteString("again " + line)
			_ = rw.Flush()
		}
	})))
	c := dial(t, p.address)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(c)
	a, err := http.ReadResponse(r, nil)
	if err != nil || a.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %+v (%v), want 101", a, err)
	}
	fmt.Fprintln(c, "hello")
	if got, err := r.ReadString('\n'); err != nil && !errors.Is(err, io.EOF) || got != "again hello\n" {
		t.Errorf("got %q (%v), want the echo", got, err)
	}
}

func TestHugeHeaderIsRefusedByTheProxy(t *testing.T) {
	p := serve(t, settings(spec.HTTP, page(t, func(http.ResponseWriter, *http.Request) { t.Error("the request passed") })))
	c := dial(t, p.address)
	go func() { // ends with the connection
		_, _ = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 4*maxHeaderBytes))
	}()
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil && a.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %s, want 431", a.Status)
	}
}
